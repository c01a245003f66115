import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { events, ScriptedRelay } from "../support/scripted-relay.ts";

let relay: ScriptedRelay;

beforeEach(async () => {
  relay = await ScriptedRelay.start();
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await relay.stop();
});

const FAST = { heartbeatSeconds: 0.3 };

/** A page that is looked at, as far as the client looks at it. */
function stubPage() {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const window = new EventTarget();
  vi.stubGlobal("document", page);
  vi.stubGlobal("self", window);
  return { page, window };
}

describe("a subscription that hears nothing", () => {
  it("pings at its own pace, whatever comes and goes", async () => {
    relay.observe();
    const visit = await relay.welcome(FAST);
    const chatter = setInterval(() => visit.send(events(1)), 20);
    await visit.pinged(4).finally(() => clearInterval(chatter));
    expect(relay.visits).toHaveLength(1);
  });

  it("gives up a relay that does not answer its pings, and resumes", async () => {
    const observer = relay.observe();
    const first = await relay.welcome({ ...FAST, cursor: "c5" });
    first.answersPings = false;
    expect((await relay.visit()).query.get("from")).toBe("c5");
    expect(first.pingCount).toBe(1);
    const waiting = observer.statuses.find(({ state }) => state === "waiting");
    expect(waiting).toMatchObject({ reason: "silent" });
  });

  it("takes any frame for a sign of life", async () => {
    const observer = relay.observe();
    const visit = await relay.welcome(FAST);
    visit.answersPings = false;
    const chatter = setInterval(() => visit.send({ op: "weather" }), 20);
    await visit.pinged(3).finally(() => clearInterval(chatter));
    expect(relay.visits).toHaveLength(1);
    expect(observer.subscription.status).toEqual({ state: "live" });
  });

  it("gives up a relay that takes the connection and says no hello", async () => {
    relay.observe({ timing: { connectMs: 150 } });
    await relay.visit();
    await relay.visit();
  });

  it("connects at once when the network is back, however long it meant to wait", async () => {
    const { window } = stubPage();
    const observer = relay.observe();
    const bye = { op: "bye", code: 4102, retryAfterMs: 3_600_000, cursor: "c0" };
    (await relay.welcome()).send(bye);
    await observer.untilState("waiting");
    window.dispatchEvent(new Event("online"));
    await relay.welcome();
    await observer.untilState("live");
  });

  it.each(["visibilitychange", "resume"])(
    "asks at once whether the relay is there when the page is back (%s)",
    async (type) => {
      const { page } = stubPage();
      const observer = relay.observe({ timing: { probeMs: 100 } });
      const first = await relay.welcome();
      await observer.untilState("live");
      page.dispatchEvent(new Event(type));
      await first.pinged(1);
      // Behind the answer, which therefore is none to the next ping.
      first.send(events(1));
      await observer.untilSeen(1);
      expect(relay.visits).toHaveLength(1);
      first.answersPings = false;
      page.dispatchEvent(new Event(type));
      await relay.visit();
      expect(first.pingCount).toBe(2);
    },
  );

  it("does nothing when the page goes", async () => {
    const { page, window } = stubPage();
    const observer = relay.observe();
    const visit = await relay.welcome();
    await observer.untilState("live");
    page.visibilityState = "hidden";
    page.dispatchEvent(new Event("visibilitychange"));
    page.visibilityState = "visible";
    window.dispatchEvent(new Event("pageshow"));
    await visit.pinged(1);
    expect(visit.pingCount).toBe(1);
  });

  it("leaves no listener on the page", async () => {
    const { page, window } = stubPage();
    const counts = [page, window].map((target) => {
      const [add, remove] = [
        vi.spyOn(target, "addEventListener"),
        vi.spyOn(target, "removeEventListener"),
      ];
      return () => [add.mock.calls.length, remove.mock.calls.length];
    });
    relay.observe().subscription.close();
    expect(counts.map((count) => count())).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });
});
