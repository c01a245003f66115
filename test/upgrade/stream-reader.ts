import { WebSocket } from "ws";
import * as z from "zod";

const Frame = z.looseObject({
  op: z.string(),
  cursor: z.string().optional(),
  events: z.array(z.looseObject({ id: z.string(), station: z.string(), seq: z.int() })).optional(),
});
type Received = NonNullable<z.infer<typeof Frame>["events"]>[number];

/** A subscriber without a library: every version knows these frames. */
export class StreamReader {
  readonly received: Received[] = [];
  /** What frames came, by name. */
  readonly ops: string[] = [];
  cursor: string;
  readonly #socket: WebSocket;

  /** `token` is an API key or a subscriber's token. */
  constructor(url: string, token: string, from: string) {
    this.cursor = from;
    const path = `/v1/stream?from=${encodeURIComponent(from)}`;
    const protocols = ["chargewire.v1", `auth.${token}`];
    this.#socket = new WebSocket(url.replace("http", "ws") + path, protocols);
    this.#socket.on("error", ({ message }) => this.ops.push(message));
    this.#socket.on("message", (data) => this.#take(Frame.parse(JSON.parse(String(data)))));
  }

  close(): void {
    this.#socket.terminate();
  }

  #take({ op, events = [], cursor }: z.infer<typeof Frame>): void {
    this.ops.push(op);
    this.received.push(...events);
    this.cursor = cursor ?? this.cursor;
  }
}
