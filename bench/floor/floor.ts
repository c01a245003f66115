import { DurableObject } from "cloudflare:workers";

/**
 * The least that a Worker can do of the relay's work, step by step, to compare the relay with: no
 * framework, no dedupe, no sequence, no resume, no filters. `POST /{mode}` takes a webhook,
 * `GET /{mode}/stream` is a subscriber, `GET /{mode}/ids` tells what was stored.
 */
interface FloorEnv {
  readonly STATION: DurableObjectNamespace<FloorStation>;
  readonly FEED: DurableObjectNamespace<FloorFeed>;
  readonly SECRET: string;
}

const MODES = [
  "answer",
  "verify",
  "refuse",
  "object",
  "insert",
  "group",
  "pushed",
  "gathered",
] as const;
type Mode = (typeof MODES)[number];

interface FloorEvent {
  readonly id: string;
  readonly body: string;
}

export default {
  async fetch(request: Request, env: FloorEnv): Promise<Response> {
    const [, name, what] = new URL(request.url).pathname.split("/");
    const mode = MODES.find((each) => each === name);
    if (mode === undefined) return new Response(null, { status: 404 });
    if (what === "stream") return env.FEED.getByName(mode).fetch(request);
    if (what === "ids") return Response.json(await storedIds(request, env, mode));
    return take(request, env, mode);
  },
};

async function storedIds(request: Request, env: FloorEnv, mode: Mode): Promise<string[]> {
  if (mode === "pushed" || mode === "gathered") return env.FEED.getByName(mode).ids();
  const station = new URL(request.url).searchParams.get("station") ?? "";
  return env.STATION.getByName(`${mode}/${station}`).ids();
}

async function take(request: Request, env: FloorEnv, mode: Mode): Promise<Response> {
  if (mode === "answer") {
    await request.arrayBuffer();
    return new Response(null, { status: 200 });
  }
  const bytes = new Uint8Array(await request.arrayBuffer());
  const header = request.headers.get("edrv-signature") ?? "";
  if (!(await verifies(env, header, bytes))) {
    return mode === "refuse" ? refusal() : new Response(null, { status: 401 });
  }
  if (mode === "verify" || mode === "refuse") return new Response(null, { status: 200 });
  const body = new TextDecoder().decode(bytes);
  const webhook: { _id: string; data: { chargestation: string } } = JSON.parse(body);
  const station = env.STATION.getByName(`${mode}/${webhook.data.chargestation}`);
  await station.append(mode, { id: webhook._id, body });
  return new Response(null, { status: 200 });
}

/** An answer as long as the relay's, with as many headers. */
function refusal(): Response {
  const problem = {
    type: "about:blank",
    title: "Not authorised",
    status: 401,
    detail: "The signature could not be verified.",
    code: "unauthorized",
  };
  const headers = {
    "content-type": "application/problem+json",
    "www-authenticate": 'Bearer realm="floor"',
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  };
  return new Response(JSON.stringify(problem), { status: 401, headers });
}

let imported: Promise<CryptoKey> | null = null;

async function verifies(env: FloorEnv, header: string, body: Uint8Array): Promise<boolean> {
  imported ??= crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(env.SECRET),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  const [, t = "", hex = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  const prefix = new TextEncoder().encode(`${t}.`);
  const signed = new Uint8Array(prefix.length + body.length);
  signed.set(prefix);
  signed.set(body, prefix.length);
  return crypto.subtle.verify("HMAC", await imported, Uint8Array.fromHex(hex), signed);
}

/** Whatever comes during a run goes together with the next. */
class Line<Item> {
  readonly #run: (items: readonly Item[]) => Promise<void>;
  #waiting: { item: Item; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #isRunning = false;

  constructor(run: (items: readonly Item[]) => Promise<void>) {
    this.#run = run;
  }

  add(item: Item): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#isRunning) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const taken = this.#waiting;
      this.#waiting = [];
      try {
        await this.#run(taken.map(({ item }) => item));
        for (const { resolve } of taken) resolve();
      } catch (error) {
        for (const { reject } of taken) reject(error);
      }
    }
    this.#isRunning = false;
  }
}

export class FloorStation extends DurableObject<FloorEnv> {
  #hasTable = false;
  readonly #commits = new Line<FloorEvent>((events) => this.#commit(events));
  readonly #pushes = new Line<FloorEvent>((events) =>
    this.env.FEED.getByName("gathered").push(events, true),
  );

  async append(mode: Mode, event: FloorEvent): Promise<void> {
    if (mode === "object") return;
    if (mode === "insert") return this.#insert([event]);
    if (mode === "pushed") {
      this.#insert([event]);
      return this.env.FEED.getByName("pushed").push([event], false);
    }
    await this.#commits.add(event);
    if (mode === "gathered") await this.#pushes.add(event);
  }

  ids(): string[] {
    this.#create();
    return idsOf(this.ctx.storage.sql);
  }

  async #commit(events: readonly FloorEvent[]): Promise<void> {
    this.#insert(events);
    await this.ctx.storage.sync();
  }

  #insert(events: readonly FloorEvent[]): void {
    this.#create();
    const { sql } = this.ctx.storage;
    for (const { id, body } of events)
      sql.exec("INSERT INTO log (id, body) VALUES (?, ?)", id, body);
  }

  #create(): void {
    if (!this.#hasTable) createLog(this.ctx.storage.sql);
    this.#hasTable = true;
  }
}

export class FloorFeed extends DurableObject<FloorEnv> {
  #hasTable = false;
  readonly #flushes = new Line<readonly FloorEvent[]>(async (pushes) => {
    const events = pushes.flat();
    this.#create();
    this.ctx.storage.sql.exec(
      "INSERT INTO log (id, body) VALUES (?, ?)",
      events.map(({ id }) => id).join(),
      events.map(({ body }) => body).join("\u001e"),
    );
    this.#send(events);
    await this.ctx.storage.sync();
  });

  async push(events: readonly FloorEvent[], gather: boolean): Promise<void> {
    if (gather) return this.#flushes.add(events);
    this.#create();
    for (const { id, body } of events) {
      this.ctx.storage.sql.exec("INSERT INTO log (id, body) VALUES (?, ?)", id, body);
    }
    this.#send(events);
  }

  ids(): string[] {
    this.#create();
    return idsOf(this.ctx.storage.sql).flatMap((ids) => ids.split(","));
  }

  override async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.send('{"op":"hello"}');
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(): void {}

  #send(events: readonly FloorEvent[]): void {
    const sockets = this.ctx.getWebSockets();
    if (sockets.length === 0) return;
    const items = events.map(({ id, body }) => `{"id":"${id}","body":${body}}`);
    const frame = `{"op":"events","events":[${items.join()}]}`;
    for (const socket of sockets) socket.send(frame);
  }

  #create(): void {
    if (!this.#hasTable) createLog(this.ctx.storage.sql);
    this.#hasTable = true;
  }
}

function createLog(sql: SqlStorage): void {
  sql.exec("CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, id TEXT, body TEXT)");
}

function idsOf(sql: SqlStorage): string[] {
  return sql
    .exec<{ id: string }>("SELECT id FROM log ORDER BY seq")
    .toArray()
    .map(({ id }) => id);
}
