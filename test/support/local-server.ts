import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";

import { findFreePort } from "../../cli/relay/free-port.ts";
import { listen } from "../../cli/relay/listening.ts";

export interface LocalRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly atMs: number;
}

export interface LocalAnswer {
  readonly status: number;
  /** It is not given before. */
  readonly after?: Promise<void>;
}

/** What a developer has on a port of their own machine: it goes down and comes back. */
export class LocalServer {
  readonly requests: LocalRequest[] = [];
  /** Those that were answered with a 2xx. */
  readonly accepted: LocalRequest[] = [];
  answer: (request: LocalRequest) => LocalAnswer = () => ({ status: 200 });
  readonly #inFlight = new Map<string, number>();
  readonly #mostAtOnce = new Map<string, number>();
  readonly #port: number;
  #server: Server;

  private constructor(port: number) {
    this.#port = port;
    this.#server = this.#make();
  }

  static async start(): Promise<LocalServer> {
    const server = new LocalServer(await findFreePort());
    await listen(server.#server, server.#port);
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  of(station: string): readonly LocalRequest[] {
    return this.accepted.filter(({ headers }) => headers["chargewire-station"] === station);
  }

  seqsOf(station: string): number[] {
    return this.of(station).map(({ headers }) => Number(headers["chargewire-seq"]));
  }

  idsOf(station: string): (string | undefined)[] {
    return this.of(station).map(({ headers }) => headers["webhook-id"]);
  }

  /** Requests of a station that were there at the same time. */
  mostAtOnceOf(station: string): number {
    return this.#mostAtOnce.get(station) ?? 0;
  }

  /** Connections are cut, and new ones refused. */
  async kill(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  /** On the same port. */
  async restart(): Promise<void> {
    this.#server = this.#make();
    await listen(this.#server, this.#port);
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.kill();
  }

  #make(): Server {
    return createServer(async (incoming, response) => {
      const headers = Object.fromEntries(
        Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
      );
      const station = headers["chargewire-station"] ?? "";
      const atOnce = (this.#inFlight.get(station) ?? 0) + 1;
      this.#inFlight.set(station, atOnce);
      this.#mostAtOnce.set(station, Math.max(atOnce, this.#mostAtOnce.get(station) ?? 0));
      const request = { headers, body: await text(incoming), atMs: Date.now() };
      this.requests.push(request);
      const { status, after } = this.answer(request);
      await after;
      if (status >= 200 && status < 300) this.accepted.push(request);
      this.#inFlight.set(station, (this.#inFlight.get(station) ?? 1) - 1);
      response.writeHead(status).end();
    });
  }
}
