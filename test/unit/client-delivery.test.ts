import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type ConnectOptions, connect, type Item, type Subscription } from "../../client/client.ts";
import { event, events, ScriptedRelay, station } from "../support/scripted-relay.ts";

let relay: ScriptedRelay;
const open: Subscription[] = [];

beforeEach(async () => {
  relay = await ScriptedRelay.start();
});

afterEach(async () => {
  for (const subscription of open.splice(0)) subscription.close();
  await relay.stop();
});

function start(options: Partial<ConnectOptions> = {}): Subscription {
  const subscription = connect({ url: relay.url, token: "key", ...options });
  open.push(subscription);
  return subscription;
}

const name = (item: Item) => (item.op === "event" ? item.event.seq : item.op);
const SNAPSHOT = { op: "snapshot", stations: [station("a")], cursor: "c5", done: true };

describe("callbacks", () => {
  it("are called one after the other, each when the one before it is done", async () => {
    const log: string[] = [];
    const note = async (what: string, pause: Promise<unknown> = Promise.resolve()) => {
      log.push(`${what} begins`);
      await pause;
      log.push(`${what} ends`);
    };
    const release = Promise.withResolvers<void>();
    const finished = Promise.withResolvers<void>();
    start({
      onEvent: ({ seq }) => note(String(seq), seq === 1 ? release.promise : undefined),
      onGap: () => note("gap"),
      onSnapshot: () => note("snapshot").finally(finished.resolve),
    });
    const visit = await relay.welcome();
    visit.send(events(1, 2), { op: "gap", reason: "slow", cursor: "c5" }, SNAPSHOT);
    await expect.poll(() => log).toEqual(["1 begins"]);
    release.resolve();
    await finished.promise;
    const inOrder = ["1", "2", "gap", "snapshot"].flatMap((what) => [
      `${what} begins`,
      `${what} ends`,
    ]);
    await expect.poll(() => log).toEqual(inOrder);
  });

  it("that fail are told of, and do not stop the next", async () => {
    const seen: number[] = [];
    const observer = relay.observe({
      onEvent: ({ seq }) => {
        if (seq === 1) throw new Error("oops");
        seen.push(seq);
      },
    });
    (await relay.welcome()).send(events(1, 2));
    await expect.poll(() => seen).toEqual([2]);
    expect(observer.errors).toEqual([expect.objectContaining({ code: "callback_failed" })]);
    expect(observer.errors[0]?.cause).toEqual(new Error("oops"));
  });
});

describe("acknowledgements", () => {
  it("begin with the hello, so that the relay heeds them", async () => {
    start({ onEvent: () => {} });
    const visit = await relay.welcome({ cursor: "c4" });
    expect(await visit.take("ack")).toEqual({ op: "ack", cursor: "c4" });
  });

  it("are of frames that were taken whole, and of no others", async () => {
    const gates = new Map([1, 2, 3, 4].map((seq) => [seq, Promise.withResolvers<void>()]));
    const subscription = start({ onEvent: ({ seq }) => gates.get(seq)?.promise });
    const visit = await relay.welcome();
    await visit.take("ack");
    visit.send(events(1, 2), events(3), events(4));
    gates.get(1)?.resolve();
    gates.get(2)?.resolve();
    expect(await visit.take("ack")).toEqual({ op: "ack", cursor: "c2" });
    expect(subscription.cursor).toBe("c2");
    gates.get(3)?.resolve();
    gates.get(4)?.resolve();
    expect(await visit.take("ack")).toEqual({ op: "ack", cursor: "c4" });
    expect(subscription.cursor).toBe("c4");
  });

  it("come at once for much, and seldom for little", async () => {
    start({ onEvent: () => {} });
    const visit = await relay.welcome();
    await visit.take("ack");
    const body = { padding: "x".repeat(300 * 1024) };
    visit.send({ op: "events", events: [event(1, { body })], cursor: "c1" });
    const sentMs = Date.now();
    expect(await visit.take("ack")).toMatchObject({ cursor: "c1" });
    expect(Date.now() - sentMs).toBeLessThan(900);
    for (let seq = 2; seq <= 50; seq += 1) visit.send(events(seq));
    expect(await visit.take("ack")).toMatchObject({ cursor: "c50" });
  });

  it("are of the present connection alone", async () => {
    const gate = Promise.withResolvers<void>();
    const subscription = start({ onEvent: () => gate.promise });
    const first = await relay.welcome();
    first.send(events(1), events(2));
    await expect.poll(() => subscription.status.state).toBe("live");
    await first.take("ack");
    first.cut();
    const second = await relay.welcome({ cursor: "c2", recovered: true });
    expect(await second.take("ack")).toMatchObject({ cursor: "c2" });
    gate.resolve();
    second.send(events(3));
    expect(await second.take("ack")).toMatchObject({ cursor: "c3" });
  });
});

describe("a slow application", () => {
  it("is given nothing more before it has taken what it has", async () => {
    const gate = Promise.withResolvers<void>();
    const observer = relay.observe({ onEvent: () => gate.promise });
    const { subscription } = observer;
    const first = await relay.welcome();
    first.send(events(1), events(2));
    await first.take("ack");
    first.close(4101);
    await observer.until(({ statuses }) =>
      statuses.some((status) => status.state === "waiting" && status.retryAtMs === null),
    );
    subscription.reconnect();
    gate.resolve();
    const second = await relay.visit();
    expect(second.query.get("from")).toBe("c2");
    expect(subscription.cursor).toBe("c2");
  });
});

describe("iteration", () => {
  it("yields every item in its place, and ends with close()", async () => {
    const subscription = start();
    const visit = await relay.welcome();
    visit.send(events(1, 2), { op: "gap", reason: "slow", cursor: "c5" }, SNAPSHOT, events(6));
    const seen: (number | string)[] = [];
    for await (const item of subscription) {
      seen.push(name(item));
      if (seen.length === 5) subscription.close();
    }
    expect(seen).toEqual([1, 2, "gap", "snapshot", 6]);
    expect(subscription.status).toEqual({ state: "closed", reason: "asked" });
    expect(await visit.closed).toBe(1000);
  });

  it("has taken an item when it asks for the next", async () => {
    const subscription = start();
    (await relay.welcome()).send(events(1), events(2));
    const cursors: (string | null)[] = [];
    for await (const _item of subscription) {
      cursors.push(subscription.cursor);
      if (cursors.length === 2) break;
    }
    expect(cursors).toEqual(["c0", "c1"]);
  });

  it("closes the subscription when its loop is left", async () => {
    const subscription = start();
    const visit = await relay.welcome();
    visit.send(events(1, 2));
    for await (const _item of subscription) break;
    expect(subscription.status).toEqual({ state: "closed", reason: "asked" });
    expect(await visit.closed).toBe(1000);
  });

  it("ends while it waits", async () => {
    const subscription = start();
    const next = subscription[Symbol.asyncIterator]().next();
    await relay.welcome();
    subscription.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it("brings what had come, and then throws, when the relay refuses it", async () => {
    const subscription = start();
    const visit = await relay.welcome();
    visit.send(events(1, 2));
    visit.close(4001, "the key was deleted");
    await expect.poll(() => subscription.status.state).toBe("closed");
    const seen: (number | string)[] = [];
    const reading = (async () => {
      for await (const item of subscription) seen.push(name(item));
    })();
    await expect(reading).rejects.toThrow("the key was deleted");
    expect(seen).toEqual([1, 2]);
  });

  it("is for one reader", async () => {
    const withCallbacks = start({ onGap: () => {} });
    await expect(withCallbacks[Symbol.asyncIterator]().next()).rejects.toThrow("callbacks");
    const iterated = start();
    void iterated[Symbol.asyncIterator]().next();
    await expect(iterated[Symbol.asyncIterator]().next()).rejects.toThrow("iterator");
  });
});

describe("close", () => {
  it("calls nobody back any more, however often it is called", async () => {
    const observer = relay.observe();
    const visit = await relay.welcome();
    visit.send(events(1));
    await observer.untilSeen(1);
    visit.send(events(2));
    observer.subscription.close();
    observer.subscription.close();
    observer.subscription.subscribe({});
    observer.subscription.reconnect();
    await visit.closed;
    expect(observer.seen).toEqual([1]);
    expect(observer.statuses.filter(({ state }) => state === "closed")).toHaveLength(1);
  });

  it.each([
    ["connected", "http://127.0.0.1:PORT", 'status.state === "live"'],
    ["waiting for the next attempt", "http://127.0.0.1:1", 'status.state === "waiting"'],
    ["connecting", "http://127.0.0.1:PORT", 'status.state === "connecting"'],
  ])("leaves nothing that keeps a process: %s", async (_when, url, condition) => {
    const client = new URL("../../client/client.ts", import.meta.url).href;
    const script = `
      import { connect } from ${JSON.stringify(client)};
      const subscription = connect({
        url: ${JSON.stringify(url.replace("PORT", new URL(relay.url).port))},
        token: () => ({ token: "t", expiresAt: new Date(Date.now() + 3.6e6).toISOString() }),
        onEvent: () => {},
        onStatus: (status) => {
          if (${condition}) setTimeout(() => subscription.close(), 20);
        },
      });`;
    void relay.welcome().catch(() => {});
    const args = ["--input-type=module-typescript", "-e", script];
    await promisify(execFile)(process.execPath, args, { timeout: 8_000 });
  });
});
