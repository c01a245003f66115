import { once } from "node:events";
import { WebSocket } from "ws";
import * as z from "zod";

import { CloseCode, PING, PROTOCOL } from "../../src/protocol/codes.ts";
import { RelayedEvent } from "./api.ts";

const Cursor = z.string();
const ServerFrame = z.discriminatedUnion("op", [
  z.looseObject({ op: z.literal("hello"), cursor: Cursor, recovered: z.boolean().nullable() }),
  z.looseObject({ op: z.literal("events"), cursor: Cursor, events: z.array(RelayedEvent) }),
  z.looseObject({ op: z.literal("snapshot"), cursor: Cursor, done: z.boolean() }),
  z.looseObject({ op: z.literal("gap"), cursor: Cursor, reason: z.string() }),
  z.looseObject({ op: z.literal("bye"), cursor: Cursor }),
  z.looseObject({ op: z.literal("error"), code: z.string(), detail: z.string() }),
]);
type ServerFrame = z.infer<typeof ServerFrame>;

export interface SubscriberOptions {
  /** The stream with its query, but for `from`. */
  readonly url: URL;
  readonly apiKey: string;
  /** Where the first connection begins; every further one goes on from the last cursor. */
  readonly from: string;
  readonly onEvents: (events: readonly RelayedEvent[], atMs: number) => void;
  readonly onHello?: () => void;
  /** What came before is not followed without a hole. */
  readonly onGap?: (reason: string) => void;
}

/** Often enough that the relay never takes a busy subscriber for a slow one. */
const PING_INTERVAL_MS = 5_000;
const FIRST_WAIT_MS = 50;
const MAX_WAIT_MS = 2_000;
const CLOSE_LIMIT_MS = 1_000;
/** Closed for these, a client does not come back. */
const FINAL_CODES = new Set<number>([
  CloseCode.badFrame,
  CloseCode.unauthorised,
  CloseCode.forbidden,
  CloseCode.version,
]);

/** Stays subscribed until closed, and resumes with the last cursor it was given. */
export class Subscriber {
  /** Connections that the relay took. */
  connectionCount = 0;
  /** Reconnections that were answered `recovered: true`, and those that were not. */
  resumedCount = 0;
  notResumedCount = 0;
  frameCount = 0;
  readonly #options: SubscriberOptions;
  readonly #opened = Promise.withResolvers<void>();
  readonly #pings: ReturnType<typeof setInterval>;
  #socket: WebSocket | null = null;
  #cursor: string | null = null;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#pings = setInterval(() => this.#ping(), PING_INTERVAL_MS);
    // Whoever waits for it learns of a refusal; nobody has to.
    this.#opened.promise.catch(() => {});
    this.#connect();
  }

  /** Resolves with the first hello; rejects when the relay refuses this subscription for good. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Cuts the connection as a network does, and comes back after that time. */
  drop(returnAfterMs: number): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.terminate();
    this.#connectIn(returnAfterMs);
  }

  async close(): Promise<void> {
    this.#end();
    const socket = this.#socket;
    if (socket === null || socket.readyState === WebSocket.CLOSED) return;
    const closed = once(socket, "close", { signal: AbortSignal.timeout(CLOSE_LIMIT_MS) });
    if (socket.readyState === WebSocket.OPEN) socket.close(1000);
    else socket.terminate();
    await closed.catch(() => socket.terminate());
  }

  #connect(): void {
    const url = new URL(this.#options.url);
    url.searchParams.set("from", this.#cursor ?? this.#options.from);
    const headers = { authorization: `Bearer ${this.#options.apiKey}` };
    const socket = new WebSocket(url, [PROTOCOL], { headers, perMessageDeflate: false });
    this.#socket = socket;
    const isCurrent = () => this.#socket === socket;
    let refusal: number | null = null;
    socket.on("message", (data, isBinary) => {
      // What a dropped connection still had in its buffers was never received.
      if (isCurrent() && !isBinary) this.#receive(String(data));
    });
    socket.on("unexpected-response", (_request, response) => {
      refusal = response.statusCode ?? null;
      socket.terminate();
    });
    // Whatever goes wrong, a close follows.
    socket.on("error", () => {});
    socket.on("close", (code, reason) => {
      if (!isCurrent()) return;
      if (refusal !== null && isFinal(refusal)) this.#giveUp(`the relay answered ${refusal}`);
      else if (FINAL_CODES.has(code)) this.#giveUp(`closed with ${code} ${reason}`);
      else this.#retry();
    });
  }

  #receive(text: string): void {
    const frame = readFrame(text);
    if (frame === null) return;
    const atMs = Date.now();
    this.frameCount += 1;
    if (frame.op === "hello") this.#greet(frame.recovered);
    else if (frame.op === "gap") this.#options.onGap?.(frame.reason);
    else if (frame.op === "events") this.#options.onEvents(frame.events, atMs);
    const hasPlace = frame.op !== "error" && (frame.op !== "snapshot" || frame.done);
    if (hasPlace) this.#cursor = frame.cursor;
  }

  #greet(recovered: boolean | null): void {
    this.#failures = 0;
    this.connectionCount += 1;
    if (this.#cursor !== null && recovered === true) this.resumedCount += 1;
    else if (this.#cursor !== null) this.notResumedCount += 1;
    this.#options.onHello?.();
    this.#opened.resolve();
  }

  #retry(): void {
    this.#socket = null;
    const waitMs = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#connectIn(waitMs);
  }

  #connectIn(waitMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => this.#connect(), waitMs);
  }

  #giveUp(reason: string): void {
    this.#end();
    this.#opened.reject(new Error(`No subscription: ${reason}.`));
  }

  #end(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#pings);
  }

  #ping(): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(PING);
  }
}

/** What was asked for is refused, and not only for now. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 429;
}

/** Null for `pong`, and for frames of a kind that is not known here. */
function readFrame(text: string): ServerFrame | null {
  if (!text.startsWith("{")) return null;
  const frame = ServerFrame.safeParse(JSON.parse(text));
  return frame.success ? frame.data : null;
}
