import { parseCursor } from "../domain/cursor.ts";
import { CloseCode, HEARTBEAT_SECONDS, PING, PONG } from "../protocol/codes.ts";
import { readServerFrame } from "../protocol/frames.ts";

/** Proxies close what is silent for a minute; a comment says nothing to anybody. */
const COMMENT_INTERVAL_MS = 15_000;
const RETRY_MS = 1_000;
/** An id that asks for the snapshot again: the one before had not come to its end. */
const SNAPSHOT_PREFIX = "snapshot.";

/** Where a stream goes on that was broken off after this id, and the cursor that is in it. */
export function readLastEventId(id: string): { from: string; cursor: string } {
  if (!id.startsWith(SNAPSHOT_PREFIX)) {
    // What is no cursor is a place that is lost, and not a word for where to begin.
    return { from: parseCursor(id) === null ? "?" : id, cursor: id };
  }
  return { from: "snapshot", cursor: id.slice(SNAPSHOT_PREFIX.length) };
}

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) out of a
 * stream's socket, held here and not in the stream's object, which could not sleep if it held a
 * response. What the response has taken is acknowledged, so a slow reader is seen as one.
 */
export function serveEvents(socket: WebSocket, fromSnapshot: boolean): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  new Bridge(socket, writable.getWriter(), fromSnapshot).start();
  return new Response(readable, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}

const encoder = new TextEncoder();

class Bridge {
  readonly #socket: WebSocket;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  /** One write after the other: each ends when the reader has taken it. */
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #isOver = false;
  #snapshotIsOwed: boolean;

  constructor(
    socket: WebSocket,
    writer: WritableStreamDefaultWriter<Uint8Array>,
    fromSnapshot: boolean,
  ) {
    this.#socket = socket;
    this.#writer = writer;
    this.#snapshotIsOwed = fromSnapshot;
  }

  start(): void {
    this.#socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string" && data !== PONG) this.#relay(data);
    });
    this.#socket.addEventListener("close", () => this.#end());
    this.#socket.addEventListener("error", () => this.#end());
    this.#socket.accept();
    // A reader that goes away is not waited for until there is something to write to it.
    this.#writer.closed.catch(() => this.#end());
    this.#timers.push(
      setInterval(() => this.#comment(), COMMENT_INTERVAL_MS),
      setInterval(() => this.#ping(), HEARTBEAT_SECONDS * 1000),
    );
    this.#write(`retry: ${RETRY_MS}\n\n`, null);
  }

  #relay(text: string): void {
    const frame = readServerFrame(text);
    const { op, cursor } = frame;
    if (op === "hello") this.#snapshotIsOwed ||= frame.recovered === false;
    else if (op === "gap") this.#snapshotIsOwed = true;
    else if (op === "snapshot") this.#snapshotIsOwed = frame.done !== true;
    const hasPlace = cursor !== null && op !== "bye";
    const id = hasPlace ? `id: ${this.#snapshotIsOwed ? SNAPSHOT_PREFIX : ""}${cursor}\n` : "";
    const retry = frame.retryAfterMs === null ? "" : `retry: ${frame.retryAfterMs}\n`;
    // A body goes out as it came in, and may have line breaks between its tokens.
    const data = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
    const isPlace = hasPlace && !this.#snapshotIsOwed;
    this.#write(`${id}${retry}${data.join("")}\n`, isPlace ? cursor : null);
  }

  /** Once it has been taken, everything up to `cursor` is acknowledged. */
  #write(text: string, cursor: string | null): void {
    const bytes = encoder.encode(text);
    this.#writing = this.#writing.then(async () => {
      this.#isWriting = true;
      await this.#writer.write(bytes);
      this.#isWriting = false;
      // Once the stream has closed nobody listens, and what it said before that still goes out.
      if (cursor !== null && !this.#isOver)
        this.#socket.send(JSON.stringify({ op: "ack", cursor }));
    });
    this.#writing.catch(() => this.#end());
  }

  /** Only while nothing else is under way, which says as much. */
  #comment(): void {
    if (!this.#isWriting) this.#write(":\n\n", null);
  }

  /** Shows the stream's object, without waking it, that somebody is here and takes what comes. */
  #ping(): void {
    if (!this.#isWriting) this.#socket.send(PING);
  }

  #end(): void {
    this.#isOver = true;
    for (const timer of this.#timers) clearInterval(timer);
    try {
      this.#socket.close(CloseCode.reconnect);
    } catch {
      // Already closed.
    }
    // What is under way is still taken, if anybody is there to take it.
    void this.#writing.then(() => this.#writer.close()).catch(() => {});
  }
}
