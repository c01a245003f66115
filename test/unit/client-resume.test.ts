import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { events, ScriptedRelay, station } from "../support/scripted-relay.ts";

let relay: ScriptedRelay;

beforeEach(async () => {
  relay = await ScriptedRelay.start();
});

afterEach(() => relay.stop());

const page = (names: string, cursor: string, done: boolean) => ({
  op: "snapshot",
  stations: names.split(",").map(station),
  cursor,
  done,
});

describe("a subscription", () => {
  it("offers the protocol and its token, and asks for what it was told to", async () => {
    relay.observe({ token: () => "secret", station: "cs1", filter: { types: ["session.*"] } });
    const visit = await relay.visit();
    expect(visit.token).toBe("secret");
    expect(visit.path).toBe("/v1/stations/cs1/stream");
    expect(Object.fromEntries(visit.query)).toEqual({ types: "session.*", from: "now" });
  });

  it("resumes after the last frame that it received, and not after one it was only promised", async () => {
    const observer = relay.observe({ from: "start" });
    const first = await relay.welcome();
    first.send(events(1, 2), events(3));
    await observer.untilSeen(3);
    first.cut();
    const second = await relay.welcome({ cursor: "c3", recovered: true, behind: 1 });
    expect(second.query.get("from")).toBe("c3");
    second.cut();
    const third = await relay.welcome({ cursor: "c3", recovered: true });
    expect(third.query.get("from")).toBe("c3");
    third.send(events(4));
    await observer.untilSeen(4);
    expect(observer.seen).toEqual([1, 2, 3, 4]);
  });

  it("resumes where its first hello said when nothing came since", async () => {
    const observer = relay.observe();
    const first = await relay.welcome({ cursor: "c9" });
    await observer.untilState("live");
    first.cut();
    expect((await relay.visit()).query.get("from")).toBe("c9");
  });

  it("goes by the cursor of a frame that brings no events", async () => {
    const observer = relay.observe();
    const first = await relay.welcome();
    first.send({ ...events(), cursor: "c7", behind: 1 });
    await observer.untilState("catching_up");
    first.cut();
    expect((await relay.visit()).query.get("from")).toBe("c7");
  });

  it("asks again for a snapshot of which it got half", async () => {
    const observer = relay.observe({ from: "snapshot" });
    const first = await relay.welcome();
    first.send(page("a,b", "s1", false));
    await observer.untilSeen(1);
    expect(observer.subscription.status).toEqual({ state: "catching_up", behind: null });
    first.cut();
    const second = await relay.welcome();
    expect(second.query.get("from")).toBe("snapshot");
    second.send(page("a,b", "s2", false), page("c", "s2", true));
    await observer.untilSeen(3);
    expect(observer.seen).toEqual(["snapshot:a,b first", "snapshot:a,b first", "snapshot:c done"]);
    second.cut();
    expect((await relay.visit()).query.get("from")).toBe("s2");
  });

  it.each(["retention", "epoch", "something new"])(
    "tells of a gap (%s) in its place, and asks for its snapshot until it has it",
    async (reason) => {
      const observer = relay.observe({ from: "lost" });
      const first = await relay.welcome({ recovered: false });
      first.send({ op: "gap", reason, cursor: "c5" });
      await observer.untilSeen(1);
      first.cut();
      const second = await relay.welcome();
      expect(second.query.get("from")).toBe("snapshot");
      second.send(page("a", "c5", true), events(6));
      await observer.untilSeen(3);
      expect(observer.seen).toEqual([`gap:${reason}`, "snapshot:a first done", 6]);
    },
  );

  it("tells of a gap while live, too", async () => {
    const observer = relay.observe();
    const visit = await relay.welcome();
    visit.send(events(1), { op: "gap", reason: "slow", cursor: "c8" }, page("a", "c8", true));
    visit.send(events(9));
    await observer.untilSeen(4);
    expect(observer.seen).toEqual([1, "gap:slow", "snapshot:a first done", 9]);
    expect(observer.subscription.status).toEqual({ state: "live" });
  });

  it("brings states where the token shows nothing else", async () => {
    const observer = relay.observe();
    const visit = await relay.welcome();
    visit.send({ op: "state", stations: [station("a")], cursor: "c1", behind: 2 });
    await observer.untilSeen(1);
    expect(observer.subscription.status).toEqual({ state: "catching_up", behind: 2 });
    visit.send({ op: "state", stations: [station("b")], cursor: "c3", behind: 0 });
    await observer.untilSeen(2);
    expect(observer.seen).toEqual(["state:a", "state:b"]);
    expect(observer.subscription.status).toEqual({ state: "live" });
  });

  it("says how far behind it is", async () => {
    const observer = relay.observe({ from: "start" });
    expect(observer.subscription.status).toEqual({ state: "connecting" });
    const visit = await relay.welcome({ behind: 3 });
    visit.send({ ...events(1), behind: 2 }, { ...events(2, 3), behind: 0 }, events(4));
    await observer.untilSeen(4);
    expect(observer.statuses).toEqual([
      { state: "connecting" },
      { state: "catching_up", behind: 3 },
      { state: "catching_up", behind: 2 },
      { state: "live" },
    ]);
  });

  it("makes the connection anew for a frame that it cannot read, and loses nothing", async () => {
    const observer = relay.observe();
    const first = await relay.welcome();
    first.send(events(1), '{"op":"events"', events(2));
    const second = await relay.welcome({ cursor: "c1", recovered: true });
    expect(second.query.get("from")).toBe("c1");
    second.send(events(2));
    await observer.untilSeen(2);
    expect(observer.seen).toEqual([1, 2]);
    expect(observer.errors.map(({ code }) => code)).toEqual(["unreadable_frame"]);
  });

  it("does not hear a socket that it has given up", async () => {
    const sockets: WebSocket[] = [];
    class Recorded extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    }
    const observer = relay.observe({ WebSocket: Recorded });
    (await relay.welcome()).send(events(1));
    await observer.untilSeen(1);
    observer.subscription.reconnect();
    const second = await relay.welcome({ cursor: "c1", recovered: true });
    const late = (data: unknown) =>
      sockets[0]?.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(data) }));
    late(events(2));
    late({ op: "bye", code: 4001, retryAfterMs: 0, cursor: "c2" });
    second.send(events(2), events(3));
    await observer.untilSeen(3);
    expect(observer.seen).toEqual([1, 2, 3]);
    expect(relay.visits).toHaveLength(2);
  });
});
