import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { toUtf8 } from "../../src/domain/encoding.ts";
import { QuarantinedBody, ReleasedWebhook } from "../../src/domain/quarantine-answers.ts";
import { stationName } from "../../src/env.ts";
import { Database } from "../../src/store/database.ts";
import { claimRelease } from "../../src/store/quarantine-store.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { around } from "./outage-support.ts";
import { eventsOf, newTenant, subscribe } from "./support.ts";

const Held = z.looseObject({ id: z.string(), reason: z.string() });
const Entry = z.looseObject({ action: z.string(), target: z.string() });

afterEach(() => reset());

/** A tenant with a station `cs1` that has one event, and what is needed to quarantine more. */
async function setUp() {
  const tenant = await newTenant();
  const { path, id: source } = await tenant.source();
  await tenant.send(path, webhook({ station: "cs1" }));
  const hold = async (content: Parameters<TestTenant["send"]>[1]) => {
    await tenant.send(path, content);
    const items = z.array(Held).parse(await tenant.items("/v1/quarantine"));
    return items.at(-1)?.id ?? "none";
  };
  /** Past the edge, for bodies that no test can send as text and for reasons hard to come by. */
  const put = async (reason: string, body: Uint8Array<ArrayBuffer>) => {
    const entry = { id: `q_${reason}`, sourceId: source, reason, receivedAtMs: Date.now() };
    await env.TENANT.getByName(tenant.id).quarantine(entry, body);
    return entry.id;
  };
  const release = (id: string, body?: unknown) =>
    tenant.call("POST", `/v1/quarantine/${id}/release`, body);
  const held = async () =>
    z
      .array(Held)
      .parse(await tenant.items("/v1/quarantine"))
      .map(({ id }) => id);
  const events = (station: string) => tenant.items(`/v1/stations/${station}/events`);
  return { tenant, source, path, hold, put, release, held, events };
}

/** Signed, and with a station that is none. */
const misplaced = () => webhook({ station: "not a station" });

describe("GET /v1/quarantine/{id}", () => {
  it("shows all of a body that is text", async () => {
    const { tenant, source, hold } = await setUp();
    const text = `{"long": "${"é".repeat(2_000)}"`;
    const id = await hold(text);
    const answer = await tenant.call("GET", `/v1/quarantine/${id}`);
    expect(answer.status).toBe(200);
    const shown = z.strictObject(QuarantinedBody.shape).parse(answer.body);
    expect(shown).toMatchObject({ id, source, reason: "not_json", encoding: "text", body: text });
    expect(shown.size).toBe(toUtf8(text).length);
    expect(shown.releasing).toBeNull();
  });

  it.each([
    [new Uint8Array([0xff, 0xfe, 0x00]), "base64", "//4A"],
    [new Uint8Array(), "text", ""],
    [toUtf8("\ufeff{}"), "text", "\ufeff{}"],
  ])("shows the bytes %o as %s, none of them lost", async (bytes, encoding, body) => {
    const { tenant, put } = await setUp();
    const id = await put("not_json", bytes);
    const answer = await tenant.call("GET", `/v1/quarantine/${id}`);
    expect(answer.body).toMatchObject({ encoding, body });
  });

  it("knows only what is there, and of this tenant", async () => {
    const { tenant, hold } = await setUp();
    const id = await hold("not JSON");
    expect((await tenant.call("GET", "/v1/quarantine/q_1")).status).toBe(404);
    expect((await (await newTenant()).call("GET", `/v1/quarantine/${id}`)).status).toBe(404);
  });
});

describe("POST /v1/quarantine/{id}/release", () => {
  it("makes an event of it in the station that is named, for everyone who listens", async () => {
    const { tenant, source, hold, release, held, events } = await setUp();
    const { socket, frames } = await subscribe(tenant);
    const sent = misplaced();
    const id = await hold(sent);
    const answer = await release(id, { station: "cs1" });
    const expected = { id, status: "accepted", event: sent._id, type: sent.type, station: "cs1" };
    expect(answer).toMatchObject({ status: 200, body: expected });
    expect(z.strictObject(ReleasedWebhook.shape).parse(answer.body)).toEqual(expected);
    expect(await held()).toEqual([]);
    const event = {
      id: sent._id,
      source,
      station: "cs1",
      seq: 2,
      occurredAt: sent.createdAt,
      body: sent,
    };
    expect((await events("cs1"))[1]).toMatchObject(event);
    await expect
      .poll(() => eventsOf(frames).filter(({ station }) => station === "cs1"))
      .toMatchObject([event]);
    socket.close();
  });

  it("goes into the tenant's own lane by its name, also when nothing is in it", async () => {
    const { hold, release, events } = await setUp();
    const sent = misplaced();
    const id = await hold(sent);
    expect((await release(id, { station: "_account" })).status).toBe(200);
    await expect
      .poll(async () => await events("_account"))
      .toContainEqual(expect.objectContaining({ id: sent._id }));
  });

  it("reads the station from the body when none is named", async () => {
    const { put, release, held, events } = await setUp();
    const sent = webhook({ station: "cs1", createdAt: "2020-01-01T00:00:00.000Z" });
    const id = await put("stale", toUtf8(JSON.stringify(sent)));
    expect(await release(id)).toMatchObject({
      status: 200,
      body: { status: "accepted", station: "cs1" },
    });
    const event = { id: sent._id, late: true, occurredAt: sent.createdAt };
    expect((await events("cs1"))[1]).toMatchObject(event);
    expect(await held()).toEqual([]);
  });

  it("skips the test of age that the edge makes", async () => {
    const { tenant, put, release, events } = await setUp();
    const station = env.STATION.getByName(stationName(tenant.id, "cs1"));
    // As after the log has let go of events until now.
    await runInDurableObject(station, (_instance, { storage }) => {
      const forgotten = "json_set(head, '$.oldest', 2, '$.forgottenUntilMs', ?)";
      storage.sql.exec(`UPDATE log SET head = ${forgotten} WHERE head IS NOT NULL`, Date.now());
    });
    await evictDurableObject(station);
    const sent = webhook({ station: "cs1", createdAt: "2020-01-01T00:00:00.000Z" });
    const id = await put("stale", toUtf8(JSON.stringify(sent)));
    expect((await release(id)).status).toBe(200);
    expect(await events("cs1")).toContainEqual(expect.objectContaining({ id: sent._id, seq: 2 }));
  });

  it("lets what has no time of its own count for when it came", async () => {
    const { tenant, release, events } = await setUp();
    const { path } = await tenant.source({ scheme: "body" });
    const sent = webhook({ station: "cs1", createdAt: "unreadable" });
    await tenant.send(path, sent, { scheme: "body" });
    const [{ id }] = z.tuple([Held]).parse(await tenant.items("/v1/quarantine"));
    const shown = await tenant.call("GET", `/v1/quarantine/${id}`);
    expect(shown.body).toMatchObject({ reason: "stale" });
    const { receivedAt } = QuarantinedBody.parse(shown.body);
    expect((await release(id)).status).toBe(200);
    expect((await events("cs1"))[1]).toMatchObject({ id: sent._id, occurredAt: receivedAt });
  });

  it("counts what the station has already as released, and adds nothing", async () => {
    const { put, release, held, events } = await setUp();
    const [first] = z
      .array(z.looseObject({ id: z.string(), body: z.unknown() }))
      .parse(await events("cs1"));
    const id = await put("stale", toUtf8(JSON.stringify(first?.body)));
    expect(await release(id)).toMatchObject({
      status: 200,
      body: { status: "duplicate", event: first?.id },
    });
    expect(await held()).toEqual([]);
    expect(await events("cs1")).toHaveLength(1);
  });

  it.each([
    ["not JSON", "JSON"],
    ["[1]", "JSON object"],
    ['{"_id": "1"}', "type"],
    [JSON.stringify(misplaced()), "station"],
  ])("refuses %s, and keeps it", async (content, word) => {
    const { hold, release, held, events } = await setUp();
    const id = await hold(content);
    const answer = await release(id);
    expect(answer).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect(answer.body).toMatchObject({ detail: expect.stringContaining(word) });
    expect(await held()).toEqual([id]);
    expect(await events("cs1")).toHaveLength(1);
  });

  it("makes no event of what is not JSON, whatever station is named", async () => {
    const { hold, release, held } = await setUp();
    const id = await hold("not JSON");
    expect((await release(id, { station: "cs1" })).status).toBe(409);
    expect(await held()).toEqual([id]);
  });

  it.each([
    [{ station: "unknown" }, 404],
    [{ station: "not a station" }, 400],
    [{ station: 1 }, 400],
    [{ stations: "cs1" }, 400],
  ])("answers %j with %i, and creates nothing", async (body, status) => {
    const { tenant, hold, release, held } = await setUp();
    const id = await hold(misplaced());
    expect((await release(id, body)).status).toBe(status);
    expect(await held()).toEqual([id]);
    expect((await tenant.call("GET", "/v1/stations/unknown")).status).toBe(404);
  });

  it("happens once when it is asked for twice at once", async () => {
    const { hold, release, events } = await setUp();
    const id = await hold(misplaced());
    const answers = await Promise.all([
      release(id, { station: "cs1" }),
      release(id, { station: "cs1" }),
    ]);
    for (const { status } of answers) expect([200, 404]).toContain(status);
    expect(answers.map(({ status }) => status)).toContain(200);
    expect(await events("cs1")).toHaveLength(2);
    expect((await release(id, { station: "cs1" })).status).toBe(404);
  });

  it("loses and doubles nothing when the tenant dies between the event and the end of the entry", async () => {
    const { tenant, source, hold, release, held, events } = await setUp();
    const sent = misplaced();
    const id = await hold(sent);
    // As the release leaves it: the station is decided on and has the event.
    const object = env.TENANT.getByName(tenant.id);
    await runInDurableObject(object, (_instance, { storage }) =>
      claimRelease(new Database(storage), id, "cs1"),
    );
    const station = env.STATION.getByName(stationName(tenant.id, "cs1"));
    const event = { id: sent._id, type: sent.type, source, createdAtMs: null };
    await station.append([
      { ...event, receivedAtMs: Date.now(), body: JSON.stringify(sent), replayable: false },
    ]);
    await evictDurableObject(object);

    expect(await held()).toEqual([id]);
    expect((await tenant.call("GET", `/v1/quarantine/${id}`)).body).toMatchObject({
      releasing: "cs1",
    });
    // Another station's order would take it for a new one.
    expect(await release(id, { station: "_account" })).toMatchObject({
      status: 409,
      body: { code: "conflict", detail: expect.stringContaining("cs1") },
    });
    expect(await release(id)).toMatchObject({
      status: 200,
      body: { status: "duplicate", station: "cs1" },
    });
    expect(await held()).toEqual([]);
    expect(await events("cs1")).toHaveLength(2);
  });

  it("is recorded also when the entry is discarded meanwhile: there is an event all the same", async () => {
    const { tenant, hold, release, events } = await setUp();
    const id = await hold(misplaced());
    await around(env.STATION.getByName(stationName(tenant.id, "cs1")), "append", async (real) => {
      const statuses = await real();
      await scheduler.wait(1_000);
      return statuses;
    });
    const released = release(id, { station: "cs1" });
    await expect.poll(() => events("cs1")).toHaveLength(2);
    expect((await tenant.call("DELETE", `/v1/quarantine/${id}`)).status).toBe(204);
    expect(await released).toMatchObject({ status: 200, body: { status: "accepted" } });
    const entries = z.array(Entry).parse(await tenant.items("/v1/audit"));
    expect(entries.slice(0, 2).map(({ action }) => action)).toEqual([
      "quarantine.released",
      "quarantine.discarded",
    ]);
  });

  it("is recorded in the audit log, and refusals are not", async () => {
    const { tenant, hold, release } = await setUp();
    const sent = misplaced();
    const id = await hold(sent);
    await release(id);
    await release(id, { station: "cs1" });
    const entries = z.array(Entry).parse(await tenant.items("/v1/audit"));
    expect(entries.filter(({ action }) => action.startsWith("quarantine"))).toMatchObject([
      {
        action: "quarantine.released",
        target: id,
        key: expect.any(String),
        detail: { station: "cs1", event: sent._id, type: sent.type, status: "accepted" },
      },
    ]);
  });
});
