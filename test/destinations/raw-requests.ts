import type { Socket } from "node:net";

/** A request as it came over the wire. */
export interface RawRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Reads the HTTP/1.1 requests of a connection, one after the other, each by its content length. */
export function onRequests(socket: Socket, handle: (request: RawRequest) => void): void {
  let pending = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, Buffer.from(chunk)]);
    for (;;) {
      const headEnd = pending.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const headers = readHeaders(pending.subarray(0, headEnd).toString("latin1"));
      const end = headEnd + 4 + Number(headers["content-length"] ?? 0);
      if (pending.length < end) return;
      const body = pending.subarray(headEnd + 4, end);
      pending = pending.subarray(end);
      handle({ headers, body });
    }
  });
}

function readHeaders(head: string): Record<string, string> {
  const lines = head.split("\r\n").slice(1);
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}
