import { evictDurableObject, reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import type { TestTenant } from "../support/api.ts";
import { feedOf, lastCursor, newTenant, ops, subscribe } from "./support.ts";
import { ask, places, send, statesOf } from "./token-support.ts";

afterEach(() => reset());

const TYPES = ["session.started", "session.updated", "chargestation.online", "session.updated"];

/** Two of each: what is before a subscriber comes, and what comes while it is there. */
async function sendRound(tenant: TestTenant, path: string): Promise<void> {
  for (const type of TYPES) {
    for (const station of ["a", "b", "c"]) await send(tenant, path, station, type);
  }
  // No station's own: it goes to `_account`.
  const user = { type: "user.created", object: "user", data: { _id: "u1" } };
  await tenant.send(path, JSON.stringify({ _id: crypto.randomUUID(), ...user }));
}

interface Claims {
  readonly claims: { readonly stations?: readonly string[]; readonly types?: readonly string[] };
  readonly query?: string;
  /** What of a round it may see. */
  readonly sees: (station: string, type: string) => boolean;
}

const stationsOf = ({ claims }: Claims) => claims.stations;
const isSession = (type: string) => type.startsWith("session.");

const CLAIMS: readonly (readonly [string, Claims])[] = [
  ["no limit", { claims: {}, sees: () => true }],
  ["stations", { claims: { stations: ["a", "b"] }, sees: (station) => /^[ab]$/.test(station) }],
  ["types", { claims: { types: ["session.*"] }, sees: (_station, type) => isSession(type) }],
  [
    "stations and types",
    {
      claims: { stations: ["a"], types: ["*.updated"] },
      sees: (station, type) => station === "a" && type === "session.updated",
    },
  ],
  [
    "stations and a filter of types",
    {
      claims: { stations: ["a"] },
      query: "types=session.started",
      sees: (station, type) => station === "a" && type === "session.started",
    },
  ],
  [
    "types and a filter of stations",
    {
      claims: { types: ["session.*"] },
      query: "stations=b,_account",
      sees: (station, type) => station === "b" && isSession(type),
    },
  ],
  [
    "stations and a filter that asks for more",
    {
      claims: { stations: ["a"] },
      query: "stations=a,b,c&types=*",
      sees: (station) => station === "a",
    },
  ],
  [
    "stations and a filter that asks for others",
    { claims: { stations: ["a"] }, query: "stations=b,c", sees: () => false },
  ],
  [
    "types and a filter that looks into bodies",
    {
      claims: { types: ["session.*"] },
      query: `match=${encodeURIComponent('{"data.status":"Started"}')}`,
      sees: (station, type) => station !== "_account" && isSession(type),
    },
  ],
  ["the account's lane", { claims: { stations: ["_account"] }, sees: (s) => s === "_account" }],
];

/** Every event of a round, as `station type`, that such a subscriber sees. */
function expectedOf({ sees }: Claims, stations = ["a", "b", "c"]): string[] {
  const all = TYPES.flatMap((type) => stations.map((station) => [station, type] as const));
  const account = stations.length === 3 ? [["_account", "user.created"] as const] : [];
  return [...all, ...account]
    .filter(([station, type]) => sees(station, type))
    .map(([station, type]) => `${station} ${type}`)
    .sort();
}

const withoutSeq = (list: readonly string[]) =>
  list.map((place) => place.replace(/ \d+ /, " ")).sort();

describe.each(CLAIMS)("a token of %s", (_name, claims) => {
  const query = claims.query === undefined ? "" : `&${claims.query}`;

  it("keeps to them on the feed: in what it replays, and in what is live", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const start = await subscribe(tenant);
    await expect.poll(() => start.frames).toHaveLength(1);
    const cursor = lastCursor(start.frames);
    await sendRound(tenant, path);
    const token = await tenant.token(claims.claims);
    const froms = ["now", "start", cursor];
    const subscribers = await Promise.all(
      froms.map((from) => subscribe(tenant, `/v1/stream?from=${from}${query}`, token)),
    );
    for (const { frames } of subscribers) await expect.poll(() => frames.length).toBeGreaterThan(0);
    await evictDurableObject(feedOf(tenant));
    await sendRound(tenant, path);
    const once = expectedOf(claims);
    const [live, fromStart, resumed] = subscribers;
    const expected = [once, [...once, ...once].sort(), [...once, ...once].sort()];
    const seen = [live, fromStart, resumed].map((each) => each?.frames ?? []);
    // `start` sees everything, so once it has all, all has been sent to everybody.
    await expect.poll(() => places(start.frames)).toHaveLength(26);
    await expect.poll(() => seen.map((frames) => withoutSeq(places(frames)))).toEqual(expected);
  });

  it("keeps to their stations in a snapshot", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await sendRound(tenant, path);
    const token = await tenant.token(claims.claims);
    const { frames } = await subscribe(tenant, `/v1/stream?from=snapshot${query}`, token);
    await expect.poll(() => ops(frames)).toEqual(["hello", "snapshot"]);
    const listed = new URLSearchParams(query).get("stations")?.split(",");
    const stations = ["_account", "a", "b", "c"]
      .filter((station) => listed?.includes(station) ?? true)
      .filter((station) => stationsOf(claims)?.includes(station) ?? true);
    const shown = statesOf(frames, "snapshot").map(({ station }) => station);
    expect(shown.sort()).toEqual(stations);
  });

  it("keeps to them on a station's stream", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await sendRound(tenant, path);
    const token = await tenant.token(claims.claims);
    const at = `/v1/stations/a/stream?from=start${query}`;
    if (stationsOf(claims)?.includes("a") === false) {
      expect((await ask(tenant, at, token)).status).toBe(403);
      return;
    }
    const all = await subscribe(tenant, "/v1/stations/a/stream?from=start");
    const { frames } = await subscribe(tenant, at, token);
    await expect.poll(() => frames.length).toBeGreaterThan(0);
    await sendRound(tenant, path);
    await expect.poll(() => places(all.frames)).toHaveLength(8);
    const once = expectedOf(claims, ["a"]);
    await expect.poll(() => withoutSeq(places(frames))).toEqual([...once, ...once].sort());
  });
});

describe("a token whose types", () => {
  it.each([
    ["cover those of sessions", ["session.*", "chargestation.*"], 1],
    ["leave out one of those of sessions", ["chargestation.*", "session.updated"], 0],
  ])("%s: its snapshots have so many sessions: %3$i", async (_name, types, count) => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path, "a");
    const token = await tenant.token({ types });
    for (const stream of ["/v1/stream", "/v1/stations/a/stream"]) {
      const { frames } = await subscribe(tenant, `${stream}?from=snapshot`, token);
      await expect.poll(() => ops(frames)).toEqual(["hello", "snapshot"]);
      expect(statesOf(frames, "snapshot")).toMatchObject([{ station: "a", seq: 1 }]);
      expect(statesOf(frames, "snapshot")[0]?.sessions).toHaveLength(count);
    }
  });
});

describe("a token of a thousand stations", () => {
  it("opens streams, sees those and no others, and goes on after a sleep", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const stations = Array.from({ length: 1_000 }, (_, i) => `cs${`${i}`.padStart(10, "0")}`);
    const token = await tenant.token({ stations });
    const { frames } = await subscribe(tenant, "/v1/stream", token);
    await expect.poll(() => ops(frames)).toEqual(["hello"]);
    const inside = stations[999] ?? "";
    await send(tenant, path, "outside");
    await send(tenant, path, inside);
    await evictDurableObject(feedOf(tenant));
    await send(tenant, path, "outside");
    await send(tenant, path, inside);
    await expect.poll(() => places(frames)).toHaveLength(2);
    expect(places(frames)).toEqual([1, 2].map((seq) => `${inside} ${seq} session.updated`));
    expect((await ask(tenant, `/v1/stations/${inside}/stream`, token)).status).toBe(101);
    expect((await ask(tenant, "/v1/stations/outside/stream", token)).status).toBe(403);
  });
});
