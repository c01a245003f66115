import { createServer, type Server } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";

import { listen, portOf } from "../../cli/relay/listening.ts";
import type { ConnectOptions } from "../../client/client.ts";
import { Observer } from "./observer.ts";
import { within } from "./within.ts";

/** One connection of a client to a {@link ScriptedRelay}. */
export class Visit {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string;
  readonly atMs = Date.now();
  /** What the client has sent and nobody has taken yet. */
  readonly received: Record<string, unknown>[] = [];
  pingCount = 0;
  /** False makes it a server that takes pings and says nothing. */
  answersPings = true;
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #changed = new EventTarget();

  constructor(socket: WebSocket, url: URL, protocols: string) {
    this.#socket = socket;
    this.path = url.pathname;
    this.query = url.searchParams;
    this.token = /auth\.(\S+)/.exec(protocols)?.[1] ?? "";
    this.closed = new Promise((resolve) => socket.on("close", (code) => resolve(code)));
    socket.on("error", () => {});
    socket.on("message", (data) => this.#receive(String(data)));
  }

  /** Frames as the relay sends them; `null` stands for a text that is no frame. */
  send(...frames: (Record<string, unknown> | string)[]): void {
    for (const frame of frames) {
      this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
    }
  }

  hello(fields: Record<string, unknown> = {}): void {
    this.send({
      op: "hello",
      v: 1,
      cursor: "c0",
      recovered: null,
      heartbeatSeconds: 30,
      ...fields,
    });
  }

  /** The next frame of that kind from the client; those before it are passed over. */
  async take(op: string): Promise<Record<string, unknown>> {
    return within(async () => {
      for (;;) {
        const index = this.received.findIndex((frame) => frame.op === op);
        const [frame] = index < 0 ? [] : this.received.splice(0, index + 1).slice(-1);
        if (frame !== undefined) return frame;
        await this.#next();
      }
    }, `no ${op}`);
  }

  pinged(count = 1): Promise<void> {
    return within(async () => {
      while (this.pingCount < count) await this.#next();
    }, `no ${count} pings`);
  }

  close(code: number, reason = ""): void {
    this.#socket.close(code, reason);
  }

  /** As a network breaks. */
  cut(): void {
    this.#socket.terminate();
  }

  #receive(text: string): void {
    if (text === "ping") {
      this.pingCount += 1;
      if (this.answersPings) this.#socket.send("pong");
    } else {
      this.received.push(JSON.parse(text));
    }
    this.#changed.dispatchEvent(new Event("change"));
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed.addEventListener("change", () => resolve(), { once: true });
    });
  }
}

/** A server that says what the test tells it to, over real sockets, and the observers that connect to it. */
export class ScriptedRelay {
  readonly visits: Visit[] = [];
  /** Set, an upgrade is refused with this status. */
  refusal: number | null = null;
  refusedCount = 0;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #arrivals = new EventTarget();
  readonly #observers: Observer[] = [];
  #metCount = 0;

  private constructor(server: Server) {
    this.#server = server;
    this.#sockets = new WebSocketServer({
      server,
      handleProtocols: () => "chargewire.v1",
      verifyClient: (_info, answer) => {
        if (this.refusal === null) return answer(true);
        this.refusedCount += 1;
        return answer(false, this.refusal);
      },
    });
    // As the relay answers who does not ask for a WebSocket: with what stands against it.
    server.on("request", (_request, response) => {
      response.writeHead(this.refusal ?? 426, { "access-control-allow-origin": "*" });
      response.end(JSON.stringify({ detail: "as scripted" }));
    });
    this.#sockets.on("connection", (socket, request) => {
      const protocols = request.headers["sec-websocket-protocol"] ?? "";
      this.visits.push(new Visit(socket, new URL(request.url ?? "", "ws://relay"), protocols));
      this.#arrivals.dispatchEvent(new Event("visit"));
    });
  }

  static async start(): Promise<ScriptedRelay> {
    const server = createServer();
    await listen(server);
    return new ScriptedRelay(server);
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#server)}`;
  }

  /** A subscription to this, which ends with it. */
  observe(options: Partial<ConnectOptions> = {}): Observer {
    const observer = new Observer({ url: this.url, token: "key", ...options });
    this.#observers.push(observer);
    return observer;
  }

  /** The next connection that this has not returned yet. */
  visit(): Promise<Visit> {
    return within(async () => {
      for (;;) {
        const visit = this.visits[this.#metCount];
        if (visit !== undefined) {
          this.#metCount += 1;
          return visit;
        }
        await new Promise<void>((resolve) => {
          this.#arrivals.addEventListener("visit", () => resolve(), { once: true });
        });
      }
    }, "nobody connects");
  }

  /** The next connection, greeted. */
  async welcome(fields: Record<string, unknown> = {}): Promise<Visit> {
    const visit = await this.visit();
    visit.hello(fields);
    return visit;
  }

  async stop(): Promise<void> {
    for (const { subscription } of this.#observers) subscription.close();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const event = (seq: number, fields: Record<string, unknown> = {}) => ({
  id: `e${seq}`,
  type: "session.updated",
  class: "network",
  source: "src_1",
  station: "cs1",
  seq,
  late: false,
  occurredAt: "2026-11-22T10:15:30.123Z",
  receivedAt: "2026-11-22T10:15:30.400Z",
  body: { _id: `e${seq}`, type: "session.updated", object: "session", data: {}, createdAt: "" },
  ...fields,
});

/** A frame with these seqs, whose cursor is the last one's. */
export const events = (...seqs: number[]) => ({
  op: "events",
  events: seqs.map((seq) => event(seq)),
  cursor: `c${seqs.at(-1)}`,
});

export const station = (id: string) => ({
  station: id,
  seq: 1,
  online: true,
  onlineAt: null,
  connectors: [],
  sessions: [],
  lastEventAt: null,
});
