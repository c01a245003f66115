import type { TokenSource } from "./options.ts";
import { backoffMs } from "./retry.ts";
import { SubscriptionError } from "./status.ts";
import { fetchToken, renewInMs, type Token } from "./token.ts";

/** Between two renewals, whatever the tokens say of themselves. */
const MIN_WAIT_MS = 250;
const RETRY_MS = 5_000;

export interface RenewalHandlers {
  /** Sends the token; {@link Renewal.renewed} or {@link Renewal.failed} is to follow. */
  readonly send: (token: Token) => void;
  readonly error: (error: SubscriptionError) => void;
}

/** Renews the token of one connection after the other, each time before it ends. */
export class Renewal {
  readonly #source: TokenSource;
  readonly #handlers: RenewalHandlers;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** Of the present connection: a token that comes for an earlier one is of no use. */
  #round = new AbortController();

  constructor(source: TokenSource, handlers: RenewalHandlers) {
    this.#source = source;
    this.#handlers = handlers;
  }

  /** The relay has taken the token. */
  renewed(token: Token): void {
    this.stop();
    this.#failures = 0;
    const inMs = typeof this.#source === "function" ? renewInMs(token, Date.now()) : null;
    if (inMs !== null) this.#arm(Math.max(MIN_WAIT_MS, inMs));
  }

  /** It is tried again, for as long as the connection stands. */
  failed(error: SubscriptionError): void {
    const waitMs = RETRY_MS + backoffMs(this.#failures, Math.random());
    this.#failures += 1;
    this.#handlers.error(error);
    this.#arm(waitMs);
  }

  stop(): void {
    this.#round.abort();
    this.#round = new AbortController();
    clearTimeout(this.#timer);
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#renew(this.#round.signal), ms);
  }

  async #renew(round: AbortSignal): Promise<void> {
    try {
      const token = await fetchToken(this.#source, round);
      if (!round.aborted) this.#handlers.send(token);
    } catch (cause) {
      const message = "token() failed; the token in use is not renewed so far.";
      const error = new SubscriptionError("token_failed", message, { cause });
      if (!round.aborted) this.failed(error);
    }
  }
}
