import { signal } from "@preact/signals";

interface Toast {
  readonly number: number;
  readonly text: string;
  readonly tone: "good" | "bad";
}

const SHOWN_MS = 6_000;
const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Tells that something was done, or why it was not; read out, and gone after some seconds. */
export function toast(text: string, tone: Toast["tone"] = "good"): void {
  last += 1;
  const number = last;
  toasts.value = [...toasts.value, { number, text, tone }];
  setTimeout(() => {
    toasts.value = toasts.value.filter((toast) => toast.number !== number);
  }, SHOWN_MS);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ number, text, tone }) => (
        <p key={number} class={`toast tone-${tone}`}>
          {text}
        </p>
      ))}
    </div>
  );
}
