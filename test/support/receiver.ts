import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { TestProject } from "vitest/node";

import { listen } from "../../cli/relay/listening.ts";

/**
 * A destination for tests: real HTTP, told by each box's script how to answer. Started once
 * for all test files; a test has a box of its own.
 *
 * `PUT /{box}` sets the script: a list of answers, the last of which goes on for ever.
 * `GET /{box}` lists the requests received. `POST /{box}` is the hook itself.
 */
export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** In place of the body it answers with the headers that it was sent. */
  readonly echo?: boolean;
  /** Before it answers. */
  readonly delayMs?: number;
  readonly fault?: Fault;
  /** Events of this station get 500 instead. */
  readonly poison?: string;
}

/**
 * What goes wrong with an answer. Nothing of it comes: `reset`, `hang`. No status that can be
 * read: `garbage`, `tls_garbage`, `stall_in_headers`. A status, and a body that does not come to
 * its end: `stall_in_body`, `reset_in_body`, `slow_body`, `endless_body`.
 */
export type Fault =
  | "reset"
  | "hang"
  | "garbage"
  | "tls_garbage"
  | "stall_in_headers"
  | "stall_in_body"
  | "reset_in_body"
  | "slow_body"
  | "endless_body";

interface Box {
  script: Answer[];
  readonly requests: Received[];
}

interface Received {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly atMs: number;
  /** When the answer had ended, or its connection. */
  endedAtMs: number | null;
  /** What it was answered with; null while it was not, or by a fault. */
  status: number | null;
  /** Of the answer's body, as far as the connection took them. */
  sentBytes: number;
}

export default async function startReceiver(project: TestProject): Promise<() => void> {
  const boxes = new Map<string, Box>();
  const server = createServer((request, response) => {
    const name = request.url ?? "";
    const box = boxes.get(name) ?? { script: [{}], requests: [] };
    boxes.set(name, box);
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      if (request.method === "POST") return answer(box, request, response, body);
      if (request.method === "PUT") box.script = JSON.parse(body);
      response.end(JSON.stringify(box.requests));
      return undefined;
    });
  });
  // A connection that is closed here for being idle, just when it is used again, looks like a failure.
  server.keepAliveTimeout = 600_000;
  project.provide("receiver", await listen(server));
  return () => {
    server.closeAllConnections();
    server.close();
  };
}

function answer(box: Box, request: IncomingMessage, response: ServerResponse, body: string): void {
  const received: Received = {
    headers: request.headers,
    body,
    atMs: Date.now(),
    endedAtMs: null,
    status: null,
    sentBytes: 0,
  };
  box.requests.push(received);
  response.on("close", () => {
    received.endedAtMs = Date.now();
  });
  const next = (box.script.length > 1 ? box.script.shift() : box.script[0]) ?? {};
  const { headers = {}, fault, delayMs = 0, poison } = next;
  const text = next.echo === true ? JSON.stringify(request.headers) : (next.body ?? "");
  const isPoison = poison !== undefined && request.headers["chargewire-station"] === poison;
  const status = isPoison ? 500 : (next.status ?? 200);
  const act = () => {
    if (fault !== undefined) {
      fail(fault, status, headers, response, received);
      return;
    }
    received.status = status;
    response.writeHead(status, headers).end(text);
  };
  if (delayMs > 0) setTimeout(act, delayMs);
  else act();
}

function fail(
  fault: Fault,
  status: number,
  headers: Record<string, string>,
  response: ServerResponse,
  received: Received,
): void {
  const { socket } = response;
  const begin = (length: number, text: string) => {
    response.writeHead(status, { ...headers, "content-length": String(length) }).write(text);
  };
  switch (fault) {
    case "hang":
      return;
    case "reset":
      socket?.destroy();
      return;
    case "garbage":
      socket?.end("garbage, and no HTTP at all\r\n\r\n");
      return;
    case "tls_garbage":
      // The beginning of a TLS alert: handshake failure.
      socket?.end(Uint8Array.of(0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28));
      return;
    case "stall_in_headers":
      socket?.write(`HTTP/1.1 ${status} OK\r\nx-half: a he`);
      return;
    case "stall_in_body":
      begin(1000, "half an ans");
      return;
    case "reset_in_body":
      begin(1000, "half an ans");
      setTimeout(() => socket?.destroy(), 50);
      return;
    case "slow_body":
      begin(1000, "slow");
      drip(response, 100, () => ".");
      return;
    case "endless_body":
      response.writeHead(status, headers);
      drip(response, 0, () => {
        received.sentBytes += 4096;
        return "x".repeat(4096);
      });
  }
}

/** A piece at a time, as fast as the other side takes them, until the connection has ended. */
function drip(response: ServerResponse, everyMs: number, piece: () => string): void {
  const send = () => {
    if (response.destroyed) return;
    const wasTaken = response.write(piece());
    if (wasTaken) setTimeout(send, everyMs);
    else response.once("drain", () => setTimeout(send, everyMs));
  };
  send();
}

declare module "vitest" {
  interface ProvidedContext {
    receiver: string;
  }
}
