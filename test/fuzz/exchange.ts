import { connect } from "node:net";

/** Longer than any answer takes, on a busy machine too: for hangs. */
export const HANG_MS = 20_000;
/** Beyond, whether it is whole is looked at only in the end. */
const SMALL_BYTES = 64 * 1024;

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; of those given twice, both with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for HEAD, whatever the headers say. */
  readonly body: string;
}

export interface Exchanged {
  readonly answers: readonly RawAnswer[];
  /** What the server did in the end; `hung` when it did nothing in {@link HANG_MS}. */
  readonly end: "closed" | "answered" | "hung";
}

export interface ExchangeOptions {
  /** Answers after which the connection is of no more interest. */
  readonly wanted?: number;
  /** A HEAD request: its answer has the headers of a body, and none. */
  readonly isHead?: boolean;
  /** Said when all is sent: no more bytes will come, ever. */
  readonly halfClose?: boolean;
  /** Between one part and the next. */
  readonly pause?: () => Promise<void>;
}

/** Writes bytes to a port, just as they are, and reads what comes back until it has an end. */
export function exchange(
  port: number,
  parts: readonly Uint8Array[],
  { wanted = 1, isHead = false, halfClose = false, pause }: ExchangeOptions = {},
): Promise<Exchanged> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const received: Buffer[] = [];
    let total = 0;
    const read = () => readAnswers(Buffer.concat(received).toString("latin1"), isHead);
    const finish = (end: Exchanged["end"]) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answers: read().answers, end });
    };
    const timer = setTimeout(() => finish("hung"), HANG_MS);
    socket.setNoDelay(true);
    socket.on("data", (data) => {
      received.push(data);
      total += data.length;
      if (total > SMALL_BYTES) return;
      const { answers, isWhole } = read();
      // A stream has no end of its own.
      if (answers.some(isStream)) return finish("answered");
      if (isWhole && answers.filter(isFinal).length >= wanted) finish("answered");
    });
    socket.on("end", () => finish("closed"));
    // Whoever has refused the first bytes need not read the rest.
    socket.on("error", () => finish("closed"));
    socket.on("connect", async () => {
      for (const part of parts) {
        if (socket.destroyed) return;
        if (!socket.write(part)) await once(socket, "drain");
        await pause?.();
      }
      if (halfClose && !socket.destroyed) socket.end();
    });
  });
}

function once(socket: ReturnType<typeof connect>, event: "drain"): Promise<void> {
  return new Promise((resolve) => {
    socket.once(event, resolve);
    socket.once("close", resolve);
  });
}

const isStream = ({ headers }: RawAnswer) =>
  headers["content-type"]?.startsWith("text/event-stream") === true;
const isFinal = ({ status }: RawAnswer) => status >= 200 || status === 101;

/** As far as they have come; `isWhole` when the last one has no more to come. */
function readAnswers(text: string, isHead: boolean): { answers: RawAnswer[]; isWhole: boolean } {
  const answers: RawAnswer[] = [];
  for (let at = 0; at < text.length; ) {
    const headEnd = text.indexOf("\r\n\r\n", at);
    if (headEnd < 0) return { answers, isWhole: false };
    const [statusLine = "", ...lines] = text.slice(at, headEnd).split("\r\n");
    const headers = readHeaders(lines);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? 0);
    const rest = text.slice(headEnd + 4);
    const hasNoBody = isBodiless(status) || (isHead && answers.filter(isFinal).length === 0);
    const read = hasNoBody ? { body: "", length: 0 } : readBody(rest, headers);
    if (read === null) {
      return { answers: [...answers, { status, headers, body: utf8(rest) }], isWhole: false };
    }
    answers.push({ status, headers, body: utf8(read.body) });
    at = headEnd + 4 + read.length;
    if (status === 101) break;
  }
  return { answers, isWhole: answers.length > 0 };
}

const isBodiless = (status: number) => status < 200 || status === 204 || status === 304;
const utf8 = (latin1: string) => Buffer.from(latin1, "latin1").toString("utf8");

function readHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const split = line.indexOf(":");
    const name = line.slice(0, split).toLowerCase();
    const value = line.slice(split + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}

/** Null while it has not all come. */
function readBody(
  text: string,
  headers: Readonly<Record<string, string>>,
): { body: string; length: number } | null {
  if (headers["transfer-encoding"] !== "chunked") {
    const length = Number(headers["content-length"] ?? Number.NaN);
    return text.length >= length ? { body: text.slice(0, length), length } : null;
  }
  let body = "";
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    at = lineEnd + 2;
    if (text.length < at + size + 2) return null;
    body += text.slice(at, at + size);
    at += size + 2;
    if (size === 0) return { body, length: at };
  }
}
