import { PROTOCOL } from "../../../src/protocol/codes.ts";
import type { TestTenant } from "../../support/api.ts";
import { worker } from "../support.ts";
import { mint } from "../token-support.ts";
import { type Entry, Place, readFrame } from "./transcript.ts";
import type { Sight } from "./viewers.ts";

interface Connection {
  readonly socket: WebSocket;
  readonly texts: string[];
  readonly closed: { code: number | null };
  pongs: number;
}

/** One who comes and goes, and writes down what it is told. What it has not read when it goes it never got. */
export class Subscriber {
  readonly #tenant: TestTenant;
  #sight: Sight;
  readonly acknowledges: boolean;
  readonly place: Place;
  readonly entries: Entry[] = [];
  #connection: Connection | null = null;
  #readCount = 0;
  /** Whether no token of this connection was one that sees states alone. */
  #mayMatch = true;

  constructor(tenant: TestTenant, sight: Sight, from: string, acknowledges: boolean) {
    this.#tenant = tenant;
    this.#sight = sight;
    this.acknowledges = acknowledges;
    this.place = new Place(from);
  }

  get isConnected(): boolean {
    return this.#connection !== null && this.#connection.closed.code === null;
  }

  async connect(): Promise<void> {
    this.read();
    this.drop();
    const from = this.place.resumesFrom;
    const { filter, grant } = this.#sight;
    const { types, stations, match } = filter.filter;
    const query = new URLSearchParams({
      from,
      ...(types === undefined ? {} : { types: types.join() }),
      ...(stations === undefined ? {} : { stations: stations.join() }),
      ...(match === undefined ? {} : { match: JSON.stringify(match) }),
    });
    const token = await mint(this.#tenant, { grant: grant.grant, untilMs: TOKEN_MS });
    const response = await worker(
      new Request(`${this.#tenant.origin}/v1/stream?${query}`, {
        headers: { upgrade: "websocket", "sec-websocket-protocol": `${PROTOCOL}, auth.${token}` },
      }),
    );
    const socket = response.webSocket;
    if (socket === null) throw new Error(`no socket: ${response.status} ${await response.text()}`);
    this.#write({ kind: "asked", from, filter, grant });
    this.#mayMatch = grant.grant.view === "events";
    const connection: Connection = { socket, texts: [], closed: { code: null }, pongs: 0 };
    socket.addEventListener("message", ({ data }) => {
      if (data === "pong") connection.pongs += 1;
      else if (typeof data === "string") connection.texts.push(data);
    });
    socket.addEventListener("close", ({ code }) => {
      connection.closed.code = code;
    });
    socket.accept();
    this.#connection = connection;
    this.#readCount = 0;
  }

  /** Reads at most so many frames of those that have come. */
  read(most = Number.POSITIVE_INFINITY): void {
    const { texts } = this.#connection ?? { texts: [] };
    for (let count = 0; count < most && this.#readCount < texts.length; count += 1) {
      this.#write(readFrame(texts[this.#readCount] ?? ""));
      this.#readCount += 1;
    }
  }

  drop(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#write({ kind: "dropped" });
    if (connection.closed.code === null) connection.socket.close();
  }

  ask(from: string | null, filter: Sight["filter"]): void {
    if (!this.isConnected) return;
    // Which token is in force may not be known yet.
    if (filter.filter.match !== undefined && !this.#mayMatch) return;
    this.read();
    this.#sight = { ...this.#sight, filter };
    const place = from ?? this.place.resumesFrom;
    this.#write({ kind: "asked", from: place, filter, grant: null });
    this.#send(JSON.stringify({ op: "subscribe", filter: filter.filter, from: place }));
  }

  async renew(grant: Sight["grant"]): Promise<void> {
    if (!this.isConnected) return;
    if (this.#sight.filter.filter.match !== undefined && grant.grant.view === "state") return;
    const token = await mint(this.#tenant, { grant: grant.grant, untilMs: TOKEN_MS });
    this.#sight = { ...this.#sight, grant };
    this.#mayMatch &&= grant.grant.view === "events";
    this.#write({ kind: "renewed", grant, isDoubtful: false });
    this.#send(JSON.stringify({ op: "auth", token }));
  }

  /** Says what it has taken in, if that is its way. */
  acknowledge(): void {
    if (!this.acknowledges || !this.isConnected) return;
    this.read();
    this.#send(JSON.stringify({ op: "ack", cursor: this.place.from }));
  }

  ping(): void {
    if (this.isConnected) this.#send("ping");
  }

  /** After a call that took a station out: what comes now was sent after it. */
  async note(station: string, seq: number): Promise<void> {
    const connection = this.#connection;
    if (connection !== null && this.isConnected) {
      const before = connection.pongs;
      this.ping();
      const untilMs = performance.now() + 5_000;
      while (connection.pongs === before && this.isConnected && performance.now() < untilMs) {
        await scheduler.wait(2);
      }
    }
    this.read();
    this.#write({ kind: "removal", station, seq });
  }

  #send(text: string): void {
    try {
      this.#connection?.socket.send(text);
    } catch {
      // It is closed, and will be noticed to be.
    }
  }

  #write(entry: Entry): void {
    this.entries.push(entry);
    this.place.take(entry);
  }
}

/** Ends within a run in which the clock jumps. */
const TOKEN_MS = 120_000;
