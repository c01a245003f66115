import { createServer, type IncomingMessage } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { listen } from "../../cli/relay/listening.ts";
import { type SentEvent, type SimulatorOptions, simulate } from "../../cli/simulator/simulator.ts";
import { importSecret, verifySignature } from "../../src/domain/signature.ts";

const SECRET = "endpoint-secret";
const Envelope = z.object({
  _id: z.string(),
});

interface Arrival {
  readonly id: string;
  readonly body: string;
  readonly status: number;
}

interface Receiver {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** The most requests that were being answered at once. */
  readonly busiest: () => number;
}

type Answer = { readonly status: number; readonly retryAfter?: string } | "hang_up";

const openServers: { close(): void; closeAllConnections(): void }[] = [];
afterEach(() => {
  for (const server of openServers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A receiver on a real socket that verifies, and answers the n-th signed request as told. */
async function startReceiver(
  answer: (index: number) => Answer = () => ({ status: 200 }),
  scheme: "timestamped" | "body" | "legacy" = "timestamped",
): Promise<Receiver> {
  const keys = [await importSecret(SECRET, "verify")];
  const policy = { scheme, toleranceMs: 60_000, keys };
  const arrivals: Arrival[] = [];
  let signedCount = 0;
  let openCount = 0;
  let busiest = 0;
  const server = createServer(async (request, response) => {
    busiest = Math.max(busiest, ++openCount);
    const body = await readBody(request);
    const header = request.headers["edrv-signature"];
    const signature = typeof header === "string" ? header : null;
    const { ok } = await verifySignature({ header: signature, body }, policy, Date.now());
    const decided = ok ? answer(signedCount++) : { status: 401 };
    openCount -= 1;
    const text = new TextDecoder().decode(body);
    const { _id: id } = Envelope.parse(JSON.parse(text));
    arrivals.push({ id, body: text, status: decided === "hang_up" ? 0 : decided.status });
    if (decided === "hang_up") return request.socket.destroy();
    const headers = decided.retryAfter === undefined ? {} : { "retry-after": decided.retryAfter };
    return response.writeHead(decided.status, headers).end();
  });
  const url = `${await listen(server)}/ingest/src_1`;
  openServers.push(server);
  return { url, arrivals, busiest: () => busiest };
}

async function readBody(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

async function run(url: string, options: Partial<SimulatorOptions> = {}) {
  const sent: SentEvent[] = [];
  const report = await simulate({
    ...{ url, secret: SECRET, stations: 20, speed: Number.POSITIVE_INFINITY, backoffFactor: 0.02 },
    ...{ startMs: Date.UTC(2026, 5, 1), count: 400 },
    ...options,
    onAcknowledged: (event) => sent.push(event),
  });
  return { report, sent, originals: sent.filter(({ duplicateOf }) => duplicateOf === undefined) };
}

/** Trouble of both kinds: an error, and no answer at all. */
const failsNowAndThen = (index: number): Answer => {
  if (index % 17 === 3) return "hang_up";
  return { status: index % 7 === 0 ? 503 : 200 };
};

describe("simulate", () => {
  it("has everything acknowledged once by a receiver that fails now and then", async () => {
    const receiver = await startReceiver(failsNowAndThen);
    const { report, sent } = await run(receiver.url);
    expect(report).toMatchObject({ events: 400, acknowledged: 400, unacknowledged: 0 });
    expect(new Set(sent.map(({ id }) => id)).size).toBe(400);
    expect(sent).toHaveLength(400);
    expect(report.retries).toBeGreaterThan(30);
    expect(report.statuses.connection).toBeGreaterThan(10);
    const accepted = receiver.arrivals.filter(({ status }) => status === 200);
    expect(accepted.map(({ id }) => id).sort()).toEqual(sent.map(({ id }) => id).sort());
  });

  it("sends ordered types one at a time per station, and the next only after a 200", async () => {
    const receiver = await startReceiver(failsNowAndThen);
    const { sent } = await run(receiver.url, { stations: 4 });
    const ordered = new Map(sent.filter(({ fifo }) => fifo).map((event) => [event.id, event]));
    const waitingFor = new Map<string, string>();
    const dates = new Map<string, string>();
    for (const { id, status } of receiver.arrivals) {
      const event = ordered.get(id);
      if (event === undefined || event.station === null) continue;
      expect(waitingFor.get(event.station) ?? id).toBe(id);
      expect(event.createdAt > (dates.get(event.station) ?? "")).toBe(true);
      if (status === 200) {
        waitingFor.delete(event.station);
        dates.set(event.station, event.createdAt);
      } else waitingFor.set(event.station, id);
    }
  });

  it("never has more requests open than allowed", async () => {
    const receiver = await startReceiver();
    await run(receiver.url, { concurrency: 5, stations: 60 });
    expect(receiver.busiest()).toBeLessThanOrEqual(5);
    expect(receiver.busiest()).toBeGreaterThan(1);
  });

  it.each(["timestamped", "body", "legacy"] as const)("signs as %s", async (scheme) => {
    const receiver = await startReceiver(undefined, scheme);
    for (const unit of ["ms", "s"] as const) {
      const { report } = await run(receiver.url, { scheme, unit, count: 30 });
      expect(report.statuses).toEqual({ 200: 30 });
    }
  });

  it("waits as long as Retry-After asks", async () => {
    const receiver = await startReceiver((index) =>
      index === 0 ? { status: 503, retryAfter: "1" } : { status: 200 },
    );
    const { report, sent } = await run(receiver.url, { count: 1 });
    expect(sent[0]?.attempts).toBe(2);
    expect(report.elapsedMs).toBeGreaterThan(990);
  });

  it("sends copies, byte by byte the same, as often as asked", async () => {
    const receiver = await startReceiver();
    const { report, sent, originals } = await run(receiver.url, { count: 800, duplicates: 10 });
    expect(originals).toHaveLength(800);
    expect(report.duplicates).toBe(sent.length - 800);
    expect(report.duplicates).toBeGreaterThan(45);
    expect(report.duplicates).toBeLessThan(115);
    const bodies = new Map(originals.map(({ id, body }) => [id, body]));
    for (const { id, body } of receiver.arrivals) expect(body).toBe(bodies.get(id));
  });

  it("adds requests with a bad signature, which count as no event", async () => {
    const receiver = await startReceiver();
    const { report, sent } = await run(receiver.url, { count: 800, badSignatures: 10 });
    expect(sent).toHaveLength(800);
    expect(report.statuses).toEqual({ 200: 800 });
    expect(report.forgeries).toMatchObject({ accepted: 0, other: 0 });
    expect(report.forgeries.refused).toBeGreaterThan(45);
    expect(report.forgeries.refused).toBeLessThan(115);
  });

  it("delays some events without an order, and none with", async () => {
    const receiver = await startReceiver();
    const { originals } = await run(receiver.url, { reorder: 50, concurrency: 1, stations: 3 });
    const isSorted = (events: readonly SentEvent[]) => {
      const dates = events.map(({ station, createdAt }) => `${station} ${createdAt}`);
      return dates.toSorted().join() === dates.toSorted(byStation).join();
    };
    expect(isSorted(originals.filter(({ fifo }) => fifo))).toBe(true);
    expect(isSorted(originals.filter(({ fifo }) => !fifo))).toBe(false);
  });

  it("gives up at the end of its patience and says what was never acknowledged", async () => {
    const receiver = await startReceiver(() => ({ status: 500 }));
    const { report } = await run(receiver.url, { count: 10, drainMs: 50 });
    expect(report).toMatchObject({ events: 10, acknowledged: 0, unacknowledged: 10 });
  });

  it("ends when asked to, without what it had not begun to send", async () => {
    const receiver = await startReceiver();
    const controller = new AbortController();
    let count = 0;
    const report = await simulate({
      ...{ url: receiver.url, secret: SECRET, speed: Number.POSITIVE_INFINITY },
      signal: controller.signal,
      onAcknowledged: () => {
        if (++count === 100) controller.abort();
      },
    });
    expect(report).toMatchObject({ interrupted: true, unacknowledged: 0 });
    expect(report.acknowledged).toBeGreaterThanOrEqual(100);
  });

  it("keeps to the rate asked for", async () => {
    const receiver = await startReceiver();
    const { report } = await run(receiver.url, { rate: 400, count: null, durationMs: 500 });
    expect(report.acknowledged).toBe(200);
    expect(report.elapsedMs).toBeGreaterThan(480);
  });
});

/** A stable order by station alone, which leaves each station's events as they came. */
function byStation(a: string, b: string): number {
  return (a.split(" ")[0] ?? "").localeCompare(b.split(" ")[0] ?? "");
}
