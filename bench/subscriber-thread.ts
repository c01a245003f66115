import { connect } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

import { PING } from "../src/protocol/codes.ts";
import type { Arrival, SubscriberOrder, ThreadReport } from "./subscribers.ts";

/**
 * Many sockets of one stream in a thread of its own. One of them is read event by event; of the
 * others every byte is counted, which is enough: all of them are sent the same frames.
 */
const order: SubscriberOrder = workerData;
const PING_FRAME = Buffer.concat([Buffer.from([0x81, 0x84, 0, 0, 0, 0]), Buffer.from(PING)]);
const PING_INTERVAL_MS = 1_000;
const EVENT = /\{"id":"([0-9a-f]{24})"(?:[^{}]*?"station":"([^"]+)","seq":(\d+))?/g;

let arrivals: Arrival[] = [];
/** Bytes of frames since the first frame, by socket. */
const bytes = new Array<number>(order.count).fill(0);
let readyCount = 0;

function begin(): void {
  report({ kind: "ready" });
  if (!order.pings) return;
  setInterval(() => {
    for (const socket of sockets) socket.write(PING_FRAME);
  }, PING_INTERVAL_MS);
}

function report(message: ThreadReport): void {
  parentPort?.postMessage(message);
}

function open(index: number) {
  let head = Buffer.alloc(0);
  let isOpen = false;
  const reader = index === 0 ? new FrameReader() : null;
  const socket = connect({
    port: order.port,
    host: "127.0.0.1",
    onread: {
      buffer: Buffer.alloc(64 * 1024),
      callback: (length, buffer) => {
        const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, length);
        if (isOpen) {
          bytes[index] = (bytes[index] ?? 0) + length;
          reader?.read(chunk);
        } else {
          head = Buffer.concat([head, chunk]);
          // Behind the answer comes the hello: a frame of its own, shorter than 64 KiB.
          const end = head.indexOf("\r\n\r\n");
          const length = end < 0 ? null : frameLength(head.subarray(end + 4));
          if (length === null || head.length < end + 4 + length) return true;
          isOpen = true;
          bytes[index] = head.length - end - 4 - length;
          readyCount += 1;
          if (readyCount === order.count) begin();
        }
        return true;
      },
    },
  });
  const path = order.paths[index % order.paths.length];
  const lines = [`GET ${path} HTTP/1.1`, "host: bench", "upgrade: websocket", ...order.headers];
  socket.write(
    `${lines.join("\r\n")}\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  socket.on("error", (error) => report({ kind: "failed", reason: error.message }));
  socket.on("close", () => report({ kind: "failed", reason: "a subscriber was closed" }));
  return socket;
}

/** Of a frame that a server sends: its whole length, or null while that is not known. */
function frameLength(data: Buffer): number | null {
  const short = data[1];
  if (short === undefined) return null;
  if (short < 126) return 2 + short;
  if (short === 126) return data.length < 4 ? null : 4 + data.readUInt16BE(2);
  return data.length < 10 ? null : 10 + Number(data.readBigUInt64BE(2));
}

class FrameReader {
  #data = Buffer.alloc(0);

  read(chunk: Buffer): void {
    this.#data = Buffer.concat([this.#data, chunk]);
    for (;;) {
      const length = frameLength(this.#data);
      if (length === null || this.#data.length < length) return;
      this.#take(this.#data.subarray(0, length).toString());
      this.#data = this.#data.subarray(length);
    }
  }

  #take(frame: string): void {
    const atNs = process.hrtime.bigint();
    if (frame.includes('{"op":"gap"')) report({ kind: "failed", reason: "a subscriber got a gap" });
    for (const [, id = "", station, seq] of frame.matchAll(EVENT)) {
      arrivals.push({
        id,
        atNs,
        station: station ?? null,
        seq: seq === undefined ? null : Number(seq),
      });
    }
  }
}

const sockets = Array.from({ length: order.count }, (_, index) => open(index));
parentPort?.on("message", () => {
  report({ kind: "seen", arrivals, leastBytes: Math.min(...bytes), mostBytes: Math.max(...bytes) });
  arrivals = [];
});
