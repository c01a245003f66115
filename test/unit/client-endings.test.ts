import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket as NodeWebSocket } from "ws";

import type { ConnectOptions, Status } from "../../client/client.ts";
import { events, ScriptedRelay } from "../support/scripted-relay.ts";

let relay: ScriptedRelay;

beforeEach(async () => {
  relay = await ScriptedRelay.start();
});

afterEach(() => relay.stop());

const observe = (options: Partial<ConnectOptions> = {}) =>
  relay.observe({ token: () => "key", ...options });

/** How long it took from one visit to the next. */
const pauses = () =>
  relay.visits.slice(1).map(({ atMs }, i) => atMs - (relay.visits[i]?.atMs ?? 0));

const waits = (statuses: readonly Status[]) =>
  statuses.filter(({ state }) => state === "waiting").length;

describe("a subscription whose connection ends", () => {
  it.each([4000, 4001, 4003, 4009])("does not come back after %i", async (code) => {
    const observer = observe();
    const visit = await relay.welcome();
    visit.send(events(1));
    visit.close(code, "the reason");
    await observer.untilState("closed");
    const closed = { state: "closed", reason: "refused", code, detail: "the reason" };
    expect(observer.subscription.status).toEqual(closed);
    expect(observer.errors.map(({ code }) => code)).toEqual(["refused"]);
    // What had come is taken all the same.
    expect(observer.seen).toEqual([1]);
    observer.subscription.reconnect();
    observer.subscription.close();
    expect(observer.subscription.status).toEqual(closed);
    expect(relay.visits).toHaveLength(1);
  });

  it.each([
    [4100, "over_capacity"],
    [4101, "too_slow"],
    [4102, "restart"],
    [1011, "network"],
  ])("backs off after %i, and says so", async (code, reason) => {
    const observer = observe();
    (await relay.welcome()).close(code);
    await relay.welcome();
    expect(observer.statuses).toContainEqual({
      state: "waiting",
      retryAtMs: expect.any(Number),
      reason,
    });
  });

  it("comes back at once when it is asked to, the first time", async () => {
    const observer = observe();
    (await relay.welcome()).close(4200);
    await relay.visit();
    expect(observer.statuses.map(({ state }) => state)).not.toContain("waiting");
  });

  it("gets a new token when the one it had has expired, and comes back at once", async () => {
    let count = 0;
    const observer = observe({ token: () => `token-${++count}` });
    const first = await relay.welcome();
    expect(first.token).toBe("token-1");
    first.close(4401);
    const second = await relay.welcome();
    expect(second.token).toBe("token-2");
    expect(observer.statuses.map(({ state }) => state)).not.toContain("waiting");
  });

  it("gives up when its only token has expired", async () => {
    const observer = observe({ token: "for-good" });
    (await relay.welcome()).close(4401);
    await observer.untilState("closed");
    expect(observer.subscription.status).toMatchObject({ reason: "refused", code: 4401 });
  });

  it.each([4200, 4401])("does not loop when every connection ends with %i", async (code) => {
    const observer = observe();
    for (let i = 0; i < 4; i += 1) (await relay.visit()).close(code);
    // At once the first time, and after a wait each time after that.
    await observer.until(({ statuses }) => waits(statuses) === 3);
  });

  it("does not take a hello for proof that all is well", async () => {
    const observer = observe();
    for (let i = 0; i < 4; i += 1) (await relay.welcome()).close(4200);
    await observer.until(({ statuses }) => waits(statuses) === 3);
  });

  it("takes a connection that lasted for proof", async () => {
    const observer = observe({ timing: { proofMs: 0 } });
    for (let i = 0; i < 5; i += 1) {
      const visit = await relay.welcome();
      await visit.take("ack");
      visit.close(4200);
    }
    await relay.visit();
    expect(observer.statuses.map(({ state }) => state)).not.toContain("waiting");
  });

  it("comes back when the relay said goodbye, after the time that it named", async () => {
    const observer = observe();
    const first = await relay.welcome();
    first.send(events(1), { op: "bye", code: 4102, retryAfterMs: 300, cursor: "c1" });
    const second = await relay.visit();
    expect(second.query.get("from")).toBe("c1");
    expect(pauses()[0]).toBeGreaterThanOrEqual(290);
    const waiting = observer.statuses.find(({ state }) => state === "waiting");
    expect(waiting).toMatchObject({ reason: "restart" });
  });

  it("comes back at once after a goodbye with no time to wait", async () => {
    const observer = observe();
    (await relay.welcome()).send({ op: "bye", code: 4102, retryAfterMs: 0, cursor: "c0" });
    await relay.visit();
    expect(observer.statuses.map(({ state }) => state)).not.toContain("waiting");
  });

  it("does not come back after a goodbye for good", async () => {
    const observer = observe();
    (await relay.welcome()).send({ op: "bye", code: 4001, retryAfterMs: 0, cursor: "c0" });
    await observer.untilState("closed");
    expect(observer.subscription.status).toMatchObject({ reason: "refused", code: 4001 });
  });

  it("does not talk to a relay of another version", async () => {
    const observer = observe();
    await relay.welcome({ v: 2 });
    await observer.untilState("closed");
    expect(observer.subscription.status).toMatchObject({ reason: "refused", code: 4009 });
  });

  it.each([400, 401, 403, 404])("ends with a refusal %i where it can be seen", async (status) => {
    relay.refusal = status;
    const observer = observe({ WebSocket: NodeWebSocket, token: "fixed" });
    await observer.untilState("closed");
    expect(observer.subscription.status).toMatchObject({ reason: "refused", code: status });
    expect(relay.refusedCount).toBe(1);
  });

  it.each([400, 401, 403, 404])("finds out why when it cannot see a refusal %i", async (status) => {
    relay.refusal = status;
    const observer = observe({ token: "fixed" });
    await observer.untilState("closed");
    const refused = { reason: "refused", code: status, detail: "as scripted" };
    expect(observer.subscription.status).toMatchObject(refused);
  });

  it("tries another token after a 401, when it can have one", async () => {
    relay.refusal = 401;
    let count = 0;
    const observer = observe({
      token: () => {
        count += 1;
        return `token-${count}`;
      },
    });
    await observer.until(({ statuses }) =>
      statuses.some((status) => status.state === "waiting" && status.reason === "refused"),
    );
    relay.refusal = null;
    await relay.welcome();
    await observer.untilState("live");
    expect(count).toBeGreaterThan(1);
  }, 20_000);

  it("comes back after a refusal that may pass", async () => {
    relay.refusal = 429;
    const observer = observe({ WebSocket: NodeWebSocket });
    await observer.until(({ errors }) => errors.length > 0);
    relay.refusal = null;
    await relay.welcome();
    await observer.untilState("live");
    expect(observer.statuses).toContainEqual(expect.objectContaining({ reason: "refused" }));
  });

  it("comes back after a refusal that it cannot see", async () => {
    relay.refusal = 503;
    const observer = observe();
    await observer.until(({ errors }) => errors.length > 1);
    expect(observer.errors.map(({ code }) => code)).toContain("connection_failed");
    relay.refusal = null;
    await relay.welcome();
    await observer.untilState("live");
  });

  it("asks again for a token when token() throws, and backs off", async () => {
    let count = 0;
    const observer = observe({
      token: async () => {
        count += 1;
        if (count < 3) throw new Error("no session");
        return "token";
      },
    });
    await relay.welcome();
    await observer.untilState("live");
    expect(observer.errors.map(({ code }) => code)).toEqual(["token_failed", "token_failed"]);
    expect(observer.errors[0]?.cause).toEqual(new Error("no session"));
    expect(observer.statuses).toContainEqual(expect.objectContaining({ reason: "token_failed" }));
  });

  it("waits no longer when it is told to reconnect", async () => {
    const observer = observe();
    const first = await relay.welcome();
    first.send({ op: "bye", code: 4102, retryAfterMs: 3_600_000, cursor: "c0" });
    await observer.untilState("waiting");
    observer.subscription.reconnect();
    await relay.welcome();
    await observer.untilState("live");
  });
});
