import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";

import { listen } from "./listening.ts";

/** One request of the relay to the receiver. */
export interface Delivery {
  readonly id: string;
  readonly type: string;
  readonly station: string;
  readonly seq: number;
  readonly prevSeq: number | null;
  readonly announcesGap: boolean;
  /** Signed by the route's secret, as Standard Webhooks 1.0 has it. */
  readonly isSigned: boolean;
  /** Of the raw body, in hex. */
  readonly sha256: string;
  readonly atMs: number;
}

/** What the receiver does with a delivery that is signed. */
export type Reply =
  | { readonly kind: "answer"; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: "late"; readonly status: number; readonly delayMs: number }
  /** The connection is cut without an answer. */
  | { readonly kind: "reset" }
  /** There is no answer, and nobody is told of a delivery. */
  | { readonly kind: "hang" };

export interface ReceiverOptions {
  readonly reply: (delivery: Delivery) => Reply;
  /** Called when the answer goes out; status 401 is what is not signed, null a reset. */
  readonly onDelivery: (delivery: Delivery, status: number | null) => void;
}

/** A destination on loopback that checks what it gets. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #server: Server;
  #webhook: Webhook | null = null;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      void this.#take(request, response).catch(() => response.destroy());
    });
    // The relay keeps connections open; closing an idle one would race with its next request.
    this.#server.keepAliveTimeout = 0;
  }

  /** Resolves to the URL. Until {@link trust} is called, every delivery is answered 503. */
  async listen(): Promise<string> {
    return `${await listen(this.#server)}/webhooks`;
  }

  /** The route's `whsec_…`. */
  trust(secret: string): void {
    this.#webhook = new Webhook(secret);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (this.#webhook === null) {
      response.writeHead(503).end();
      return;
    }
    const delivery = describe(request, body, this.#webhook);
    const reply = delivery.isSigned ? this.#options.reply(delivery) : UNSIGNED;
    if (reply.kind === "hang") return;
    if (reply.kind === "late") await sleep(reply.delayMs);
    this.#options.onDelivery(delivery, reply.kind === "reset" ? null : reply.status);
    if (reply.kind === "reset") request.socket.destroy();
    else response.writeHead(reply.status, headersOf(reply)).end();
  }
}

const UNSIGNED: Reply = { kind: "answer", status: 401 };

function headersOf(reply: Reply): Record<string, string> {
  return reply.kind === "answer" && reply.retryAfter !== undefined
    ? { "retry-after": reply.retryAfter }
    : {};
}

function describe(request: IncomingMessage, body: Buffer, webhook: Webhook): Delivery {
  const header = (name: string) => request.headersDistinct[name]?.[0] ?? null;
  const prevSeq = header("chargewire-prev-seq");
  return {
    id: header("webhook-id") ?? "",
    type: header("chargewire-type") ?? "",
    station: header("chargewire-station") ?? "",
    seq: Number(header("chargewire-seq")),
    prevSeq: prevSeq === null ? null : Number(prevSeq),
    announcesGap: header("chargewire-gap") !== null,
    isSigned: verifies(webhook, body, {
      "webhook-id": header("webhook-id") ?? "",
      "webhook-timestamp": header("webhook-timestamp") ?? "",
      "webhook-signature": header("webhook-signature") ?? "",
    }),
    sha256: createHash("sha256").update(body).digest("hex"),
    atMs: Date.now(),
  };
}

function verifies(webhook: Webhook, body: Buffer, headers: Record<string, string>): boolean {
  try {
    webhook.verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) {
    if (chunk instanceof Uint8Array) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
