import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { buildRelay } from "../../bench/relay-server.ts";
import { Api, RelayedEvent } from "../../cli/relay/api.ts";
import { BareRelay } from "../support/bare-relay.ts";
import { MASTER_KEY, OPERATOR_KEY } from "../support/secrets.ts";
import { signedRequest, type WebhookBody, webhook } from "../support/webhooks.ts";
import { Destinations, isSigned } from "../upgrade/destinations.ts";
import { listAll, listAs, makeState, STATIONS, STATUSES } from "../upgrade/make-state.ts";
import { type Mix, mixOf, setUpMix } from "../upgrade/mix.ts";
import { LAST_RELEASE, RELEASE_NAMES, readWorker, type Version } from "../upgrade/releases.ts";
import { type Facts, unpack } from "../upgrade/state-fixture.ts";
import { StreamReader } from "../upgrade/stream-reader.ts";

/** All that was to be tried again is due by then. */
const LATER_MS = 2 * 3_600_000;
const POLL = { timeout: 30_000, interval: 20 };
const SECRETS = { operatorKey: OPERATOR_KEY, masterKey: MASTER_KEY };
const WELL = Object.fromEntries([...Object.keys(STATUSES), "paused.test"].map((h) => [h, 200]));

interface Case {
  readonly title: string;
  readonly written: Version;
  readonly mix: Mix;
}
const CASES: readonly Case[] = [
  ...RELEASE_NAMES.map((written) => ({
    title: `the state of ${written}, in this version`,
    ...{ written, mix: mixOf("current") },
  })),
  {
    title: `the state of ${LAST_RELEASE}, in this version's objects, asked by ${LAST_RELEASE}`,
    ...{ written: LAST_RELEASE, mix: mixOf("current", [LAST_RELEASE]) },
  },
  {
    title: `the state of ${LAST_RELEASE}, in its own objects, asked by this version`,
    ...{ written: LAST_RELEASE, mix: mixOf(LAST_RELEASE, ["current"]) },
  },
  {
    title: `the state of this version, back in ${LAST_RELEASE}`,
    ...{ written: "current", mix: mixOf(LAST_RELEASE) },
  },
];

let current = "";
const codeOf = (version: Version) => (version === "current" ? current : readWorker(version));

/** A relay on that state, at a time at which all is due that was to be tried again. */
interface Stage {
  readonly relay: BareRelay;
  readonly destinations: Destinations;
  readonly facts: Facts;
  readonly aheadMs: number;
}
const stages: Stage[] = [];

// All at once: what they owe they deliver by themselves, each after a wait of its own.
beforeAll(async () => {
  current = buildRelay().code;
  for (const each of CASES) stages.push(await open(each));
});
afterAll(async () => {
  for (const { relay, destinations } of stages) {
    await relay.stop();
    await destinations.close();
  }
});

async function open({ written, mix }: Case): Promise<Stage> {
  const relay = await BareRelay.build(() => ({}), SECRETS);
  const facts = written === "current" ? await writeState(relay) : unpack(written, relay.state);
  const destinations = await Destinations.open(WELL);
  const aheadMs = facts.madeAtMs + LATER_MS - Date.now();
  const { address } = destinations;
  relay.setUp(setUpMix(mix, { codeOf, aheadMs, destinations: address }));
  await relay.start();
  return { relay, destinations, facts, aheadMs };
}

describe.each(CASES.map(({ title }, index) => ({ title, index })))("$title", ({ index }) => {
  let relay: BareRelay;
  let destinations: Destinations;
  let facts: Facts;
  let aheadMs = 0;
  beforeAll(() => {
    const stage = stages[index];
    if (stage === undefined) throw new Error("the relay did not start");
    ({ relay, destinations, facts, aheadMs } = stage);
  });

  const api = () => new Api(relay.url, facts.adminKey);
  const send = async (content: WebhookBody, path = facts.ingestPath) => {
    const t = Date.now() + aheadMs;
    return (await fetch(await signedRequest(relay.url + path, content, { t }))).status;
  };
  const statusOf = async (path: string, key: string) =>
    (await fetch(relay.url + path, { headers: { authorization: `Bearer ${key}` } })).status;
  const received = (host: string, count: number) =>
    expect.poll(() => destinations.places(host).length, POLL).toBe(count);
  const secretOf = (host: string) => facts.routes[host]?.secret ?? "";

  it("makes the deliveries that were owed, in order, before anything new comes", async () => {
    const owed = placesOf(facts.events.filter(({ type }) => type.startsWith("session.")));
    expect(owed).toHaveLength(12);
    for (const host of ["down.test", "gated.test"]) {
      if (facts.routes[host] === undefined) continue;
      await received(host, owed.length);
      const places = destinations.places(host);
      for (const station of STATIONS)
        expect(ofStation(places, station)).toEqual(ofStation(owed, station));
      for (const one of destinations.of(host)) expect(isSigned(one, secretOf(host))).toBe(true);
    }
  });

  it("lists every event as it was, in order", async () => {
    const listed = await listAll(api(), "/v1/events");
    expect(listed.slice(0, facts.events.length)).toEqual(facts.events);
    for (const station of STATIONS) {
      const log = await listAll(api(), `/v1/stations/${station}/events`);
      expect(log).toEqual(facts.events.filter((event) => event.station === station));
    }
  });

  it("shows the stations, the quarantine and the dead letters as they were", async () => {
    const shown = await listAll(api(), "/v1/stations");
    // The relay's own events go on in the lane of the account, which comes first.
    expect(facts.stations.map(({ station }) => station)).toEqual(["_account", ...STATIONS]);
    expect(shown.slice(1)).toMatchObject(facts.stations.slice(1));
    expect(facts.quarantine).toHaveLength(1);
    expect(await listAll(api(), "/v1/quarantine")).toMatchObject(facts.quarantine);
    const letters = `/v1/routes/${facts.routes["refusing.test"]?.id}/dead-letters`;
    expect(facts.deadLetters).toHaveLength(4);
    expect(await listAll(api(), letters)).toMatchObject(facts.deadLetters);
  });

  it("knows its keys, and none that was deleted", async () => {
    expect(await statusOf("/v1/events", facts.readerKey)).toBe(200);
    expect(await statusOf("/v1/events", facts.deletedKey)).toBe(401);
    expect(await statusOf("/v1/events", facts.removedTenant.apiKey)).toBe(401);
    expect(await send(webhook(), facts.removedTenant.ingestPath)).toBe(404);
  });

  it("answers whatever else can be read", async () => {
    const paths = ["keys", "sources", "routes", "replays", "audit", "usage", "metrics", "settings"];
    const route = `routes/${facts.routes["down.test"]?.id}`;
    paths.push("config", route, `${route}/lanes`, "stations/a", "stations/a/deliveries");
    for (const path of paths) {
      expect([path, await statusOf(`/v1/${path}`, facts.adminKey)]).toEqual([path, 200]);
    }
    expect(await statusOf("/v1/tenants", OPERATOR_KEY)).toBe(200);
  });

  it("takes no event twice", async () => {
    const Body = z.custom<WebhookBody>((body) => typeof body === "object");
    const before = await webhooksOf(api());
    expect(before).toHaveLength(97);
    for (const { body } of facts.events.filter(isWebhook)) {
      expect(await send(Body.parse(body))).toBe(200);
    }
    expect(await webhooksOf(api())).toEqual(before);
  });

  it("resumes subscribers by their cursors, and counts on", async () => {
    const { text, eventCount } = facts.cursor;
    const reader = new StreamReader(relay.url, facts.token ?? facts.adminKey, text);
    const missed = facts.events.slice(eventCount).map(({ id }) => ({ id }));
    expect(missed.length).toBeGreaterThanOrEqual(3);
    await expect.poll(() => reader.received.length, POLL).toBeGreaterThanOrEqual(missed.length);
    expect(reader.received.slice(0, missed.length)).toMatchObject(missed);
    const fresh = [...STATIONS, "removed"].map((station) =>
      webhook({ station, type: "chargestation.connector_status.updated" }),
    );
    for (const event of fresh) expect(await send(event)).toBe(200);
    const ids = fresh.map(({ _id }) => _id);
    const live = () => reader.received.filter(({ id }) => ids.includes(id));
    await expect.poll(() => live().length, POLL).toBe(fresh.length);
    expect(placesOf(live())).toEqual(FRESH);
    expect(reader.ops).not.toContain("gap");
    reader.close();
  });

  it("delivers what is new with the secrets that were set, and nothing again", async () => {
    await received("up.test", FRESH.length);
    expect(destinations.places("up.test").toSorted()).toEqual(FRESH.toSorted());
    for (const request of destinations.of("up.test")) {
      expect(request.headers).toMatchObject({
        authorization: "Bearer token-of-the-destination",
        "x-fleet": "north",
      });
      expect(isSigned(request, secretOf("up.test"))).toBe(true);
    }
  });

  it("resumes a route that was paused where it stood", async () => {
    expect(destinations.places("paused.test")).toEqual([]);
    await api().post(`/v1/routes/${facts.routes["paused.test"]?.id}/resume`, {}, z.unknown());
    const owed = Array.from({ length: 79 }, (_, index) => `a/${index + 1}`);
    await received("paused.test", owed.length);
    expect(destinations.places("paused.test")).toEqual(owed);
  });
});

const FRESH = ["a/79", "b/9", "c/10", "removed/2"];

/** This version's own, made now. */
async function writeState(relay: BareRelay): Promise<Facts> {
  const destinations = await Destinations.open(STATUSES);
  relay.setUp(setUpMix(mixOf("current"), { codeOf, destinations: destinations.address }));
  await relay.start();
  const facts = await makeState("current", relay.url, destinations);
  await relay.kill();
  await destinations.close();
  return facts;
}

const placesOf = (events: readonly { readonly station: string; readonly seq: number }[]) =>
  events.map(({ station, seq }) => `${station}/${seq}`);

const ofStation = (places: readonly string[], station: string) =>
  places.filter((place) => place.startsWith(`${station}/`));

const isWebhook = (event: { readonly class: string }) => event.class !== "relay";

async function webhooksOf(api: Api): Promise<RelayedEvent[]> {
  return (await listAs(api, "/v1/events", RelayedEvent)).filter(isWebhook);
}
