import { abortAllDurableObjects, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { stationName } from "../../src/env.ts";
import { Database } from "../../src/store/database.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { type Received, Receiver, seqsOf } from "./receiver.ts";
import { newTenant } from "./support.ts";

afterEach(() => reset());

const ONCE = { retry: { scheduleSeconds: [] } };
const Letter = z.looseObject({ id: z.string(), seq: z.number(), station: z.string() });

const lettersOf = async (tenant: TestTenant, route: string) =>
  z.array(Letter).parse(await tenant.items(`/v1/routes/${route}/dead-letters?limit=200`));

/** A route whose lanes have given that many events of each station up, and its destination, which is down. */
async function deadLetters(stations: Record<string, number>) {
  const tenant = await newTenant();
  const { id: source, path } = await tenant.source();
  const sent = [];
  for (const [station, count] of Object.entries(stations)) {
    for (let i = 0; i < count; i += 1) {
      const event = webhook({ station });
      expect((await tenant.send(path, event)).status).toBe(200);
      sent.push(event);
    }
  }
  const receiver = await new Receiver().script({ status: 500, body: "down" });
  const route = await tenant.route(receiver.url, ONCE);
  const failed = { routeId: route.id, attempts: 1, lastAnswer: "HTTP 500", snippet: "down" };
  for (const station of Object.keys(stations)) {
    const object = env.STATION.getByName(stationName(tenant.id, station));
    for (const event of (await object.read(0, 100)).events) {
      // As lanes do; they would open the breaker on their way.
      await env.TENANT.getByName(tenant.id).giveUp({ ...failed, event }, "exhausted");
    }
  }
  const letters = await lettersOf(tenant, route.id);
  expect(letters).toHaveLength(sent.length);
  return { tenant, source, path, receiver, route: route.id, sent, letters };
}

const readerOf = async (tenant: TestTenant) => {
  const { body } = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
  return z.object({ apiKey: z.string() }).parse(body).apiKey;
};

describe("a dead letter", () => {
  it("holds its event whole, byte for byte", async () => {
    const tenant = await newTenant();
    const { id: source, path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 500, body: "down" });
    const route = await tenant.route(receiver.url, ONCE);
    const { createdAt, ...rest } = webhook({ station: "cs1" });
    const body = `${JSON.stringify(rest).slice(0, -1)}, "price":1.0,"createdAt" : "${createdAt}"}`;
    await tenant.send(path, body);
    await expect.poll(() => lettersOf(tenant, route.id)).toHaveLength(1);
    const [letter] = await lettersOf(tenant, route.id);
    const shown = {
      id: letter?.id,
      route: route.id,
      station: "cs1",
      seq: 1,
      type: "session.updated",
      attempts: 1,
      lastAnswer: "HTTP 500",
      snippet: "down",
      occurredAt: createdAt,
      receivedAt: expect.any(String),
      replay: null,
    };
    expect(letter).toMatchObject({ ...shown, event: rest._id });
    expect(letter).not.toHaveProperty("body");
    const one = await tenant.call("GET", `/v1/routes/${route.id}/dead-letters/${letter?.id}`);
    expect(one).toMatchObject({
      status: 200,
      body: {
        ...shown,
        event: { id: rest._id, class: "network", source, station: "cs1", seq: 1, late: false },
      },
    });
    const raw = await tenant.text(`/v1/routes/${route.id}/dead-letters/${letter?.id}`);
    expect(raw.endsWith(`,"body":${body}}}`)).toBe(true);
  });

  it("goes when it is discarded, and its id is not used again", async () => {
    const { tenant, path, route, letters } = await deadLetters({ cs1: 2 });
    const at = `/v1/routes/${route}/dead-letters/${letters[1]?.id}`;
    expect((await tenant.call("DELETE", at)).status).toBe(204);
    expect((await tenant.call("GET", at)).status).toBe(404);
    expect((await tenant.call("DELETE", at)).status).toBe(404);
    await tenant.send(path, webhook({ station: "cs1" }));
    await expect.poll(async () => (await lettersOf(tenant, route)).length).toBe(2);
    const now = await lettersOf(tenant, route);
    expect(now.map(({ seq }) => seq)).toEqual([1, 3]);
    expect(Number(now[1]?.id)).toBeGreaterThan(Number(letters[1]?.id));
    expect((await tenant.items("/v1/audit"))[0]).toMatchObject({
      action: "dead_letter.discarded",
      target: route,
      detail: { letter: letters[1]?.id, station: "cs1", seq: 2 },
    });
  });

  it("belongs to its route and its tenant, and readers change nothing of it", async () => {
    const { tenant, route, letters } = await deadLetters({ cs1: 1 });
    const other = await newTenant();
    const second = await tenant.route("https://hooks.example.com/in");
    const [id = ""] = letters.map((letter) => letter.id);
    const at = (routeId: string) => `/v1/routes/${routeId}/dead-letters/${id}`;
    for (const method of ["GET", "DELETE"]) {
      expect((await other.call(method, at(route))).status).toBe(404);
      expect((await tenant.call(method, at(second.id))).status).toBe(404);
      expect((await tenant.call(method, `/v1/routes/${route}/dead-letters/x`)).status).toBe(404);
    }
    const reader = await readerOf(tenant);
    expect((await tenant.call("GET", at(route), undefined, reader)).status).toBe(200);
    expect((await tenant.call("DELETE", at(route), undefined, reader)).status).toBe(403);
    expect(await lettersOf(tenant, route)).toHaveLength(1);
  });
});

const redeliver = (tenant: TestTenant, route: string, letter?: string) => {
  const which = letter === undefined ? "" : `/${letter}`;
  return tenant.call("POST", `/v1/routes/${route}/dead-letters${which}/redeliver`);
};
const idOf = (body: unknown) => z.looseObject({ id: z.string() }).parse(body).id;
const becomes = (tenant: TestTenant, replay: string, expected: Record<string, unknown>) =>
  expect
    .poll(async () => (await tenant.call("GET", `/v1/replays/${replay}`)).body)
    .toMatchObject(expected);
const replaysIn = (received: Received) =>
  received.filter(({ headers }) => "chargewire-replay" in headers);

describe("POST /v1/routes/:id/dead-letters/:letter/redeliver", () => {
  it("sends the event once more, marked, and removes the letter once it is delivered", async () => {
    const { tenant, receiver, route, sent, letters } = await deadLetters({ cs1: 3 });
    await receiver.script({});
    const answer = await redeliver(tenant, route, letters[1]?.id);
    const { replay } = z.looseObject({ replay: z.string() }).parse(answer.body);
    expect(answer).toMatchObject({ status: 200, body: { id: letters[1]?.id, seq: 2 } });
    await becomes(tenant, replay, {
      kind: "dead_letters",
      route,
      stations: null,
      types: null,
      from: null,
      to: null,
      matched: 1,
      delivered: 1,
      status: "done",
    });
    const [again, ...more] = replaysIn(await receiver.requests());
    expect(more).toEqual([]);
    expect(again?.body).toBe(JSON.stringify(sent[1]));
    expect(again?.headers).toMatchObject({
      "webhook-id": sent[1]?._id,
      "chargewire-seq": "2",
      "chargewire-attempt": "1",
      "chargewire-replay": replay,
    });
    expect(again?.headers).not.toHaveProperty("chargewire-prev-seq");
    expect((await lettersOf(tenant, route)).map(({ seq }) => seq)).toEqual([1, 3]);
    expect((await tenant.items("/v1/audit"))[0]).toMatchObject({
      action: "dead_letters.redelivered",
      target: route,
      detail: { replay, letter: letters[1]?.id },
    });
  });

  it("keeps a letter that fails again, with the newest answer", async () => {
    const { tenant, receiver, route, letters } = await deadLetters({ cs1: 2 });
    const [before] = letters;
    await receiver.script({ status: 422, body: "not this one" });
    const { body } = await redeliver(tenant, route, before?.id);
    const { replay } = z.looseObject({ replay: z.string() }).parse(body);
    await becomes(tenant, replay, { status: "done", delivered: 0, failed: 1 });
    const [after] = await lettersOf(tenant, route);
    expect(after).toMatchObject({
      id: before?.id,
      attempts: 3,
      lastAnswer: "HTTP 422",
      snippet: "not this one",
      replay: null,
    });
    await receiver.script({});
    const again = await redeliver(tenant, route, before?.id);
    const second = z.looseObject({ replay: z.string() }).parse(again.body);
    await becomes(tenant, second.replay, { status: "done", delivered: 1 });
  });

  it("takes no letter twice, and lets none go that is under way", async () => {
    const { tenant, receiver, route, letters } = await deadLetters({ cs1: 2, cs2: 1 });
    const [first = { id: "" }, second] = letters;
    await receiver.script({});
    await tenant.call("POST", `/v1/routes/${route}/pause`);
    const answer = await redeliver(tenant, route, first.id);
    const { replay } = z.looseObject({ replay: z.string() }).parse(answer.body);
    await becomes(tenant, replay, { status: "waiting" });
    const conflict = { status: 409, body: { code: "conflict" } };
    expect(await redeliver(tenant, route, first.id)).toMatchObject(conflict);
    const at = `/v1/routes/${route}/dead-letters/${first.id}`;
    expect(await tenant.call("DELETE", at)).toMatchObject(conflict);
    // Those that are not under way can be taken, each by one.
    const rest = await redeliver(tenant, route);
    expect(rest).toMatchObject({ status: 200, body: { matched: 2, status: "waiting" } });
    expect(await redeliver(tenant, route, second?.id)).toMatchObject(conflict);
    await tenant.call("POST", `/v1/routes/${route}/resume`);
    await becomes(tenant, replay, { status: "done", delivered: 1 });
    await becomes(tenant, idOf(rest.body), { status: "done", delivered: 2 });
    expect(replaysIn(await receiver.requests())).toHaveLength(3);
    expect(await lettersOf(tenant, route)).toEqual([]);
  });

  it("sends what the station's log has lost", async () => {
    const { tenant, receiver, route, sent, letters } = await deadLetters({ cs1: 1 });
    await receiver.script({});
    const station = env.STATION.getByName(stationName(tenant.id, "cs1"));
    await station.purge();
    const { body } = await redeliver(tenant, route, letters[0]?.id);
    await becomes(tenant, z.looseObject({ replay: z.string() }).parse(body).replay, {
      status: "done",
      delivered: 1,
    });
    expect(replaysIn(await receiver.requests())[0]?.body).toBe(JSON.stringify(sent[0]));
  });

  it("refuses a letter that was kept without its event", async () => {
    const { tenant, route, letters } = await deadLetters({ cs1: 2 });
    await runInDurableObject(env.TENANT.getByName(tenant.id), (_instance, { storage }) => {
      const db = new Database(storage);
      db.run("UPDATE dead_letters SET source = NULL, body = NULL WHERE seq = 1");
    });
    const one = await tenant.call("GET", `/v1/routes/${route}/dead-letters/${letters[0]?.id}`);
    expect(one.body).toMatchObject({ seq: 1, event: null });
    expect(await redeliver(tenant, route, letters[0]?.id)).toMatchObject({ status: 409 });
    expect((await redeliver(tenant, route)).body).toMatchObject({ matched: 1 });
  });

  it("is closed to readers, other routes and other tenants", async () => {
    const { tenant, route, letters } = await deadLetters({ cs1: 1 });
    const other = await newTenant();
    const second = await tenant.route("https://hooks.example.com/in");
    const [id = ""] = letters.map((letter) => letter.id);
    const reader = await readerOf(tenant);
    for (const path of [`${id}/redeliver`, "redeliver"]) {
      const at = `/v1/routes/${route}/dead-letters/${path}`;
      expect((await tenant.call("POST", at, undefined, reader)).status).toBe(403);
      expect((await other.call("POST", at)).status).toBe(404);
    }
    expect((await redeliver(tenant, second.id, id)).status).toBe(404);
    expect((await redeliver(tenant, route, "999")).status).toBe(404);
    expect(await tenant.items("/v1/replays")).toEqual([]);
    expect(await lettersOf(tenant, route)).toMatchObject([{ id, replay: null }]);
  });
});

describe("POST /v1/routes/:id/dead-letters/redeliver", () => {
  it("sends all of the route's letters, per station by seq", async () => {
    const { tenant, receiver, route } = await deadLetters({ cs1: 4, cs2: 3 });
    await receiver.script({});
    const answer = await redeliver(tenant, route);
    expect(answer).toMatchObject({ status: 200, body: { kind: "dead_letters", matched: 7 } });
    const replay = idOf(answer.body);
    await becomes(tenant, replay, { status: "done", delivered: 7, failed: 0 });
    const received = replaysIn(await receiver.requests());
    const of = (station: string) =>
      seqsOf(received.filter(({ headers }) => headers["chargewire-station"] === station));
    expect([of("cs1"), of("cs2")]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3],
    ]);
    expect(await lettersOf(tenant, route)).toEqual([]);
    expect((await tenant.items("/v1/audit"))[0]).toMatchObject({
      action: "dead_letters.redelivered",
      target: route,
      detail: { replay, letters: 7 },
    });
    expect((await redeliver(tenant, route)).body).toMatchObject({ matched: 0, status: "done" });
  });

  it("goes on past a letter that fails, which stays", async () => {
    const { tenant, receiver, route } = await deadLetters({ cs1: 3 });
    await receiver.script({}, { status: 400 }, { status: 400 }, {});
    const replay = idOf((await redeliver(tenant, route)).body);
    await becomes(tenant, replay, { status: "done", matched: 3, delivered: 2, failed: 1 });
    expect(seqsOf(replaysIn(await receiver.requests()))).toEqual([1, 2, 2, 3]);
    expect(await lettersOf(tenant, route)).toMatchObject([{ seq: 2, lastAnswer: "HTTP 400" }]);
  });

  it("frees what it has not sent when it is cancelled, and removes what it had in flight", async () => {
    const { tenant, receiver, route } = await deadLetters({ cs1: 3 });
    await receiver.script({ delayMs: 400 });
    const replay = idOf((await redeliver(tenant, route)).body);
    await expect.poll(async () => replaysIn(await receiver.requests()).length).toBe(1);
    expect((await tenant.call("DELETE", `/v1/replays/${replay}`)).status).toBe(204);
    await becomes(tenant, replay, { status: "cancelled", delivered: 1 });
    expect(await lettersOf(tenant, route)).toMatchObject([
      { seq: 2, replay: null },
      { seq: 3, replay: null },
    ]);
    const again = idOf((await redeliver(tenant, route)).body);
    await becomes(tenant, again, { status: "done", delivered: 2 });
    expect(seqsOf(replaysIn(await receiver.requests()))).toEqual([1, 2, 3]);
  });

  it("goes on after a restart, and loses and keeps no letter by it", async () => {
    const { tenant, receiver, route } = await deadLetters({ cs1: 6 });
    await receiver.script({ delayMs: 100 });
    const replay = idOf((await redeliver(tenant, route)).body);
    await expect.poll(async () => replaysIn(await receiver.requests()).length).toBe(3);
    await abortAllDurableObjects();
    await becomes(tenant, replay, { status: "done", matched: 6, delivered: 6 });
    const seqs = seqsOf(replaysIn(await receiver.requests()));
    expect([...new Set(seqs)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(await lettersOf(tenant, route)).toEqual([]);
  });

  it("counts among the ten replays that may be unfinished", async () => {
    const { tenant, route, letters } = await deadLetters({ cs1: 11 });
    await tenant.call("POST", `/v1/routes/${route}/pause`);
    for (const { id } of letters.slice(0, 10)) {
      expect((await redeliver(tenant, route, id)).status).toBe(200);
    }
    const full = { status: 409, body: { code: "limit_reached" } };
    expect(await redeliver(tenant, route, letters[10]?.id)).toMatchObject(full);
    expect(await redeliver(tenant, route)).toMatchObject(full);
    expect((await lettersOf(tenant, route)).at(-1)).toMatchObject({ replay: null });
  });
});
