import { signal } from "@preact/signals";

/** The time, by the second; drawn with whatever reads it. */
export const now = signal(Date.now());
setInterval(() => {
  if (document.visibilityState === "visible") now.value = Date.now();
}, 1000);
document.addEventListener("visibilitychange", () => {
  now.value = Date.now();
});

/** How long ago, with the exact time under the pointer. */
export function Time({ at }: { readonly at: string | number | null }) {
  if (at === null) return <span class="quiet">never</span>;
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {ago(date.getTime(), now.value)}
    </time>
  );
}

/** The exact time of day, with date and milliseconds under the pointer. */
export function Clock({ at }: { readonly at: string | number }) {
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={date.toISOString()}>
      {date.toLocaleTimeString(undefined, { hour12: false })}
    </time>
  );
}

/** In words: `12 s ago`, `in 3 min`. */
export function ago(atMs: number, nowMs: number): string {
  const seconds = Math.round((nowMs - atMs) / 1000);
  if (Math.abs(seconds) < 1) return "now";
  const length = duration(Math.abs(seconds));
  return seconds > 0 ? `${length} ago` : `in ${length}`;
}

/** `42 s`, `5 min`, `3 h`, `12 d`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
