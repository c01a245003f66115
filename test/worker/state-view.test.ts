import { evictDurableObject, reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { EVENT_TYPES } from "../../src/domain/catalogue.ts";
import { isObject } from "../../src/domain/webhook.ts";
import chargestation from "../fixtures/edrv/chargestation.data.json?raw";
import action from "../fixtures/edrv/chargestation.get_composite_schedule.accepted.json?raw";
import session from "../fixtures/edrv/session.data.json?raw";
import type { TestTenant } from "../support/api.ts";
import { MARKED_NUMBER, MARKER, marked } from "../support/markers.ts";
import { objectId, webhook } from "../support/webhooks.ts";
import { type EventReader, openEvents } from "./sse-support.ts";
import {
  eventsOf,
  type Frame,
  feedOf,
  lastCursor,
  newTenant,
  ops,
  stationOf,
  subscribe,
  type TestSocket,
} from "./support.ts";
import { ask, send, statesOf } from "./token-support.ts";

afterEach(() => reset());

const STATION = "cs-public";

/** What eDRV's samples hold, but for their station. */
function dataOf(type: string): Record<string, unknown> {
  const parse = (text: string): unknown => JSON.parse(text);
  const sample = parse(
    type.startsWith("session.") ? session : type.split(".").length > 2 ? action : chargestation,
  );
  const data = marked({ data: sample });
  return isObject(data) && isObject(data.data) ? data.data : {};
}

/** A webhook of that type with the marker in every text that nobody may see. */
function webhookOf(type: string) {
  const data = dataOf(type);
  // Where the station's id is depends on what the webhook is about; these concern one for sure.
  const place = type.startsWith("session.") ? { chargestation: STATION } : { _id: STATION };
  const body = webhook({ type, data: { ...data, ...place, chargestation: STATION } });
  return { ...body, object: MARKER, secret: { nested: [MARKER, MARKED_NUMBER] } };
}

/** Every type that does not take the station out, and then one that says how it is. */
async function sendAll(tenant: TestTenant, path: string): Promise<void> {
  for (const type of EVENT_TYPES.filter((each) => each !== "chargestation.deleted")) {
    expect((await tenant.send(path, webhookOf(type))).status).toBe(200);
  }
  // Of no station: it goes to `_account`.
  const account = { ...webhook({ type: "user.created", data: { _id: MARKER, name: MARKER } }) };
  expect((await tenant.send(path, account)).status).toBe(200);
  const connectors = [
    { _id: "c1", status: "Charging", user: MARKER },
    { _id: "c2", status: `Reserved by ${MARKER}` },
  ];
  const data = { _id: STATION, connectors };
  const last = webhook({ type: "chargestation.connector_status.updated", data });
  expect((await tenant.send(path, last)).status).toBe(200);
}

const FIELDS = ["station", "seq", "online", "onlineAt", "connectors", "lastEventAt"];

/** Holds that this is availability and nothing besides; `texts` is all that ever came. */
function expectAvailabilityAlone(frames: readonly Frame[]): void {
  const everything = JSON.stringify(frames);
  for (const secret of [MARKER, String(MARKED_NUMBER), "_account", '"body"', '"sessions"']) {
    expect(everything).not.toContain(secret);
  }
  expect(ops(frames).filter((op) => !["hello", "snapshot", "state", "gap"].includes(op))).toEqual(
    [],
  );
  const states = frames.flatMap((frame) => [
    ...statesOf([frame], "state"),
    ...statesOf([frame], "snapshot"),
  ]);
  for (const state of states) expect(Object.keys(state)).toEqual(FIELDS);
}

/** The station as the last frame about it shows it. */
function newest(frames: readonly Frame[]) {
  return frames
    .flatMap((frame) => [...statesOf([frame], "state"), ...statesOf([frame], "snapshot")])
    .findLast(({ station }) => station === STATION);
}

const isCharging = (frames: readonly Frame[]) =>
  JSON.stringify(newest(frames) ?? {}).includes("Charging");

describe.each(["/v1/stream", `/v1/stations/${STATION}/stream`])(
  "the view `state` of %s",
  (stream) => {
    async function start() {
      const tenant = await newTenant();
      const { path } = await tenant.source();
      await send(tenant, path, STATION, "chargestation.online");
      return { tenant, path, token: await tenant.token({ view: "state" }) };
    }

    const sleep = (tenant: TestTenant) =>
      evictDurableObject(stream === "/v1/stream" ? feedOf(tenant) : stationOf(tenant, STATION));

    async function expectToEnd({ frames }: TestSocket, shape: readonly string[] = ["state"]) {
      await expect.poll(() => isCharging(frames)).toBe(true);
      expectAvailabilityAlone(frames);
      expect([...new Set(ops(frames))]).toEqual(["hello", ...shape]);
      const connectors = JSON.stringify(newest(frames)?.connectors);
      expect(connectors).toContain('"c1","status":"Charging"');
      expect(connectors).toContain('"c2","status":null');
    }

    it("gives away nothing live, nor to one who comes back, nor to one who begins at the start", async () => {
      const { tenant, path, token } = await start();
      const live = await subscribe(tenant, stream, token);
      await expect.poll(() => ops(live.frames)).toEqual(["hello"]);
      const cursor = lastCursor(live.frames);
      await sendAll(tenant, path);
      await expectToEnd(live);
      await expectToEnd(await subscribe(tenant, `${stream}?from=${cursor}`, token));
      await expectToEnd(await subscribe(tenant, `${stream}?from=start`, token));
      await expectToEnd(await subscribe(tenant, `${stream}?from=snapshot`, token), ["snapshot"]);
      const lost = await subscribe(tenant, `${stream}?from=junk`, token);
      await expectToEnd(lost, ["gap", "snapshot"]);
    });

    it("gives away nothing by server-sent events", async () => {
      const { tenant, path, token } = await start();
      const readers: EventReader[] = [await openEvents(tenant, stream, { key: token })];
      await readers[0]?.until(({ messages }) => messages.length === 1);
      await sendAll(tenant, path);
      readers.push(await openEvents(tenant, `${stream}?from=start`, { key: token }));
      readers.push(await openEvents(tenant, `${stream}?from=snapshot`, { key: token }));
      for (const reader of readers) {
        await reader.until(({ frames }) => isCharging(frames));
        expectAvailabilityAlone(reader.frames);
        for (const { data } of reader.messages) expect(data).not.toContain(MARKER);
      }
    });

    it("gives away nothing after a sleep", async () => {
      const { tenant, path, token } = await start();
      const live = await subscribe(tenant, stream, token);
      await expect.poll(() => ops(live.frames)).toEqual(["hello"]);
      await sleep(tenant);
      await sendAll(tenant, path);
      await sleep(tenant);
      await send(tenant, path, STATION, "chargestation.offline");
      await expect.poll(() => newest(live.frames)?.online).toBe(false);
      await expectToEnd(live);
    });

    it("keeps its place: every event is in a state, and coming back goes on from there", async () => {
      const { tenant, path, token } = await start();
      const live = await subscribe(tenant, stream, token);
      await send(tenant, path, STATION);
      await expect.poll(() => newest(live.frames)?.seq).toBe(2);
      live.socket.close();
      await send(tenant, path, STATION);
      const again = await subscribe(tenant, `${stream}?from=${lastCursor(live.frames)}`, token);
      await expect.poll(() => newest(again.frames)?.seq).toBe(3);
      expect(again.frames).toMatchObject([
        { recovered: true, behind: 1 },
        { op: "state", behind: 0 },
      ]);
      const last = await subscribe(tenant, `${stream}?from=${lastCursor(again.frames)}`, token);
      await expect.poll(() => last.frames).toMatchObject([{ recovered: true, behind: 0 }]);
    });

    it("announces a station that is gone: by a webhook, or by a call", async () => {
      const { tenant, path, token } = await start();
      const live = await subscribe(tenant, stream, token);
      await expect.poll(() => ops(live.frames)).toEqual(["hello"]);
      const gone = {
        station: STATION,
        removed: true,
        online: null,
        connectors: [],
        lastEventAt: null,
      };
      await send(tenant, path, STATION, "chargestation.deleted");
      await expect.poll(() => newest(live.frames)).toMatchObject(gone);
      await send(tenant, path, STATION, "chargestation.online");
      await expect.poll(() => newest(live.frames)?.online).toBe(true);
      expect((await tenant.call("DELETE", `/v1/stations/${STATION}`)).status).toBe(204);
      await expect.poll(() => newest(live.frames)).toMatchObject(gone);
    });

    it("announces a station that is gone to one who comes back", async () => {
      const { tenant, path, token } = await start();
      const live = await subscribe(tenant, stream, token);
      await expect.poll(() => ops(live.frames)).toEqual(["hello"]);
      live.socket.close();
      await send(tenant, path, STATION, "chargestation.deleted");
      const from = lastCursor(live.frames);
      if (stream !== "/v1/stream") {
        // The station's stream is gone with it, and says so.
        expect((await ask(tenant, `${stream}?from=${from}`, token)).status).toBe(404);
        return;
      }
      const again = await subscribe(tenant, `${stream}?from=${from}`, token);
      await expect.poll(() => newest(again.frames)).toMatchObject({ removed: true });
    });

    it("refuses `match`, by HTTP and in band", async () => {
      const { tenant, path, token } = await start();
      const match = encodeURIComponent('{"data.user":"u1"}');
      for (const headers of [{ upgrade: "websocket" }, { accept: "text/event-stream" }]) {
        const answer = await ask(tenant, `${stream}?match=${match}`, token, headers);
        expect(answer).toMatchObject({ status: 403, code: "forbidden_filter" });
      }
      const subscriber = await subscribe(tenant, stream, token);
      subscriber.socket.send('{"op":"subscribe","filter":{"match":{"data.user":"u1"}}}');
      await expect
        .poll(() => subscriber.frames.at(-1))
        .toMatchObject({
          op: "error",
          code: "forbidden_filter",
        });
      await send(tenant, path, STATION);
      await expect.poll(() => newest(subscriber.frames)?.seq).toBe(2);
      expect(subscriber.closed.code).toBeNull();
    });

    it("gives away nothing of many events at once, which are conflated", async () => {
      const { tenant, path, token } = await start();
      // As many as make frames wait for each other.
      const [live] = await Promise.all([
        subscribe(tenant, stream, token),
        ...Array.from({ length: 60 }, () => subscribe(tenant, stream, token)),
      ]);
      await Promise.all(
        Array.from({ length: 60 }, () => {
          const data = { _id: objectId(), chargestation: STATION, status: MARKER, user: MARKER };
          return tenant.send(path, webhook({ data }));
        }),
      );
      await expect.poll(() => newest(live.frames)?.seq).toBe(61);
      expectAvailabilityAlone(live.frames);
      expect(statesOf(live.frames, "state").length).toBeLessThan(60);
    });
  },
);

describe("the view `state` of the feed", () => {
  it("has no lane of the account, in whatever way it is asked for", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const all = await subscribe(tenant);
    const token = await tenant.token({ view: "state" });
    const open = await Promise.all(
      ["now", "start", "snapshot"].flatMap((from) =>
        ["", "&stations=_account", "&types=user.*"].map((filter) =>
          subscribe(tenant, `/v1/stream?from=${from}${filter}`, token),
        ),
      ),
    );
    await tenant.send(path, webhook({ type: "user.created", data: { _id: "u1" } }));
    await expect.poll(() => eventsOf(all.frames)).toMatchObject([{ station: "_account" }]);
    open.push(await subscribe(tenant, "/v1/stream?from=start", token));
    open.push(await subscribe(tenant, "/v1/stream?from=snapshot", token));
    await send(tenant, path, STATION);
    await expect.poll(() => newest(open.at(-1)?.frames ?? [])?.seq).toBe(1);
    for (const { frames } of open) expect(JSON.stringify(frames)).not.toContain("_account");
    expect((await ask(tenant, "/v1/stations/_account/stream", token)).status).toBe(403);
  });

  it("is the newest state of each station, once for all that has happened since", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const start = await subscribe(tenant);
    await expect.poll(() => start.frames).toHaveLength(1);
    const from = lastCursor(start.frames);
    for (let i = 0; i < 5; i += 1) {
      for (const station of ["a", "b", "c"]) await send(tenant, path, station);
    }
    const token = await tenant.token({ view: "state", stations: ["a", "b"] });
    const { frames } = await subscribe(tenant, `/v1/stream?from=${from}`, token);
    await expect.poll(() => ops(frames)).toEqual(["hello", "state"]);
    expect(
      statesOf(frames, "state")
        .map(({ station, seq }) => `${station} ${seq}`)
        .sort(),
    ).toEqual(["a 5", "b 5"]);
  });

  it("tells one who comes back of a station that a call has taken out meanwhile", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const token = await tenant.token({ view: "state" });
    await send(tenant, path, STATION);
    const first = await subscribe(tenant, "/v1/stream?from=snapshot", token);
    await expect.poll(() => ops(first.frames)).toEqual(["hello", "snapshot"]);
    first.socket.close();
    await tenant.call("DELETE", `/v1/stations/${STATION}`);
    await send(tenant, path, "other");
    const from = lastCursor(first.frames);
    const { frames } = await subscribe(tenant, `/v1/stream?from=${from}`, token);
    await expect.poll(() => ops(frames)).toEqual(["hello", "state"]);
    expect(newest(frames)).toMatchObject({ removed: true });
  });
});
