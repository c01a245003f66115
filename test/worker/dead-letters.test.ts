import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { newTenant } from "./support.ts";

afterEach(() => reset());

const ONCE = { retry: { scheduleSeconds: [] } };
const Letter = z.looseObject({ id: z.string(), seq: z.number(), station: z.string() });

const lettersOf = async (tenant: TestTenant, route: string) =>
  z.array(Letter).parse(await tenant.items(`/v1/routes/${route}/dead-letters?limit=200`));

/** A route whose destination has refused that many events of each station. */
async function deadLetters(stations: Record<string, number>) {
  const tenant = await newTenant();
  const { id: source, path } = await tenant.source();
  const receiver = await new Receiver().script({ status: 500, body: "down" });
  const route = await tenant.route(receiver.url, ONCE);
  const sent = [];
  for (const [station, count] of Object.entries(stations)) {
    for (let i = 0; i < count; i += 1) {
      const event = webhook({ station });
      expect((await tenant.send(path, event)).status).toBe(200);
      sent.push(event);
    }
  }
  await expect.poll(async () => (await lettersOf(tenant, route.id)).length).toBe(sent.length);
  const letters = await lettersOf(tenant, route.id);
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
