import type { Socket } from "node:net";

/** How a destination misbehaves once a connection is there. */
export interface SocketFault {
  /** In place of reading anything. */
  readonly connected?: (socket: Socket) => void;
  /** In place of an answer, when a request has come whole. */
  readonly requested?: (socket: Socket) => void;
}

/** What the relay has to make of attempts: why there was no answer, or the status. */
export type Reason = "connection" | "timeout" | number;

export interface Fault extends SocketFault {
  readonly name: string;
  readonly reason: Reason;
  /** `closed`: nobody listens; `full`: connections are not taken. */
  readonly place?: "closed" | "full" | "unknown_name";
  /** What an https URL finds. */
  readonly tls?: "self_signed" | "no_certificate" | "plain";
  /** Some requests are served between. */
  readonly isFlapping?: true;
  /** Only the events of one station meet it. */
  readonly isOfOneStation?: true;
}

const DRIP_MS = 100;
const HEAD = "HTTP/1.1 200 OK\r\n";
const HALF = `${HEAD}content-length: 1000\r\n\r\nhalf an ans`;

const reset = (socket: Socket) => {
  socket.resetAndDestroy();
};
const writeThenReset = (text: string) => (socket: Socket) => {
  socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 20));
};
const write = (text: string) => (socket: Socket) => {
  socket.write(text);
};

/** A byte of the text at a time, and its last one for ever. */
const drip = (begin: string, text: string) => (socket: Socket) => {
  if (begin !== "") socket.write(begin);
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(text[Math.min(sent, text.length - 1)] ?? "");
    sent += 1;
  }, DRIP_MS);
  socket.once("close", () => clearInterval(timer));
};

/** What is no request, as the beginning of TLS is none. */
const answerPlainly = (socket: Socket) => {
  socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"));
};

/** As fast as the other side takes it. */
const flood = (begin: string) => (socket: Socket) => {
  socket.write(begin);
  const pour = () => {
    while (!socket.destroyed && socket.write("x".repeat(16_384)));
  };
  socket.on("drain", pour);
  pour();
};

export const FAULTS: readonly Fault[] = [
  { name: "refuses connections", place: "closed", reason: "connection" },
  { name: "takes no connections", place: "full", reason: "timeout" },
  { name: "has a name that nobody knows", place: "unknown_name", reason: "connection" },
  { name: "resets connections", connected: reset, reason: "connection" },
  { name: "says nothing", connected: () => {}, reason: "timeout" },
  { name: "says nothing to a request", requested: () => {}, reason: "timeout" },
  { name: "resets at a request", requested: reset, reason: "connection" },
  { name: "is no HTTP", requested: writeThenReset("garbage\r\n\r\n"), reason: "connection" },
  {
    name: "resets in the headers",
    requested: writeThenReset(`${HEAD}x-half: a`),
    reason: "connection",
  },
  { name: "stalls in the headers", requested: write(`${HEAD}x-half: a he`), reason: "timeout" },
  {
    name: "sends headers byte by byte",
    requested: drip("", `${HEAD}x-slow: a`),
    reason: "timeout",
  },
  { name: "stalls in the body", requested: write(HALF), reason: 200 },
  { name: "resets in the body", requested: writeThenReset(HALF), reason: 200 },
  { name: "sends the body byte by byte", requested: drip(HALF, "."), reason: 200 },
  {
    name: "never ends its body",
    requested: flood("HTTP/1.1 503 Busy\r\nconnection: close\r\n\r\n"),
    reason: 503,
  },
  { name: "has a certificate that nobody trusts", tls: "self_signed", reason: "connection" },
  { name: "has no certificate", tls: "no_certificate", reason: "connection" },
  { name: "speaks no TLS", tls: "plain", connected: answerPlainly, reason: "connection" },
  {
    name: "says nothing in the TLS handshake",
    tls: "plain",
    connected: () => {},
    reason: "timeout",
  },
  { name: "comes and goes", connected: reset, isFlapping: true, reason: "connection" },
  { name: "stalls for one station", requested: () => {}, isOfOneStation: true, reason: "timeout" },
];
