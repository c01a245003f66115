import {
  type ConnectOptions,
  connect,
  type Status,
  type Subscription,
} from "../../client/client.ts";
import type { SubscriptionError } from "../../client/status.ts";
import { within } from "./within.ts";

/** A subscription, and all that it has told its application. */
export class Observer {
  readonly subscription: Subscription;
  /** What came, in order: `1` for an event by its seq, `gap:…`, `snapshot:a,b`, `state:a`. */
  readonly seen: (number | string)[] = [];
  readonly statuses: Status[] = [];
  readonly errors: SubscriptionError[] = [];
  readonly #changed = new EventTarget();

  constructor(options: ConnectOptions) {
    this.subscription = connect({
      onEvent: ({ seq }) => this.#see(seq),
      onSnapshot: ({ stations, first, done }) => {
        const names = stations.map(({ station }) => station).join();
        this.#see(`snapshot:${names}${first ? " first" : ""}${done ? " done" : ""}`);
      },
      onState: ({ stations }) => this.#see(`state:${stations.map(({ station }) => station)}`),
      onGap: ({ reason }) => this.#see(`gap:${reason}`),
      onStatus: (status) => {
        this.statuses.push(status);
        this.#changed.dispatchEvent(new Event("change"));
      },
      onError: (error) => {
        this.errors.push(error);
        this.#changed.dispatchEvent(new Event("change"));
      },
      ...options,
    });
  }

  /** Resolves when the condition holds, which is looked at whenever something comes. */
  until(condition: (observer: this) => boolean, what = String(condition)): Promise<void> {
    return within(
      async () => {
        while (!condition(this)) {
          await new Promise<void>((resolve) => {
            this.#changed.addEventListener("change", () => resolve(), { once: true });
          });
        }
      },
      `not so far: ${what}; ${JSON.stringify({ seen: this.seen.slice(-10), statuses: this.statuses.slice(-5), errors: this.errors.map(String) })}`,
    );
  }

  untilSeen(count: number): Promise<void> {
    return this.until(({ seen }) => seen.length >= count, `${count} seen`);
  }

  untilState(state: Status["state"]): Promise<void> {
    return this.until(({ subscription }) => subscription.status.state === state, state);
  }

  #see(what: number | string): void {
    this.seen.push(what);
    this.#changed.dispatchEvent(new Event("change"));
  }
}
