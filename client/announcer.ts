import type { ConnectOptions } from "./options.ts";
import { isSameStatus, type Status, SubscriptionError } from "./status.ts";

/** Tells the application of the status and of what went wrong, and is hurt by none of its faults. */
export class Announcer {
  readonly #options: Pick<ConnectOptions, "onStatus" | "onError">;
  #status: Status | null = null;

  constructor(options: Pick<ConnectOptions, "onStatus" | "onError">) {
    this.#options = options;
  }

  get status(): Status {
    return this.#status ?? { state: "connecting" };
  }

  /** Nothing follows `closed`, and no status follows itself. */
  show(status: Status): void {
    if (this.#status !== null && isSameStatus(this.#status, status)) return;
    if (this.status.state === "closed") return;
    this.#status = status;
    try {
      this.#options.onStatus?.(status);
    } catch (cause) {
      this.report(new SubscriptionError("callback_failed", "onStatus failed.", { cause }));
    }
  }

  report(error: SubscriptionError): void {
    const { onError } = this.#options;
    try {
      onError?.(error);
    } catch (fault) {
      queueMicrotask(() => fail(fault));
    }
    // Nobody else would hear of the application's own faults.
    if (onError === undefined && error.code === "callback_failed") {
      queueMicrotask(() => fail(error.cause));
    }
  }
}

function fail(cause: unknown): never {
  throw cause;
}
