import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import * as z from "zod";

import { stationName } from "../../src/env.ts";
import type { Answer, TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { type Place, pathOf, SERVED, setUpPlace } from "./endpoints.ts";

/** Every list there is, each with what one of its items is known by. */
const LISTS = {
  "GET /v1/keys": "id",
  "GET /v1/sources": "id",
  "GET /v1/sources/:id/refusals": "at",
  "GET /v1/routes": "id",
  "GET /v1/routes/:id/lanes": "station",
  "GET /v1/routes/:id/dead-letters": "id",
  "GET /v1/replays": "id",
  "GET /v1/events": "id",
  "GET /v1/stations": "station",
  "GET /v1/stations/:id/events": "seq",
  "GET /v1/stations/:id/deliveries": "event",
  "GET /v1/quarantine": "id",
  "GET /v1/audit": "detail",
} as const;

const Page = z.object({
  items: z.array(z.record(z.string(), z.unknown())),
  next: z.string().nullable(),
});

const SOON = { timeout: 20_000, interval: 50 };

/** One for all the tests: they only read. */
let place: Place;
beforeAll(async () => {
  place = await setUpLists();
});
afterAll(() => reset());

/** A place with more than two of everything that is listed. */
async function setUpLists(): Promise<Place> {
  const made = await setUpPlace();
  const { tenant, ids } = made;
  const { sources: source = "", routes: route = "" } = ids;
  const path = `/ingest/${source}`;
  for (const name of ["second", "third"]) {
    await tenant.source({ name });
    await tenant.route("https://hooks.example.com/in", { name, filter: { types: ["none"] } });
    await tenant.send(path, webhook({ station: "cs1" }));
    await tenant.send(path, webhook({ station: name }));
    await tenant.send(path, `not JSON, ${name}`);
    await tenant.call("POST", "/v1/keys", { name, role: "reader" });
    await tenant.call("POST", "/v1/replays", replayOf(route));
  }
  const object = env.TENANT.getByName(tenant.id);
  const refusal = { reason: "signature_missing", count: 1, samples: [] };
  await object.noteRefusals(
    source,
    [1, 2, 3].map((atMs) => ({ ...refusal, atMs })),
  );
  const { events } = await env.STATION.getByName(stationName(tenant.id, "cs1")).read(1, 10);
  const failed = { routeId: route, attempts: 1, lastAnswer: "HTTP 500", snippet: "" };
  for (const event of events) await object.giveUp({ ...failed, event }, "exhausted");
  await tenant.call("POST", `/v1/routes/${route}/resume`);
  const deliveries = "/v1/stations/cs1/deliveries";
  const Replays = z.array(z.looseObject({ status: z.literal("done") }));
  await vi.waitFor(async () => {
    expect((await tenant.items(deliveries)).length).toBeGreaterThan(2);
    Replays.parse(await tenant.items("/v1/replays"));
  }, SOON);
  return made;
}

function replayOf(route: string) {
  const [from, to] = [-60_000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString());
  return { route, from, to };
}

const isList = ({ body }: Answer) => Page.safeParse(body).success;

describe("the table of lists", () => {
  it("has every list that is served", async () => {
    const gets = SERVED.filter((endpoint) => endpoint.startsWith("GET "));
    const lists: string[] = [];
    for (const endpoint of gets) {
      const answer = await place.tenant.call("GET", pathOf(endpoint, place));
      if (isList(answer)) lists.push(endpoint);
    }
    expect(lists.sort()).toEqual(Object.keys(LISTS).sort());
  });
});

describe.each(Object.entries(LISTS))("%s", (endpoint, key) => {
  const page = async (tenant: TestTenant, path: string, query: string) =>
    Page.parse((await tenant.call("GET", `${path}${query}`)).body);

  it("takes a limit of 1 to 200, and nothing else", async () => {
    const path = pathOf(endpoint, place);
    for (const limit of ["1", "200"]) {
      expect((await place.tenant.call("GET", `${path}?limit=${limit}`)).status).toBe(200);
    }
    for (const limit of ["0", "201", "x", "-1", "1.5", "", "1e9", "NaN", "Infinity", "1,2"]) {
      const answer = await place.tenant.call("GET", `${path}?limit=${limit}`);
      expect([limit, answer]).toMatchObject([
        limit,
        { status: 400, body: { code: "invalid_request", issues: [{ path: "limit" }] } },
      ]);
    }
  });

  it("is the same in pages of one, of two and in one", async () => {
    const path = pathOf(endpoint, place);
    const whole = await page(place.tenant, path, "?limit=200");
    expect(whole.items.length).toBeGreaterThan(2);
    expect(whole.next).toBeNull();
    const names = whole.items.map((item) => item[key]);
    expect(names).not.toContain(undefined);
    for (const limit of [1, 2]) {
      const found: unknown[] = [];
      let after = "";
      for (let pages = 0; pages <= names.length; pages += 1) {
        const { items, next } = await page(place.tenant, path, `?limit=${limit}${after}`);
        expect(items.length).toBeLessThanOrEqual(limit);
        found.push(...items.map((item) => item[key]));
        if (next === null) break;
        after = `&after=${encodeURIComponent(next)}`;
      }
      expect(found).toEqual(names);
    }
    const exact = await page(place.tenant, path, `?limit=${names.length}`);
    expect(exact).toMatchObject({ items: { length: names.length }, next: null });
  });
});
