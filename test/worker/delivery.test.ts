import {
  abortAllDurableObjects,
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";

import { toUtf8 } from "../../src/domain/encoding.ts";
import { importSecret, verifySignature } from "../../src/domain/signature.ts";
import { stationName } from "../../src/env.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver, seqsOf } from "./receiver.ts";
import { newTenant } from "./support.ts";

const FAST = { retry: { scheduleSeconds: [0.05, 0.05, 0.05] } };

afterEach(() => reset());

async function sendSeries(tenant: TestTenant, path: string, station: string, count: number) {
  const sent: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const event = webhook({ station });
    sent.push(JSON.stringify(event));
    expect((await tenant.send(path, event)).status).toBe(200);
  }
  return sent;
}

describe("a lane", () => {
  it("delivers the exact bytes, in order, each naming the one before", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const route = await tenant.route(receiver.url);
    const sent = await sendSeries(tenant, path, "cs1", 5);
    const received = await receiver.received(5);
    expect(received.map(({ body }) => body)).toEqual(sent);
    expect(seqsOf(received)).toEqual([1, 2, 3, 4, 5]);
    expect(received.map(({ headers }) => headers["chargewire-prev-seq"])).toEqual([
      undefined,
      "1",
      "2",
      "3",
      "4",
    ]);
    for (const { headers, body } of received) {
      expect(() => new Webhook(route.secret).verify(body, headers)).not.toThrow();
      expect(headers).toMatchObject({
        "content-type": "application/json",
        "chargewire-station": "cs1",
        "chargewire-type": "session.updated",
        "chargewire-attempt": "1",
      });
    }
  });

  it("delivers the event object where the route asks for it", async () => {
    const tenant = await newTenant();
    const { id, path } = await tenant.source();
    const receiver = new Receiver();
    await tenant.route(receiver.url, { format: "event" });
    const event = webhook({ station: "cs1" });
    await tenant.send(path, event);
    const [delivery] = await receiver.received(1);
    expect(JSON.parse(delivery?.body ?? "")).toMatchObject({
      id: event._id,
      type: "session.updated",
      class: "network",
      source: id,
      station: "cs1",
      seq: 1,
      late: false,
      body: event,
    });
  });

  it("signs as eDRV does for receivers written for eDRV", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    await tenant.route(receiver.url, { edrvSecret: "their-edrv-secret", edrvScheme: "body" });
    await tenant.send(path, webhook());
    const [delivery] = await receiver.received(1);
    const signed = {
      header: delivery?.headers["edrv-signature"] ?? null,
      body: toUtf8(delivery?.body ?? ""),
    };
    const keys = [await importSecret("their-edrv-secret", "verify")];
    const policy = { scheme: "auto", toleranceMs: 300_000, keys } as const;
    expect(await verifySignature(signed, policy, Date.now())).toEqual({ ok: true, value: "body" });
  });

  it("sends the headers and the authentication of the route", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    await tenant.route(receiver.url, {
      headers: { "x-depot": "north" },
      auth: { type: "basic", username: "me", password: "secret" },
    });
    await tenant.send(path, webhook());
    const [delivery] = await receiver.received(1);
    expect(delivery?.headers).toMatchObject({
      "x-depot": "north",
      authorization: `Basic ${btoa("me:secret")}`,
    });
  });

  it.each([
    ["an error", { status: 500 }],
    ["a redirect", { status: 302, headers: { location: "/elsewhere" } }],
    ["a broken connection", { fault: "reset" as const }],
  ])("tries again after %s and sends nothing behind it meanwhile", async (_name, answer) => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script(answer, answer, { status: 200 });
    await tenant.route(receiver.url, FAST);
    await sendSeries(tenant, path, "cs1", 3);
    const received = await receiver.received(5);
    expect(seqsOf(received)).toEqual([1, 1, 1, 2, 3]);
    expect(received.map(({ headers }) => headers["chargewire-attempt"])).toEqual([
      "1",
      "2",
      "3",
      "1",
      "1",
    ]);
    const ids = received.slice(0, 3).map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(1);
  });

  it("lets a head that waits hold back what is behind it across a restart", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 503 }, { status: 200 });
    await tenant.route(receiver.url, { retry: { scheduleSeconds: [2] } });
    await sendSeries(tenant, path, "cs1", 1);
    await receiver.received(1);
    const station = env.STATION.getByName(stationName(tenant.id, "cs1"));
    await expect.poll(() => laneAttempts(tenant)).toBe(1);
    await evictDurableObject(station);
    await sendSeries(tenant, path, "cs1", 1);
    const received = await receiver.received(3);
    expect(seqsOf(received)).toEqual([1, 1, 2]);
    // Two seconds less the jitter: the new event did not bring the retry forward.
    const waitedMs = (received[1]?.atMs ?? 0) - (received[0]?.atMs ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(1_600);
  });

  it("has an alarm from the moment an event is accepted that a route wants", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ fault: "hang" }, { status: 200 });
    await tenant.route(receiver.url, { filter: { types: ["session.*"] } });
    // The station learns of the route, and owes it nothing yet.
    await tenant.send(path, webhook({ station: "cs1", type: "chargestation.updated" }));
    // A stub does not outlive its object, so each call takes a new one.
    const ring = () => runDurableObjectAlarm(env.STATION.getByName(stationName(tenant.id, "cs1")));
    await ring();
    await sendSeries(tenant, path, "cs1", 1);
    await receiver.received(1);
    await abortAllDurableObjects();
    // Nothing is in memory now; what rings here is what was stored with the event.
    expect(await ring()).toBe(true);
    expect(seqsOf(await receiver.received(2))).toEqual([2, 2]);
  });

  it("delivers after a crash what it owed before it, without any new event", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 500 }, { status: 200 });
    await tenant.route(receiver.url, { retry: { scheduleSeconds: [1] } });
    await sendSeries(tenant, path, "cs1", 2);
    await expect.poll(() => laneAttempts(tenant)).toBe(1);
    await abortAllDurableObjects();
    expect(seqsOf(await receiver.received(3))).toEqual([1, 1, 2]);
  });

  it("keeps what is exhausted as a dead letter and announces the gap with the next delivery", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script(
      { status: 500, body: "no" },
      { status: 500, body: "no" },
      { status: 200 },
    );
    const route = await tenant.route(receiver.url, { retry: { scheduleSeconds: [0.05] } });
    await sendSeries(tenant, path, "cs1", 3);
    const received = await receiver.received(4);
    expect(seqsOf(received)).toEqual([1, 1, 2, 3]);
    expect(received.map(({ headers }) => headers["chargewire-gap"])).toEqual([
      undefined,
      undefined,
      "1-1",
      undefined,
    ]);
    expect(received[2]?.headers["chargewire-prev-seq"]).toBeUndefined();
    expect(await tenant.items(`/v1/routes/${route.id}/dead-letters`)).toMatchObject([
      {
        route: route.id,
        station: "cs1",
        seq: 1,
        attempts: 2,
        lastAnswer: "HTTP 500",
        snippet: "no",
      },
    ]);
  });

  it("parks where the route says so, and tries its head again once the route has changed", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 422 }, { status: 422 }, {});
    const route = await tenant.route(receiver.url, { onExhausted: "park" });
    await sendSeries(tenant, path, "cs1", 2);
    await receiver.received(2);
    await expect.poll(() => laneAttempts(tenant)).toBe(2);
    await sendSeries(tenant, path, "cs1", 1);
    expect(await tenant.items(`/v1/routes/${route.id}/dead-letters`)).toEqual([]);
    await tenant.call("POST", `/v1/routes/${route.id}/resume`);
    await sendSeries(tenant, path, "cs1", 1);
    expect(seqsOf(await receiver.received(6))).toEqual([1, 1, 1, 2, 3, 4]);
  });

  it("shows the beginning of the last answer, whatever bytes it is cut at", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 400, body: "é".repeat(40_000) });
    const route = await tenant.route(receiver.url);
    await sendSeries(tenant, path, "cs1", 1);
    const letters = () => tenant.items(`/v1/routes/${route.id}/dead-letters`);
    await expect.poll(async () => (await letters()).length).toBe(1);
    expect(await letters()).toMatchObject([{ snippet: "é".repeat(1024) }]);
  });

  it("gives a refused event one more try", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 422 }, { status: 422 }, {});
    const route = await tenant.route(receiver.url);
    await sendSeries(tenant, path, "cs1", 2);
    expect(seqsOf(await receiver.received(3))).toEqual([1, 1, 2]);
    expect(await tenant.items(`/v1/routes/${route.id}/dead-letters`)).toHaveLength(1);
  });

  it("stops at 410, keeps events meanwhile, and goes on where it stood when resumed", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 410 }, { status: 200 });
    const route = await tenant.route(receiver.url);
    await sendSeries(tenant, path, "cs1", 3);
    await expect
      .poll(async () => (await tenant.call("GET", `/v1/routes/${route.id}`)).body)
      .toMatchObject({ enabled: false, health: "disabled" });
    await sendSeries(tenant, path, "cs1", 1);
    expect(seqsOf(await receiver.requests())).toEqual([1]);
    await tenant.call("POST", `/v1/routes/${route.id}/resume`);
    expect(seqsOf(await receiver.received(5))).toEqual([1, 1, 2, 3, 4]);
  });

  it("keeps events of a paused route and delivers them when it is resumed", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const route = await tenant.route(receiver.url);
    await tenant.call("POST", `/v1/routes/${route.id}/pause`);
    await sendSeries(tenant, path, "cs1", 2);
    await sendSeries(tenant, path, "cs2", 1);
    expect(await receiver.requests()).toEqual([]);
    await tenant.call("POST", `/v1/routes/${route.id}/resume`);
    const received = await receiver.received(3);
    const of = (station: string) =>
      seqsOf(received.filter(({ headers }) => headers["chargewire-station"] === station));
    expect([of("cs1"), of("cs2")]).toEqual([[1, 2], [1]]);
  });

  it("does not wait for another route that never answers", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const slow = await Promise.all(
      Array.from({ length: 7 }, () => new Receiver().script({ fault: "hang" })),
    );
    for (const receiver of slow) await tenant.route(receiver.url, { timeoutMs: 30_000 });
    const fast = new Receiver();
    await tenant.route(fast.url);
    await sendSeries(tenant, path, "cs1", 5);
    expect(seqsOf(await fast.received(5))).toEqual([1, 2, 3, 4, 5]);
    for (const receiver of slow) expect(seqsOf(await receiver.requests())).toEqual([1]);
  });
});

describe("a route", () => {
  it("gets the first event after it was created, at stations old and new", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await sendSeries(tenant, path, "old", 2);
    const receiver = new Receiver();
    await tenant.route(receiver.url);
    await sendSeries(tenant, path, "old", 1);
    await sendSeries(tenant, path, "new", 1);
    const received = await receiver.received(2);
    const places = received.map(
      ({ headers }) => `${headers["chargewire-station"]} ${headers["chargewire-seq"]}`,
    );
    expect(places.sort()).toEqual(["new 1", "old 3"]);
  });

  it("gets what its filter lets through, and a changed filter holds for the next event", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const route = await tenant.route(receiver.url, { filter: { types: ["session.*"] } });
    const send = (type: string) => tenant.send(path, webhook({ station: "cs1", type }));
    await send("session.started");
    await send("chargestation.connector_status.updated");
    await send("session.ended");
    expect(seqsOf(await receiver.received(2))).toEqual([1, 3]);
    await tenant.call("PATCH", `/v1/routes/${route.id}`, { filter: { types: ["*.online"] } });
    await tenant.send(path, webhook({ station: "cs1", type: "chargestation.online" }));
    await send("session.started");
    await tenant.send(path, webhook({ station: "cs1", type: "chargestation.online" }));
    const received = await receiver.received(4);
    expect(seqsOf(received)).toEqual([1, 3, 4, 6]);
    expect(received[2]?.headers["chargewire-prev-seq"]).toBe("3");
  });

  it("is attempted no more once it is deleted, and retried as what it has become", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const wrong = await new Receiver().script({ status: 500 });
    const deleted = await new Receiver().script({ status: 500 });
    const right = new Receiver();
    const retry = { retry: { scheduleSeconds: [1, 1, 1] } };
    const moved = await tenant.route(wrong.url, retry);
    const gone = await tenant.route(deleted.url, retry);
    await sendSeries(tenant, path, "cs1", 1);
    await wrong.received(1);
    await deleted.received(1);
    await tenant.call("PATCH", `/v1/routes/${moved.id}`, { url: right.url });
    await tenant.call("DELETE", `/v1/routes/${gone.id}`);
    await right.received(1);
    expect(await wrong.requests()).toHaveLength(1);
    expect(await deleted.requests()).toHaveLength(1);
  });
});

/** Failed attempts at the head of the tenant's only lane, as stored. */
async function laneAttempts(tenant: TestTenant): Promise<number> {
  const station = env.STATION.getByName(stationName(tenant.id, "cs1"));
  return runInDurableObject(station, (_instance, { storage }) => {
    const rows = storage.sql.exec<{ attempts: number }>("SELECT attempts FROM lanes").toArray();
    return rows[0]?.attempts ?? 0;
  });
}
