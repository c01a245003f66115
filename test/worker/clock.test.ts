import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";

import { CloseCode } from "../../src/protocol/codes.ts";
import type { TestTenant } from "../support/api.ts";
import { objectId, webhook } from "../support/webhooks.ts";
import {
  alarmInMs,
  around,
  healthOf,
  lanesOf,
  sendOne,
  setUpOutage,
  setUpRoute,
} from "./outage-support.ts";
import { Receiver, seqsOf } from "./receiver.ts";
import { eventsOf, newTenant, seqs, stationOf, subscribe, tenantOf } from "./support.ts";

const DAY_MS = 86_400_000;
const realNow = Date.now.bind(Date);

/** The relay lives in the test's isolate and so in its time; the platform's alarms do not. */
function setClock(byMs: number): void {
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + byMs);
}

const Items = z.array(z.looseObject({ id: z.string(), seq: z.number(), station: z.string() }));
const listed = async (tenant: TestTenant) => Items.parse(await tenant.items("/v1/events"));
const quarantine = async (tenant: TestTenant, path: string) =>
  expect((await tenant.send(path, `not JSON ${crypto.randomUUID()}`)).status).toBe(200);

/** A lane between two tries. */
const lane = () => setUpRoute([{ status: 503 }, {}], { retry: { scheduleSeconds: [4] } });

/** A destination that takes one event in two seconds, and has had one. */
async function limited() {
  const setting = await setUpRoute([{}], { ratePerSecond: 0.5 });
  await setting.send("a");
  await setting.receiver.received(1);
  return setting;
}

/** A replay of ten events that waits at its sixth. */
async function replay() {
  const tenant = await newTenant();
  const { path } = await tenant.source();
  for (let sent = 0; sent < 10; sent += 1) await sendOne(tenant, path, "a");
  const well = Array.from({ length: 5 }, () => ({}));
  const receiver = await new Receiver().script(...well, { status: 503 }, {});
  const route = (await tenant.route(receiver.url)).id;
  const range = { from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" };
  expect((await tenant.call("POST", "/v1/replays", { route, ...range })).status).toBe(201);
  await receiver.received(6);
  return { receiver };
}

/** A source with a notice that was sent, and another that is held back. */
async function notices() {
  const tenant = await newTenant();
  const { path } = await tenant.source();
  const told = () => tenant.items("/v1/events?types=relay.quarantine.added");
  await quarantine(tenant, path);
  await expect.poll(async () => (await told()).length).toBe(1);
  await quarantine(tenant, path);
  return { told };
}

/** A source whose silence is to be told of, and which an event came from. */
async function source() {
  const tenant = await newTenant();
  const made = await tenant.source({ silentAfterSeconds: 1 });
  await sendOne(tenant, made.path, "a");
  return { tenant, ...made };
}

async function setUpWaits() {
  const waiting = await lane();
  await waiting.send("a");
  await waiting.receiver.received(1);
  await expect.poll(() => lanesOf(waiting.tenant, waiting.routeId)).toEqual({ a: "waiting" });
  return {
    lane: waiting,
    outage: await setUpOutage(),
    limited: await limited(),
    replay: await replay(),
    notices: await notices(),
    silent: await source(),
    changed: await source(),
    sinceMs: realNow(),
  };
}

describe("a clock that is set back by a day", () => {
  let waits: Awaited<ReturnType<typeof setUpWaits>>;
  afterAll(async () => {
    vi.restoreAllMocks();
    await reset();
  });

  it("comes while all of these wait", async () => {
    waits = await setUpWaits();
    await waits.outage.receiver.script({});
    setClock(-DAY_MS);
    const { tenant, path } = waits.silent;
    await sendOne(tenant, path, "a");
  });

  it("takes no setting for known that was read before", async () => {
    const { tenant, path, id } = waits.changed;
    // As if through another isolate, of which this one does not hear.
    await runInDurableObject(tenantOf(tenant), async (owner) => {
      await owner.updateSource(id, { enabled: false }, null);
    });
    expect((await tenant.send(path, webhook())).status).toBe(404);
  });

  it("stops no line before a destination", async () => {
    const { send, receiver } = waits.limited;
    await send("b");
    expect(seqsOf(await receiver.received(2))).toEqual([1, 1]);
  });

  it("has a held route probed in time, and lets its lanes go on", async () => {
    const { tenant, routeId, receiver } = waits.outage;
    await receiver.received(10);
    expect(await healthOf(tenant, routeId)).toBe("suspect");
  });

  it("has a lane's head tried again in time, once, and what is behind it after it", async () => {
    const { send, receiver } = waits.lane;
    expect(seqsOf(await receiver.received(2))).toEqual([1, 1]);
    await send("a");
    expect(seqsOf(await receiver.received(3))).toEqual([1, 1, 2]);
  });

  it("lets a replay go on, at its pace", async () => {
    const sent = seqsOf(await waits.replay.receiver.received(11));
    expect(sent).toEqual([1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10]);
  });

  it("sends a notice that was held back", async () => {
    await expect.poll(async () => (await waits.notices.told()).length).toBe(2);
  });

  it("tells of a source's silence", async () => {
    const { tenant } = waits.silent;
    const told = async () => await tenant.items("/v1/events?types=relay.source.silent");
    await expect.poll(async () => (await told()).length).toBe(1);
  });

  it("lets nothing wait for longer than before", () => {
    // A probe comes after five seconds, a silence is told after three.
    expect(realNow() - waits.sinceMs).toBeLessThan(15_000);
  });

  it("begins the next round of retention within a day", async () => {
    const { tenant } = waits.lane;
    await evictDurableObject(tenantOf(tenant));
    const dueInMs = () =>
      runInDurableObject(tenantOf(tenant), (_instance, { storage }) => {
        const query = "SELECT sweep_due_ms AS ms FROM tenant";
        return storage.sql.exec<{ ms: number }>(query).one().ms - Date.now();
      });
    await expect.poll(dueInMs).toBeLessThanOrEqual(DAY_MS);
  });
});

describe("a clock behind the one that alarms ring by", () => {
  afterEach(async () => {
    vi.restoreAllMocks();
    await reset();
  });

  it("has an alarm that is asked for anew ring slowly, until it is due", async () => {
    const { tenant, send, receiver } = await setUpRoute([{ status: 503 }, {}], {
      retry: { scheduleSeconds: [2] },
    });
    setClock(-DAY_MS);
    let rings = 0;
    await around(stationOf(tenant, "a"), "alarm", (real) => {
      rings += 1;
      return real();
    });
    await send("a");
    const [first, second] = await receiver.received(2);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(1_500);
    expect(rings).toBeLessThan(20);
  });
});

describe("a clock that was a year ahead and is set right", () => {
  afterEach(async () => {
    vi.restoreAllMocks();
    await reset();
  });

  it("loses, doubles and reorders nothing, and leaves no alarm in a year", async () => {
    setClock(365 * DAY_MS);
    const { tenant, path, receiver, routeId, send } = await setUpRoute([{ status: 503 }, {}]);
    const { frames } = await subscribe(tenant);
    const first = webhook({ station: "a", createdAt: new Date(Date.now()).toISOString() });
    const post = async (body: typeof first) =>
      expect((await tenant.send(path, body)).status).toBe(200);
    await post(first);
    await receiver.received(1);
    await send("b");
    await expect.poll(() => lanesOf(tenant, routeId)).toMatchObject({ a: "waiting" });
    setClock(0);
    // Sent again, it is the same event; the next has a time before it.
    await post(first);
    await post(webhook({ station: "a", _id: objectId() }));
    await send("b");
    const delivered = async () =>
      (await receiver.received(5)).map(
        ({ headers }) => `${headers["chargewire-station"]} ${headers["chargewire-seq"]}`,
      );
    await expect
      .poll(async () => (await delivered()).toSorted())
      .toEqual(["a 1", "a 1", "a 2", "b 1", "b 2"]);
    expect((await delivered()).filter((of) => of.startsWith("a"))).toEqual(["a 1", "a 1", "a 2"]);
    await expect.poll(() => seqs(frames)).toEqual([1, 1, 2, 2]);
    expect(eventsOf(frames).map(({ station }) => station)).toEqual(["a", "b", "a", "b"]);
    expect((await listed(tenant)).map(({ seq }) => seq)).toEqual([1, 1, 2, 2]);
    for (const object of [stationOf(tenant, "a"), tenantOf(tenant)]) {
      expect((await alarmInMs(object)) ?? 0).toBeLessThanOrEqual(DAY_MS + 60_000);
    }
  });

  it("ends streams whose tokens would live for a year, and takes no such token", async () => {
    setClock(365 * DAY_MS);
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const token = await tenant.token();
    const { closed } = await subscribe(tenant, "/v1/stream", token);
    setClock(0);
    await sendOne(tenant, path, "a");
    await expect.poll(() => closed.code).toBe(CloseCode.tokenExpired);
    await expect(subscribe(tenant, "/v1/stream", token)).rejects.toThrow("401");
  });
});

describe("a clock that jumps ahead by a day", () => {
  afterEach(async () => {
    vi.restoreAllMocks();
    await reset();
  });

  it("loses, doubles and reorders nothing", async () => {
    const { tenant, path, receiver, send } = await setUpRoute([{ status: 503 }, {}], {
      retry: { scheduleSeconds: [3_600] },
    });
    const { frames } = await subscribe(tenant);
    const first = webhook({ station: "a" });
    expect((await tenant.send(path, first)).status).toBe(200);
    await receiver.received(1);
    setClock(DAY_MS);
    expect((await tenant.send(path, first)).status).toBe(200);
    await send("a");
    expect(seqsOf(await receiver.received(3))).toEqual([1, 1, 2]);
    await expect.poll(() => seqs(frames)).toEqual([1, 2]);
    expect((await listed(tenant)).map(({ seq }) => seq)).toEqual([1, 2]);
  });
});

describe("a clock that begins at second 0", () => {
  afterEach(async () => {
    vi.restoreAllMocks();
    await reset();
  });

  it("takes webhooks in, relays and delivers them, and refuses those of other times", async () => {
    setClock(-realNow());
    const { tenant, path, receiver, send } = await setUpRoute([{ status: 503 }, {}], {
      retry: { scheduleSeconds: [0.1] },
    });
    const { frames } = await subscribe(tenant);
    expect((await tenant.send(path, webhook({ station: "a" }), { t: 0 })).status).toBe(200);
    expect((await tenant.send(path, webhook(), { t: realNow() })).status).toBe(401);
    await send("a");
    await expect.poll(() => seqs(frames)).toEqual([1, 2]);
    expect(seqsOf(await receiver.received(3))).toEqual([1, 1, 2]);
    const [event] = await listed(tenant);
    expect(event).toMatchObject({ receivedAt: expect.stringMatching(/^1970-01-01T00:00:/) });
  });
});
