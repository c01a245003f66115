import { WebSocket } from "ws";
import * as z from "zod";

import { PING, PONG, PROTOCOL } from "../../src/protocol/codes.ts";
import { webhook } from "../support/webhooks.ts";
import { within } from "../support/within.ts";
import type { World } from "./world.ts";

const Frame = z.looseObject({
  op: z.string(),
  events: z.array(z.looseObject({ station: z.string(), seq: z.int(), id: z.string() })).optional(),
});

const PING_MS = 250;

/** An honest subscriber: whatever others send, it gets every event once and in order. */
export class Watcher {
  readonly complaints: string[] = [];
  /** Events so far. */
  count = 0;
  readonly #socket: WebSocket;
  #isOver = false;
  readonly #seqs = new Map<string, number>();
  readonly #waiting = new Map<string, () => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => this.#take(String(data)));
    // One that gives no sign of life for a while is gone, and one that gives none for 4 MiB is slow.
    const pings = setInterval(() => socket.send(PING), PING_MS);
    socket.on("close", () => clearInterval(pings));
    socket.on("close", (code) => {
      if (!this.#isOver) this.complaints.push(`the subscriber was closed: ${code}`);
    });
  }

  static async open({ relay, main }: World): Promise<Watcher> {
    const url = `${relay.url.replace("http", "ws")}/v1/stream`;
    const socket = new WebSocket(url, [PROTOCOL, `auth.${main.tenant.key}`]);
    const watcher = new Watcher(socket);
    await new Promise((resolve, reject) => {
      socket.once("message", resolve);
      socket.once("error", reject);
    });
    return watcher;
  }

  /** An event of good form, all the way through. */
  async expectService({ main }: World): Promise<void> {
    const event = webhook({ station: "cs1" });
    const arrived = new Promise<void>((resolve) => this.#waiting.set(event._id, resolve));
    const { status } = await main.tenant.send(main.source.path, event);
    if (status !== 200) this.complaints.push(`an honest webhook was answered ${status}`);
    await within(() => arrived, "the subscriber").catch(() =>
      this.complaints.push("an honest webhook did not reach the subscriber"),
    );
  }

  close(): void {
    this.#isOver = true;
    this.#socket.terminate();
  }

  #take(text: string): void {
    if (text === PONG) return;
    const frame = Frame.safeParse(parse(text));
    if (!frame.success) {
      this.complaints.push(`a frame that cannot be read: ${text.slice(0, 200)}`);
      return;
    }
    if (frame.data.op === "gap") this.complaints.push(`a gap: ${text.slice(0, 200)}`);
    for (const { station, seq, id } of frame.data.events ?? []) {
      this.count += 1;
      const before = this.#seqs.get(station);
      if (before !== undefined && seq !== before + 1) {
        this.complaints.push(`${station}: seq ${seq} after ${before}`);
      }
      this.#seqs.set(station, seq);
      this.#waiting.get(id)?.();
    }
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
