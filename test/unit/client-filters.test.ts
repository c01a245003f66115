import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { events, ScriptedRelay, station } from "../support/scripted-relay.ts";

let relay: ScriptedRelay;

beforeEach(async () => {
  relay = await ScriptedRelay.start();
});

afterEach(() => relay.stop());

const LONG = { stations: Array.from({ length: 500 }, (_, i) => `station-number-${i}`) };
const SESSIONS = { types: ["session.*"] };
const ONLINE = { types: ["chargestation.online"] };

describe("subscribe", () => {
  it("goes on where the stream stands, with another filter and no frame of the old one", async () => {
    const observer = relay.observe();
    const visit = await relay.welcome();
    visit.send(events(1));
    await observer.untilSeen(1);
    observer.subscription.subscribe(SESSIONS);
    expect(await visit.take("subscribe")).toEqual({
      op: "subscribe",
      filter: SESSIONS,
      from: "c1",
    });
    visit.send(events(2));
    visit.hello({ cursor: "c1", recovered: true });
    visit.send(events(3));
    await observer.untilSeen(2);
    expect(observer.seen).toEqual([1, 3]);
    visit.cut();
    const next = await relay.visit();
    expect(Object.fromEntries(next.query)).toEqual({ types: "session.*", from: "c3" });
  });

  it("begins elsewhere when it is told to", async () => {
    const observer = relay.observe();
    const visit = await relay.welcome();
    visit.send(events(7));
    await observer.untilSeen(1);
    observer.subscription.subscribe(SESSIONS, "snapshot");
    expect(await visit.take("subscribe")).toMatchObject({ from: "snapshot" });
    visit.hello({ cursor: "c9" });
    visit.send({ op: "snapshot", stations: [station("a")], cursor: "c9", done: true });
    await observer.untilSeen(2);
    expect(observer.seen).toEqual([7, "snapshot:a first done"]);
    expect(observer.subscription.cursor).toBe("c9");
  });

  it("drops what the application has not taken of a place that is replaced", async () => {
    const begun = Promise.withResolvers<void>();
    const going = Promise.withResolvers<void>();
    const taken: number[] = [];
    const observer = relay.observe({
      onEvent: async ({ seq }) => {
        taken.push(seq);
        begun.resolve();
        await going.promise;
      },
    });
    const visit = await relay.welcome();
    visit.send(events(1, 2, 3));
    await begun.promise;
    observer.subscription.subscribe(SESSIONS, "start");
    await visit.take("subscribe");
    visit.hello({ cursor: "c0", behind: 1 });
    await observer.until(({ subscription }) => subscription.status.state === "catching_up");
    going.resolve();
    visit.send({ ...events(1), behind: 0 });
    await expect.poll(() => taken).toEqual([1, 1]);
  });

  it("asks one thing at a time, and of several filters the last", async () => {
    const observer = relay.observe();
    const visit = await relay.welcome();
    await observer.untilState("live");
    observer.subscription.subscribe(SESSIONS);
    await visit.take("subscribe");
    observer.subscription.subscribe({ types: ["x"] });
    observer.subscription.subscribe(ONLINE, "now");
    visit.hello({ cursor: "c1" });
    expect(await visit.take("subscribe")).toMatchObject({ filter: ONLINE, from: "now" });
    visit.send(events(2));
    visit.hello({ cursor: "c3" });
    visit.send(events(4));
    await observer.untilSeen(1);
    expect(observer.seen).toEqual([4]);
  });

  it("keeps the filter before when the relay refuses one, and loses nothing by it", async () => {
    const observer = relay.observe({ filter: ONLINE });
    const visit = await relay.welcome();
    visit.send(events(1));
    await observer.untilSeen(1);
    observer.subscription.subscribe({ types: ["session*"] }, "start");
    await visit.take("subscribe");
    visit.send(events(2), { op: "error", code: "invalid_filter", detail: "types" });
    expect(await visit.take("subscribe")).toMatchObject({ filter: ONLINE, from: "c1" });
    visit.hello({ cursor: "c1", recovered: true });
    visit.send(events(2));
    await observer.untilSeen(2);
    expect(observer.seen).toEqual([1, 2]);
    expect(observer.errors.map(({ code }) => code)).toEqual(["invalid_filter"]);
  });

  it("is asked of the next connection when there is none", async () => {
    const observer = relay.observe();
    const bye = { op: "bye", code: 4102, retryAfterMs: 3_600_000, cursor: "c0" };
    (await relay.welcome()).send(bye);
    await observer.untilState("waiting");
    observer.subscription.subscribe(SESSIONS, "start");
    observer.subscription.reconnect();
    const { query } = await relay.visit();
    expect(Object.fromEntries(query)).toEqual({ types: "session.*", from: "start" });
  });

  it("is asked of a connection that was made for another filter", async () => {
    const observer = relay.observe();
    const visit = await relay.visit();
    observer.subscription.subscribe(SESSIONS);
    visit.hello({ cursor: "c1" });
    expect(await visit.take("subscribe")).toMatchObject({ filter: SESSIONS, from: "now" });
    visit.send(events(2));
    visit.hello({ cursor: "c2" });
    visit.send(events(3));
    await observer.untilSeen(1);
    expect(observer.seen).toEqual([3]);
  });
});

describe("a filter too long for an address", () => {
  it("is told in band, and nothing passes before", async () => {
    const observer = relay.observe({ filter: LONG, from: "start" });
    const visit = await relay.visit();
    expect(Object.fromEntries(visit.query)).toEqual({ types: "none" });
    visit.hello({ cursor: "c99" });
    expect(await visit.take("subscribe")).toMatchObject({ filter: LONG, from: "start" });
    visit.send({ op: "events", events: [], cursor: "c100" });
    visit.hello({ cursor: "c0", behind: 1 });
    visit.send({ ...events(1), behind: 0 });
    await observer.untilSeen(1);
    expect(observer.seen).toEqual([1]);
    visit.cut();
    const next = await relay.welcome();
    expect(await next.take("subscribe")).toMatchObject({ filter: LONG, from: "c1" });
  });

  it("ends the subscription when the relay refuses it", async () => {
    const observer = relay.observe({ filter: LONG });
    const visit = await relay.welcome();
    await visit.take("subscribe");
    visit.send({ op: "error", code: "invalid_filter", detail: "too many" });
    await observer.untilState("closed");
    expect(observer.subscription.status).toMatchObject({ reason: "refused", code: 400 });
  });
});
