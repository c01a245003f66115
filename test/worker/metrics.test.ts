import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { Metrics } from "../../src/domain/metrics-answers.ts";
import { feedName } from "../../src/env.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { feedOf, newTenant, stationOf } from "./support.ts";

afterEach(() => reset());

const metricsOf = async (tenant: TestTenant, query = "") =>
  Metrics.parse((await tenant.call("GET", `/v1/metrics${query}`)).body);
const totalOf = async (tenant: TestTenant) => (await metricsOf(tenant)).total;

/** At a station that no route here asks for, of a type that none wants: it takes along what has ended. */
const another = (tenant: TestTenant, path: string, station = "cs1") =>
  tenant.send(path, webhook({ type: "chargestation.online", data: { _id: station } }));

/** Resolves when the station has noted that many attempts. */
const attempted = (tenant: TestTenant, count: number, station = "cs1") =>
  expect
    .poll(async () => {
      const logged = await stationOf(tenant, station).deliveries(
        null,
        { atMs: 1e15, route: "" },
        99,
      );
      return logged.length;
    })
    .toBe(count);

describe("GET /v1/metrics", () => {
  it("counts events by class and attempts by route, and tells how long they took", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const good = await new Receiver().script({ status: 200 });
    const bad = await new Receiver().script({ status: 500 }, { status: 200 });
    const filter = { types: ["session.*"] };
    const first = await tenant.route(good.url, { filter });
    const second = await tenant.route(bad.url, { filter, retry: { scheduleSeconds: [0.3] } });
    const sentMs = Date.now();
    await tenant.send(path, webhook({ station: "cs1" }));
    await tenant.send(path, webhook({ station: "cs1", type: "of.tomorrow" }));
    await attempted(tenant, 3);
    const doneMs = Date.now();
    await another(tenant, path);
    const { events, relayMs, routes } = await totalOf(tenant);
    // `session.updated` and `chargestation.online`.
    expect(events).toMatchObject({ network: 2, unknown: 1, relay: 0 });
    expect(relayMs?.count).toBe(3);
    expect(relayMs?.max).toBeLessThanOrEqual(Date.now() - sentMs);
    const [one, other] = [first.id, second.id].map((id) =>
      routes.find(({ route }) => route === id),
    );
    expect(routes).toHaveLength(2);
    expect(one).toMatchObject({ attempts: 1, delivered: 1, failed: 0, deliveryMs: { count: 1 } });
    expect(other).toMatchObject({ attempts: 2, delivered: 1, failed: 1, deliveryMs: { count: 1 } });
    // The wait for the second try is part of it.
    expect(other?.deliveryMs?.max).toBeGreaterThanOrEqual(240);
    expect(other?.deliveryMs?.max).toBeLessThanOrEqual(doneMs - sentMs);
  });

  it("has every minute of the period, the present one last", async () => {
    const tenant = await newTenant();
    await another(tenant, (await tenant.source()).path);
    const { from, items, total } = await metricsOf(tenant, "?minutes=90");
    expect(items).toHaveLength(90);
    expect(items[0]?.at).toBe(from);
    expect(Date.now() - Date.parse(items.at(-1)?.at ?? "")).toBeLessThan(61_000);
    const counts = items.map(({ events }) => events.network);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(total.events.network).toBe(1);
    expect((await metricsOf(tenant)).items).toHaveLength(60);
  });

  it("loses nothing when station and feed fall asleep between two events", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 200 });
    await tenant.route(receiver.url, { filter: { types: ["session.*"] } });
    for (let count = 1; count <= 5; count += 1) {
      await tenant.send(path, webhook({ station: "cs1" }));
      await attempted(tenant, count);
      await evictDurableObject(stationOf(tenant, "cs1"));
      await evictDurableObject(feedOf(tenant));
    }
    await another(tenant, path);
    expect(await totalOf(tenant)).toMatchObject({
      events: { network: 6 },
      relayMs: { count: 6 },
      routes: [{ attempts: 5, delivered: 5, deliveryMs: { count: 5 } }],
    });
  });

  it("counts nothing twice, whatever becomes of the answer to a push", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 200 });
    await tenant.route(receiver.url, { filter: { types: ["session.*"] } });
    for (let count = 1; count <= 3; count += 1) {
      await tenant.send(path, webhook({ station: "cs1" }));
      await attempted(tenant, count);
    }
    // As if the answer had been lost: the attempts go along once more.
    const again = { seq: 4, type: "session.updated", json: '{"type":"session.updated","body":{}}' };
    const sample = { route: "rt_x", endedMs: Date.now(), isDelivered: true, deliveryMs: 9 };
    const totals = [4, 0, 0, 0, 3, 3];
    const push = () =>
      feedOf(tenant).push({
        station: "cs1",
        oldestSeq: 1,
        events: [{ ...again, counted: { class: "network", receivedAtMs: Date.now() } }],
        state: null,
        removed: false,
        totals,
        attempts: [sample, sample, sample],
      });
    await push();
    const { routes } = await totalOf(tenant);
    // Two of three were told by the events before.
    expect(routes.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(3);
    await push();
    expect(await totalOf(tenant)).toMatchObject({ events: { network: 4 }, routes });
  });

  it("leaves replays out of how long deliveries took", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, webhook({ station: "cs1" }));
    const receiver = await new Receiver().script({ status: 200 });
    const { id } = await tenant.route(receiver.url, { filter: { types: ["session.*"] } });
    const [from, to] = ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"];
    await tenant.call("POST", "/v1/replays", { route: id, from, to });
    await attempted(tenant, 1);
    await another(tenant, path);
    const { routes } = await totalOf(tenant);
    expect(routes).toEqual([{ route: id, attempts: 1, delivered: 1, failed: 0, deliveryMs: null }]);
  });

  it("takes the relay's own events for events, and not for webhooks that took some time", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, "not JSON");
    await expect.poll(() => tenant.items("/v1/events")).toHaveLength(1);
    expect(await totalOf(tenant)).toMatchObject({ events: { relay: 1 }, relayMs: null });
  });

  it("takes what stations of an older version push, and counts nothing of it", async () => {
    const tenant = await newTenant();
    const json = '{"type":"session.updated","station":"cs1","body":{}}';
    const events = [{ seq: 1, type: "session.updated", json }];
    const pushed = { station: "cs1", oldestSeq: 1, events, state: null, removed: false };
    expect(await feedOf(tenant).push({ ...pushed, totals: [1, 0, 0, 0, 5, 5] })).toMatchObject({
      lastSeq: 1,
    });
    expect(await totalOf(tenant)).toMatchObject({ events: { network: 0 }, routes: [] });
  });

  it("creates nothing for a tenant without events", async () => {
    const tenant = await newTenant();
    expect(await totalOf(tenant)).toMatchObject({ events: { network: 0 }, relayMs: null });
    const feed = env.FEED.getByName(feedName(tenant.id));
    const tables = await runInDurableObject(feed, (_instance, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'segments'").toArray(),
    );
    expect(tables).toEqual([]);
  });

  it.each([
    ["?minutes=1", 200],
    ["?minutes=1440", 200],
    ["?minutes=1441", 400],
    ["?minutes=0", 400],
    ["?minutes=", 400],
    ["?minutes=1.5", 400],
    ["?minutes=hour", 400],
    ["?hours=1", 400],
  ])("answers %s with %i", async (query, status) => {
    const tenant = await newTenant();
    expect((await tenant.call("GET", `/v1/metrics${query}`)).status).toBe(status);
  });

  it("is for readers, too, of their own tenant", async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    await another(one, (await one.source()).path);
    const { body } = await two.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const { apiKey } = z.object({ apiKey: z.string() }).parse(body);
    const answer = await two.call("GET", "/v1/metrics", undefined, apiKey);
    expect(answer.status).toBe(200);
    expect(Metrics.parse(answer.body).total.events.network).toBe(0);
  });
});
