import { CloseCode, PING } from "../src/protocol/codes.ts";
import { type Address, Connection, type SocketEnd } from "./connection.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Timing, TokenSource, WebSocketConstructor } from "./options.ts";
import { askForRefusal } from "./refusal.ts";
import { backoffMs, type Ending, isFinal, waitMs, waitReason } from "./retry.ts";
import { type ByeFrame, readServerFrame, type ServerFrame } from "./server-frames.ts";
import { type Status, SubscriptionError, type WaitReason } from "./status.ts";
import { fetchToken, type Token } from "./token.ts";
import { onWakeup } from "./wakeups.ts";

export interface LinkOptions {
  readonly token: TokenSource;
  readonly WebSocket: WebSocketConstructor;
  readonly timing: Timing;
}

export interface LinkHandlers {
  readonly address: (token: string) => Address;
  /** Resolves when the application has at most so much left to take; null when it is so already. */
  readonly drained: (chars: number) => Promise<void> | null;
  readonly opened: (token: Token) => void;
  readonly frame: (frame: Exclude<ServerFrame, ByeFrame>, chars: number) => void;
  /** What was asked of this connection is not answered any more. */
  readonly lost: () => void;
  readonly status: (status: Status) => void;
  /** For good; the link is closed. */
  readonly refused: (code: number, detail: string) => void;
  readonly error: (error: SubscriptionError) => void;
}

/** What may still wait for the application when a new connection brings more. */
const BACKLOG_CHARS = 1024 * 1024;
/** An attempt that takes longer than this was made before the network came back. */
const STALE_ATTEMPT_MS = 2_000;
const HEARTBEAT_MS = 30_000;
const NOWHERE: Address = { url: "", protocols: [] };

/** Keeps a connection to the relay: decides when to make one, notices when it is dead. */
export class Link {
  readonly #options: LinkOptions;
  readonly #handlers: LinkHandlers;
  readonly #connection: Connection;
  readonly #heartbeat: Heartbeat;
  readonly #stopWakeups: () => void;
  #phase: "preparing" | "opening" | "open" | "closed" = "preparing";
  #token: Token = { token: "", expiresAtMs: null };
  /** Since the last connection that proved itself. */
  #failures = 0;
  #next: { readonly ms: number; readonly reason: WaitReason } = { ms: 0, reason: "asked" };
  #backlogChars = BACKLOG_CHARS;
  #hurry: (() => void) | null = null;
  #attemptAtMs = 0;
  #greetedAtMs: number | null = null;
  #greetTimer: ReturnType<typeof setTimeout> | undefined;
  #cutFor: WaitReason | null = null;
  readonly #closing = new AbortController();
  /** The last attempt came to nothing, and nothing was seen of why. */
  #isUnexplained = false;
  #bye: ByeFrame | null = null;

  constructor(options: LinkOptions, handlers: LinkHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    const { connectMs, pongMs, probeMs } = options.timing;
    this.#heartbeat = new Heartbeat({
      pongMs,
      probeMs,
      ping: () => this.send(PING),
      lost: () => this.#cut("silent"),
    });
    this.#stopWakeups = onWakeup(() => this.#wake());
    this.#connection = new Connection(options.WebSocket, connectMs, {
      prepare: () => this.#prepare(),
      opened: () => this.#opened(),
      received: (text) => this.#received(text),
      ended: (end) => this.#ended(end),
    });
  }

  send(text: string): void {
    this.#connection.send(text);
  }

  /** The relay has said hello on a new connection. */
  greeted(heartbeatMs: number | null): void {
    clearTimeout(this.#greetTimer);
    this.#greetedAtMs = Date.now();
    this.#heartbeat.start(this.#options.timing.heartbeatMs ?? heartbeatMs ?? HEARTBEAT_MS);
  }

  /** A new connection, now. */
  reconnect(): void {
    this.#failures = 0;
    if (this.#phase === "preparing") this.#goOn();
    else this.#cut("asked");
  }

  close(): void {
    this.#phase = "closed";
    this.#closing.abort();
    this.#stopTimers();
    this.#stopWakeups();
    this.#hurry?.();
    this.#connection.close();
  }

  async #prepare(): Promise<Address> {
    while (!this.#isClosed()) {
      await this.#untilDue();
      if (this.#isClosed()) break;
      this.#handlers.status({ state: "connecting" });
      const token = await this.#fetchToken();
      if (token === null || this.#isClosed()) continue;
      const address = this.#handlers.address(token.token);
      if (this.#isUnexplained && (await this.#isRefused(address.url, token.token))) continue;
      if (this.#isClosed()) break;
      this.#token = token;
      this.#phase = "opening";
      this.#attemptAtMs = Date.now();
      return address;
    }
    return NOWHERE;
  }

  /** Asks what stands against a connection; for good, or for the time being. */
  async #isRefused(url: string, token: string): Promise<boolean> {
    const refusal = await askForRefusal(url, token);
    if (refusal === null || this.#isClosed()) return false;
    const ending = {
      code: 1006,
      httpStatus: refusal.status,
      retryAfterMs: null,
      isTokenFixed: this.#isTokenFixed(),
    };
    if (isFinal(ending)) {
      this.close();
      this.#handlers.refused(refusal.status, refusal.detail);
    } else {
      this.#next = { ms: waitMs(ending, this.#failures, Math.random()), reason: "refused" };
      this.#failures += 1;
      const message = `The relay refused (${refusal.status}): ${refusal.detail}`;
      this.#handlers.error(new SubscriptionError("connection_failed", message));
    }
    return true;
  }

  #isTokenFixed(): boolean {
    return typeof this.#options.token !== "function";
  }

  async #untilDue(): Promise<void> {
    const drained = this.#handlers.drained(this.#backlogChars);
    if (drained !== null) {
      this.#handlers.status({ state: "waiting", retryAtMs: null, reason: "too_slow" });
      await drained;
    }
    const { ms, reason } = this.#next;
    if (ms === 0 || this.#isClosed()) return;
    this.#handlers.status({ state: "waiting", retryAtMs: Date.now() + ms, reason });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = null;
  }

  async #fetchToken(): Promise<Token | null> {
    try {
      return await fetchToken(this.#options.token, this.#closing.signal);
    } catch (cause) {
      if (this.#isClosed()) return null;
      this.#next = { ms: backoffMs(this.#failures, Math.random()), reason: "token_failed" };
      this.#failures += 1;
      this.#handlers.error(new SubscriptionError("token_failed", "token() failed.", { cause }));
      return null;
    }
  }

  #opened(): void {
    this.#phase = "open";
    this.#cutFor = null;
    this.#greetTimer = setTimeout(() => this.#cut("silent"), this.#options.timing.connectMs);
    this.#handlers.opened(this.#token);
  }

  #received(text: string): void {
    this.#heartbeat.heard();
    const frame = readServerFrame(text);
    if (frame === null) {
      const message = "The relay sent a frame that cannot be read; the connection is made anew.";
      this.#handlers.error(new SubscriptionError("unreadable_frame", message));
      this.#cut("network");
    } else if (frame.op === "bye") {
      this.#bye = frame;
      this.#cut("reconnect");
    } else {
      this.#handlers.frame(frame, text.length);
    }
  }

  #cut(reason: WaitReason): void {
    if (this.#phase !== "opening" && this.#phase !== "open") return;
    this.#cutFor = reason;
    this.#connection.cut();
  }

  #ended({ code, reason, error }: SocketEnd): void {
    const bye = this.#bye;
    const cutFor = this.#cutFor;
    const ending: Ending = {
      code: bye?.code ?? (cutFor === null ? code : 1006),
      httpStatus: refusalIn(error),
      retryAfterMs: bye?.retryAfterMs ?? null,
      isTokenFixed: this.#isTokenFixed(),
    };
    this.#isUnexplained =
      this.#phase === "opening" && cutFor === null && ending.httpStatus === null;
    const { proofMs } = this.#options.timing;
    const lastedMs = this.#greetedAtMs === null ? 0 : Date.now() - this.#greetedAtMs;
    if (lastedMs >= proofMs || cutFor === "asked") this.#failures = 0;
    this.#reset();
    if (isFinal(ending)) {
      this.close();
      this.#handlers.refused(ending.httpStatus ?? ending.code, reason || (error ?? ""));
      return;
    }
    this.#next =
      cutFor === "asked"
        ? { ms: 0, reason: "asked" }
        : {
            ms: waitMs(ending, this.#failures, Math.random()),
            reason: cutFor === "silent" ? "silent" : waitReason(ending),
          };
    this.#failures += 1;
    // Who was too slow begins again with nothing left to take.
    this.#backlogChars = ending.code === CloseCode.tooSlow ? 0 : BACKLOG_CHARS;
    if (error !== null) this.#handlers.error(new SubscriptionError("connection_failed", error));
  }

  #reset(): void {
    this.#phase = "preparing";
    this.#bye = null;
    this.#cutFor = null;
    this.#greetedAtMs = null;
    this.#stopTimers();
    this.#handlers.lost();
  }

  #wake(): void {
    if (this.#phase === "preparing") this.#goOn();
    else if (this.#phase === "open") this.#heartbeat.probe();
    else if (Date.now() - this.#attemptAtMs > STALE_ATTEMPT_MS) this.#cut("asked");
  }

  #goOn(): void {
    this.#next = { ms: 0, reason: "asked" };
    this.#hurry?.();
  }

  #stopTimers(): void {
    clearTimeout(this.#greetTimer);
    this.#heartbeat.stop();
  }

  #isClosed(): boolean {
    return this.#phase === "closed";
  }
}

/** The `ws` package says in its error with which status the upgrade was refused. */
function refusalIn(error: string | null): number | null {
  const status = /^Unexpected server response: (\d{3})$/.exec(error ?? "")?.[1];
  return status === undefined ? null : Number(status);
}
