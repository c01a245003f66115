import { connect } from "node:net";
import { constants, inflateRawSync } from "node:zlib";

import { PING, PONG } from "../../src/protocol/codes.ts";
import { HANG_MS } from "./exchange.ts";
import { utf8 } from "./values.ts";

/** A frame of RFC 6455 as it goes over the wire, well formed or not. */
export interface WireFrame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly reserved: number;
  readonly isMasked: boolean;
  /** How its length is told; one of these is a lie. */
  readonly lengthForm: "shortest" | "16" | "64" | "claims 2^62";
  readonly payload: Uint8Array;
}

const MASK = [0x12, 0x34, 0x56, 0x78];

export function wireBytes({
  opcode,
  isFinal,
  reserved,
  isMasked,
  lengthForm,
  payload,
}: WireFrame): Uint8Array {
  const first = (isFinal ? 0x80 : 0) | ((reserved & 7) << 4) | (opcode & 15);
  const length = lengthBytes(payload.length, lengthForm);
  length[0] = (length[0] ?? 0) | (isMasked ? 0x80 : 0);
  const body = isMasked ? payload.map((byte, at) => byte ^ (MASK[at % 4] ?? 0)) : payload;
  return Buffer.concat([Uint8Array.of(first), length, Uint8Array.from(isMasked ? MASK : []), body]);
}

function lengthBytes(length: number, form: WireFrame["lengthForm"]): Buffer {
  if (form === "claims 2^62") return Buffer.from([127, 0x40, 0, 0, 0, 0, 0, 0, 0]);
  if (form === "64" || length > 0xffff) {
    const bytes = Buffer.alloc(9);
    bytes[0] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 1);
    return bytes;
  }
  if (form === "shortest" && length < 126) return Buffer.from([length]);
  return Buffer.from([126, length >> 8, length & 0xff]);
}

const PING_FRAME = wireBytes({
  ...{ opcode: 1, isFinal: true, reserved: 0, isMasked: true, lengthForm: "shortest" },
  payload: utf8(PING),
});

/** Statuses of RFC 6455 that say what is wrong with what was sent, and those of the relay's own protocol. */
const CLOSES = [1000, 1002, 1003, 1005, 1007, 1009];
const isClose = (code: number) => CLOSES.includes(code) || (code >= 4000 && code < 5000);

/**
 * Opens a socket, sends bytes and then a ping, and reads until that is answered or the server
 * has closed. Whatever came before is to be whole frames with JSON in them.
 */
export function converse(
  port: number,
  upgrade: Uint8Array,
  bytes: Uint8Array,
): Promise<{ outcome: string; complaints: string[] }> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const reader = new FrameReader();
    const finish = (outcome: string, ...complaints: string[]) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ outcome, complaints: [...complaints, ...reader.complaints] });
    };
    const timer = setTimeout(() => finish("hung", "no end of it"), HANG_MS);
    let isOpen = false;
    socket.on("connect", () => socket.write(upgrade));
    socket.on("data", (data) => {
      reader.add(data);
      if (!isOpen && reader.isOpen) {
        isOpen = true;
        // Nothing more comes after that: a frame that is not whole never will be.
        socket.end(Buffer.concat([bytes, PING_FRAME]));
      }
      const { end } = reader;
      if (end === "pong") finish("pong");
      else if (end !== null) finish(String(end), ...(isClose(end) ? [] : [`closed with ${end}`]));
    });
    socket.on("end", () => finish("ended", ...(isOpen ? [] : ["was not opened"])));
    // It has closed before all was sent.
    socket.on("error", () => finish("ended"));
  });
}

/** Of a message that permessage-deflate (RFC 7692) has packed, which leaves out how it ends. */
const PACKED_BIT = 0x40;
const PACKED_END = Uint8Array.of(0, 0, 0xff, 0xff);
const unpack = (payload: Buffer) =>
  inflateRawSync(Buffer.concat([payload, PACKED_END]), { finishFlush: constants.Z_SYNC_FLUSH });

class FrameReader {
  readonly complaints: string[] = [];
  isOpen = false;
  end: "pong" | number | null = null;
  #buffer = Buffer.alloc(0);

  add(data: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    if (!this.isOpen) {
      const headEnd = this.#buffer.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      if (!this.#buffer.toString("latin1").startsWith("HTTP/1.1 101")) {
        this.complaints.push(this.#buffer.toString("latin1").slice(0, 200));
      }
      this.#buffer = this.#buffer.subarray(headEnd + 4);
      this.isOpen = true;
    }
    while (this.end === null && this.#readOne()) {
      // As many as there are.
    }
  }

  #readOne(): boolean {
    const [first = 0, second = 0] = this.#buffer;
    const short = second & 0x7f;
    const head = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (this.#buffer.length < head) return false;
    const length =
      short === 126
        ? this.#buffer.readUInt16BE(2)
        : short === 127
          ? Number(this.#buffer.readBigUInt64BE(2))
          : short;
    if (this.#buffer.length < head + length) return false;
    const payload = this.#buffer.subarray(head, head + length);
    this.#buffer = this.#buffer.subarray(head + length);
    this.#take(first & 15, (first & PACKED_BIT) === 0 ? payload : unpack(payload));
    return true;
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === 8) this.end = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
    if (opcode !== 1) return;
    const text = payload.toString();
    if (text === PONG) {
      this.end = "pong";
      return;
    }
    try {
      JSON.parse(text);
    } catch {
      this.complaints.push(`a frame that is no JSON: ${text.slice(0, 200)}`);
    }
  }
}
