import { createServer, type Server, type Socket, connect as toTarget } from "node:net";

import { listen, portOf } from "../../cli/relay/listening.ts";

/** A network between a client and a relay that a test can break. */
export interface TestProxy {
  /** Like the target's, with another port. */
  readonly url: string;
  /** Resets every connection, and refuses new ones until {@link TestProxy.heal}. */
  cut(): void;
  /** Connections stay, and take no more bytes in either direction: a network that died without a word. */
  stall(): void;
  /** New connections pass again, and what was stalled goes on. */
  heal(): void;
  /** How many connections came in, passed on or not. */
  readonly connectionCount: number;
  close(): Promise<void>;
}

/** Passes TCP on to `targetUrl`, byte for byte. */
export async function startProxy(targetUrl: string): Promise<TestProxy> {
  const proxy = new TcpProxy(new URL(targetUrl));
  await proxy.listen();
  return proxy;
}

class TcpProxy implements TestProxy {
  readonly #target: URL;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [client: Socket, relay: Socket]>();
  #state: "open" | "cut" | "stalled" = "open";
  connectionCount = 0;

  constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  async listen(): Promise<void> {
    await listen(this.#server);
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#server)}`;
  }

  cut(): void {
    this.#state = "cut";
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  stall(): void {
    this.#state = "stalled";
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  heal(): void {
    this.#state = "open";
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    this.connectionCount += 1;
    client.on("error", () => {});
    if (this.#state === "cut") {
      client.resetAndDestroy();
      return;
    }
    const relay = toTarget({ host: this.#target.hostname, port: Number(this.#target.port) });
    const pair = [client, relay] as const;
    this.#pairs.add(pair);
    relay.on("error", () => client.destroy());
    for (const socket of pair) socket.on("close", () => this.#forget(pair));
    this.#carry(client, relay);
    this.#carry(relay, client);
  }

  /** By hand and not with `pipe`, which would resume a stalled socket when its peer has drained. */
  #carry(from: Socket, to: Socket): void {
    from.on("data", (chunk) => {
      if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => {
      if (this.#state !== "stalled") from.resume();
    });
    from.on("end", () => to.end());
    if (this.#state === "stalled") from.pause();
  }

  #forget(pair: readonly [Socket, Socket]): void {
    this.#pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  }
}
