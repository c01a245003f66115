import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { Database } from "../../src/store/database.ts";
import { insertTicket, MAX_TICKETS } from "../../src/store/ticket-store.ts";
import type { TestTenant } from "../support/api.ts";
import { byTicket, EventReader, socketCount } from "./sse-support.ts";
import { newTenant, ops, seqs, worker } from "./support.ts";
import {
  ask,
  inSeconds,
  mint,
  newKey,
  newTicket,
  places,
  send,
  statesOf,
} from "./token-support.ts";

const Problem = z.object({ code: z.string() });
const Ticket = z.object({ expiresAt: z.string() });

afterEach(() => reset());

async function start() {
  const tenant = await newTenant();
  const { path } = await tenant.source();
  await send(tenant, path, "a");
  return { tenant, path };
}

async function open(tenant: TestTenant, ticket: string, path?: string, last?: string) {
  const response = await byTicket(tenant, ticket, path, last);
  expect(response.status).toBe(200);
  return new EventReader(response).until(({ messages }) => messages.length > 0);
}

/** What a ticket is answered that does not open its stream. */
async function refusal(...asking: Parameters<typeof byTicket>) {
  const response = await byTicket(...asking);
  return [response.status, Problem.parse(await response.json()).code];
}

const has = (count: number) => (reader: EventReader) => seqs(reader.frames).length >= count;
const UNAUTHORIZED = [401, "unauthorized"];
const STATION = "/v1/stations/a/stream";

describe("a ticket", () => {
  it.each(["/v1/stream", STATION])(
    "opens %s once, and then continues it exactly",
    async (stream) => {
      const { tenant, path } = await start();
      const ticket = await newTicket(tenant);
      const first = await open(tenant, ticket, stream);
      await send(tenant, path, "a");
      await first.until(has(1));
      await first.close();
      expect(await refusal(tenant, ticket, stream)).toEqual(UNAUTHORIZED);
      for (let i = 0; i < 3; i += 1) await send(tenant, path, "a");
      const again = await open(tenant, ticket, stream, first.lastId);
      await send(tenant, path, "a");
      await again.until(has(4));
      expect(seqs(again.frames)).toEqual([3, 4, 5, 6]);
      expect(again.frames[0]).toMatchObject({ recovered: true });
    },
  );

  it("continues a stream that was broken off in its snapshot with the snapshot", async () => {
    const { tenant } = await start();
    const ticket = await newTicket(tenant);
    const first = await open(tenant, ticket, "/v1/stream?from=snapshot");
    expect(first.lastId).toMatch(/^snapshot\./);
    await first.close();
    const again = await open(tenant, ticket, "/v1/stream", first.lastId);
    await again.until(({ messages }) => messages.length === 2);
    expect(ops(again.frames)).toEqual(["hello", "snapshot"]);
  });

  it("continues with nothing but a place of its own stream", async () => {
    const { tenant } = await start();
    const other = await newTenant();
    const ticket = await newTicket(tenant);
    const mine = await open(tenant, ticket);
    const foreign = await open(other, await newTicket(other));
    const station = await open(tenant, await newTicket(tenant), STATION);
    const junk = ["junk", "now", "start", "snapshot", "snapshot.", "snapshot.now", "x".repeat(999)];
    for (const id of [...junk, foreign.lastId, station.lastId, `snapshot.${foreign.lastId}`]) {
      expect(await refusal(tenant, ticket, "/v1/stream", id)).toEqual(UNAUTHORIZED);
    }
    const again = await open(tenant, ticket, "/v1/stream", mine.lastId);
    expect(again.frames).toMatchObject([{ recovered: true }]);
  });

  it("opens nothing with a Last-Event-ID that it has no stream to", async () => {
    const { tenant } = await start();
    const mine = await open(tenant, await newTicket(tenant));
    const ticket = await newTicket(tenant);
    for (const id of ["junk", mine.lastId]) {
      expect(await refusal(tenant, ticket, "/v1/stream", id)).toEqual(UNAUTHORIZED);
    }
    // Nor has it been used by that.
    await open(tenant, ticket);
  });

  it("belongs to the stream that it has opened", async () => {
    const { tenant, path } = await start();
    await send(tenant, path, "b");
    const ticket = await newTicket(tenant);
    const first = await open(tenant, ticket, STATION);
    for (const stream of ["/v1/stream", "/v1/stations/b/stream"]) {
      // Nor is a place of the other stream enough, which whoever has a ticket may know.
      const other = await open(tenant, await newTicket(tenant), stream);
      expect(await refusal(tenant, ticket, stream)).toEqual(UNAUTHORIZED);
      expect(await refusal(tenant, ticket, stream, first.lastId)).toEqual(UNAUTHORIZED);
      expect(await refusal(tenant, ticket, stream, other.lastId)).toEqual(UNAUTHORIZED);
    }
  });

  it("opens one stream, were it presented several times at once", async () => {
    const { tenant } = await start();
    const ticket = await newTicket(tenant);
    const all = await Promise.all(Array.from({ length: 8 }, () => byTicket(tenant, ticket)));
    expect(all.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(401)]);
    expect(await socketCount(tenant)).toBe(1);
  });

  it("is of no use after 60 s in which it has opened nothing", async () => {
    const { tenant } = await start();
    const late = await mint(tenant, { kind: "ticket", fromMs: -61_000 });
    expect(await refusal(tenant, late)).toEqual(UNAUTHORIZED);
    const inTime = await mint(tenant, { kind: "ticket", fromMs: -55_000 });
    await open(tenant, inTime);
  });

  it("ends with whoever asked for it: with a goodbye, and then for good", async () => {
    const { tenant } = await start();
    const untilMs = inSeconds(1);
    const endsAtMs = Date.now() + untilMs;
    const token = await mint(tenant, { untilMs });
    const ticket = await newTicket(tenant, { ttlSeconds: 86_400 }, token);
    const reader = await open(tenant, ticket);
    await reader.takeAll();
    expect(reader.frames.at(-1)).toMatchObject({ op: "bye", code: 4401 });
    expect(Date.now()).toBeGreaterThanOrEqual(endsAtMs);
    expect(await refusal(tenant, ticket, "/v1/stream", reader.lastId)).toEqual(UNAUTHORIZED);
  });

  it("says when it ends: when its asker does, or at what it asked for, whichever comes first", async () => {
    const { tenant } = await start();
    const token = await mint(tenant, { untilMs: 100_000 });
    const expiresIn = async (ttlSeconds: number) => {
      const { body } = await tenant.call("POST", "/v1/tickets", { ttlSeconds }, token);
      return (Date.parse(Ticket.parse(body).expiresAt) - Date.now()) / 1000;
    };
    expect(await expiresIn(86_400)).toBeLessThanOrEqual(100);
    expect(await expiresIn(86_400)).toBeGreaterThan(90);
    expect(await expiresIn(10)).toBeLessThanOrEqual(10);
  });

  it("shows no more than its asker may see, and no more than it asked for", async () => {
    const { tenant, path } = await start();
    const token = await tenant.token({ stations: ["a", "b"] });
    const ticket = await newTicket(tenant, { stations: ["b", "c"], types: ["session.*"] }, token);
    const reader = await open(tenant, ticket, "/v1/stream?stations=a,b,c");
    for (const station of ["a", "b", "c"]) {
      for (const type of ["session.updated", "chargestation.online"]) {
        await send(tenant, path, station, type);
      }
    }
    await send(tenant, path, "b", "session.ended");
    await reader.until(has(2));
    expect(places(reader.frames)).toEqual(["b 1 session.updated", "b 3 session.ended"]);
    expect(
      await refusal(tenant, await newTicket(tenant, {}, token), "/v1/stations/c/stream"),
    ).toEqual([403, "forbidden"]);
  });

  it("of a token of the view `state` has that view, whatever it asks for", async () => {
    const { tenant, path } = await start();
    const token = await tenant.token({ view: "state" });
    const reader = await open(tenant, await newTicket(tenant, { view: "events" }, token));
    await send(tenant, path, "a");
    await reader.until(({ frames }) => ops(frames).includes("state"));
    expect(statesOf(reader.frames, "state")).toMatchObject([{ station: "a" }]);
    const another = await newTicket(tenant, { view: "events" }, token);
    const match = "/v1/stream?match=%7B%7D";
    expect(await refusal(tenant, another, match)).toEqual([403, "forbidden_filter"]);
  });

  it("is not used up by a request that is refused for something else", async () => {
    const { tenant } = await start();
    const ticket = await newTicket(tenant);
    expect((await byTicket(tenant, ticket, "/v1/stream?type=x")).status).toBe(400);
    expect((await byTicket(tenant, ticket, "/v1/stations/none/stream")).status).toBe(404);
    await tenant.call("PATCH", "/v1/settings", { allowedOrigins: ["https://app.test"] });
    for (const stream of ["/v1/stream", STATION]) {
      const headers = { accept: "text/event-stream", origin: "https://evil.test" };
      const answer = await ask(tenant, `${stream}?ticket=${ticket}`, null, headers);
      expect(answer).toMatchObject({ status: 403, code: "forbidden_origin" });
    }
    await open(tenant, ticket);
  });

  it("is not used up by one who asks for the headers alone, and no stream is opened for that", async () => {
    const { tenant } = await start();
    const ticket = await newTicket(tenant);
    const url = `${tenant.origin}/v1/stream?ticket=${ticket}`;
    const headers = { accept: "text/event-stream" };
    const response = await worker(new Request(url, { method: "HEAD", headers }));
    expect(response.status).toBe(401);
    expect(await socketCount(tenant)).toBe(0);
    await open(tenant, ticket);
  });

  it("opens no WebSocket", async () => {
    const { tenant } = await start();
    const ticket = await newTicket(tenant);
    const upgrade = { upgrade: "websocket" };
    expect((await ask(tenant, `/v1/stream?ticket=${ticket}`, null, upgrade)).status).toBe(401);
    expect((await ask(tenant, `/v1/stream?ticket=${ticket}`, tenant.key, upgrade)).status).toBe(
      400,
    );
    const protocols = { ...upgrade, "sec-websocket-protocol": `chargewire.v1, auth.${ticket}` };
    expect((await ask(tenant, "/v1/stream", null, protocols)).status).toBe(401);
    expect((await ask(tenant, "/v1/stream", ticket)).status).toBe(401);
    await open(tenant, ticket);
  });

  it("is not a key or a token in its place", async () => {
    const { tenant } = await start();
    for (const text of [tenant.key, await tenant.token(), "", "x"]) {
      expect(await refusal(tenant, text)).toEqual(UNAUTHORIZED);
    }
  });

  it("does not open a stream of a key that has been deleted, nor continue one", async () => {
    const { tenant } = await start();
    const { id, apiKey } = await newKey(tenant);
    const [opened, unopened] = [
      await newTicket(tenant, {}, apiKey),
      await newTicket(tenant, {}, apiKey),
    ];
    const reader = await open(tenant, opened);
    await tenant.call("DELETE", `/v1/keys/${id}`);
    await reader.takeAll();
    expect(await refusal(tenant, opened, "/v1/stream", reader.lastId)).toEqual(UNAUTHORIZED);
    expect(await refusal(tenant, unopened)).toEqual(UNAUTHORIZED);
  });

  it("finds room when many are in use: the oldest can then not be continued", async () => {
    const { tenant } = await start();
    const [ticket, another] = [await newTicket(tenant), await newTicket(tenant)];
    await fillTickets(tenant, Date.now() - 61_000);
    await open(tenant, ticket);
    await open(tenant, another);
    expect(await socketCount(tenant)).toBe(2);
  });

  it("is refused for a while when as many were opened within a minute", async () => {
    const { tenant } = await start();
    const ticket = await newTicket(tenant);
    await fillTickets(tenant, Date.now());
    const full = await byTicket(tenant, ticket);
    expect([full.status, full.headers.get("retry-after")]).toEqual([429, "60"]);
    await full.body?.cancel();
    expect(await socketCount(tenant)).toBe(0);
  });
});

/** As many as a tenant keeps, opened at that time. */
async function fillTickets(tenant: TestTenant, openedAtMs: number): Promise<void> {
  const ticket = { stream: "", openedAtMs, expiresAtMs: Date.now() + 3_600_000 };
  await runInDurableObject(env.TENANT.getByName(tenant.id), (_instance, { storage }) => {
    const db = new Database(storage);
    for (let i = 0; i < MAX_TICKETS; i += 1) insertTicket(db, { ...ticket, id: `tk${i}` });
  });
}
