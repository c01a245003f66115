/** Why there is no connection at the moment. */
export type WaitReason =
  /** The connection broke, or could not be made. */
  | "network"
  /** The relay did not answer a ping. */
  | "silent"
  /** The relay answered the request to connect with a status that may pass, such as 429. */
  | "refused"
  /** The relay asked to connect again. */
  | "reconnect"
  | "restart"
  | "over_capacity"
  /** The application takes events more slowly than they come. */
  | "too_slow"
  | "token_expired"
  /** `token()` threw. */
  | "token_failed"
  /** `reconnect()` was called. */
  | "asked";

/** What a subscription is doing, told apart by `state`; enough to show it to a person. */
export type Status =
  | { readonly state: "connecting" }
  /** `behind` is how many events are still to come; null while a snapshot comes in. */
  | { readonly state: "catching_up"; readonly behind: number | null }
  | { readonly state: "live" }
  /** `retryAtMs` is null when it waits for the application to take what it has. */
  | { readonly state: "waiting"; readonly retryAtMs: number | null; readonly reason: WaitReason }
  | { readonly state: "closed"; readonly reason: "asked" }
  /** For good. `code` is a close code (4000 and up) or the HTTP status of the refusal. */
  | {
      readonly state: "closed";
      readonly reason: "refused";
      readonly code: number;
      readonly detail: string;
    };

export function isSameStatus(a: Status, b: Status): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Something went wrong. Unless the status says so too, the subscription goes on. */
export class SubscriptionError extends Error {
  /**
   * `token_failed` (`token()` threw; see `cause`), `callback_failed` (a callback threw; see
   * `cause`), `unreadable_frame`, `connection_failed`, `refused`, or a code of the relay such as
   * `invalid_filter`.
   */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = "SubscriptionError";
    this.code = code;
  }
}
