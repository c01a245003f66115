import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocket as NodeWebSocket } from "ws";
import * as z from "zod";

import type { ConnectOptions } from "../../client/client.ts";
import { connect } from "../../client/client.ts";
import { TestTenant } from "../support/api.ts";
import { Observer } from "../support/observer.ts";
import { startProxy, type TestProxy } from "../support/proxy.ts";
import { TestRelay } from "../support/relay.ts";
import { webhook } from "../support/webhooks.ts";

let relay: TestRelay;
let proxy: TestProxy;
let tenant: TestTenant;
let ingestPath: string;
const observers: Observer[] = [];

beforeAll(async () => {
  relay = await TestRelay.start();
});

afterAll(() => relay.stop());

beforeEach(async () => {
  tenant = await TestTenant.create(fetch, relay.url);
  ingestPath = (await tenant.source()).path;
  proxy = await startProxy(relay.url);
});

afterEach(async () => {
  for (const { subscription } of observers.splice(0)) subscription.close();
  await proxy.close();
});

function observe(options: Partial<ConnectOptions> = {}): Observer {
  const observer = new Observer({ url: proxy.url, token: tenant.key, ...options });
  observers.push(observer);
  return observer;
}

/** So many events of one station, and the seqs that they have got so far. */
async function send(count: number, overrides: Parameters<typeof webhook>[0] = {}): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const body = webhook({ station: "cs1", ...overrides });
    expect((await tenant.send(ingestPath, body)).status).toBe(200);
  }
}

const Key = z.looseObject({ id: z.string(), apiKey: z.string() });
const Token = z.object({ token: z.string(), expiresAt: z.string() });

const newToken = async (ttlSeconds: number, claims: Record<string, unknown> = {}) =>
  Token.parse((await tenant.call("POST", "/v1/tokens", { ttlSeconds, ...claims })).body);

const seqs = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe("a subscription to a relay", () => {
  it("brings every event once and in order while the network comes and goes", async () => {
    const observer = observe();
    await observer.untilState("live");
    await send(3);
    await observer.untilSeen(3);
    proxy.cut();
    await send(3);
    await observer.untilState("waiting");
    proxy.heal();
    observer.subscription.reconnect();
    await observer.untilSeen(6);
    await send(1);
    await observer.untilSeen(7);
    // Cut while events are on their way, again and again.
    for (let last = 12; last <= 32; last += 5) {
      const sending = send(5);
      proxy.cut();
      proxy.heal();
      await sending;
      observer.subscription.reconnect();
      await observer.untilSeen(last);
    }
    expect(observer.seen).toEqual(seqs(32));
    expect(observer.subscription.status).toEqual({ state: "live" });
  });

  it("goes on where it was after the relay was killed", async () => {
    const observer = observe();
    await observer.untilState("live");
    await send(2);
    await observer.untilSeen(2);
    await relay.kill();
    await observer.untilState("waiting");
    await relay.restart();
    await send(2);
    observer.subscription.reconnect();
    await observer.untilSeen(4);
    await send(1);
    await observer.untilSeen(5);
    expect(observer.seen).toEqual(seqs(5));
  });

  it.each([
    ["the platform's WebSocket", WebSocket],
    ["that of the ws package", NodeWebSocket],
  ])("notices a network that died without a word, with %s", async (_which, WebSocketClass) => {
    const observer = observe({
      WebSocket: WebSocketClass,
      // The relay asks for a ping every half minute: too long for a test.
      timing: { heartbeatMs: 500, connectMs: 1_000 },
    });
    await observer.untilState("live");
    await send(1);
    await observer.untilSeen(1);
    proxy.stall();
    await send(2);
    await observer.until(({ statuses }) =>
      statuses.some((status) => status.state === "waiting" && status.reason === "silent"),
    );
    proxy.heal();
    await observer.untilSeen(3);
    await send(1);
    await observer.untilSeen(4);
    expect(observer.seen).toEqual(seqs(4));
  });

  it("begins with the present state, and continues it exactly", async () => {
    await send(1, { type: "chargestation.online", object: "chargestation" });
    await send(1, { station: "cs2" });
    const observer = observe({ from: "snapshot" });
    await observer.untilState("live");
    await send(1);
    await observer.untilSeen(2);
    expect(observer.seen).toEqual(["snapshot:cs1,cs2 first done", 2]);
  });

  it("says so when the place it is given is none of this stream", async () => {
    await send(1);
    const observer = observe({ from: "nowhere" });
    await observer.untilSeen(2);
    expect(observer.seen).toEqual(["gap:epoch", "snapshot:cs1 first done"]);
  });

  it("can be taken up again with its cursor", async () => {
    await send(3);
    const first = observe({ from: "start" });
    await first.untilSeen(3);
    // What was seen last is taken when its callback is done.
    await new Promise(setImmediate);
    const { cursor } = first.subscription;
    first.subscription.close();
    await send(2);
    const second = observe({ from: cursor ?? "" });
    await second.untilSeen(2);
    expect(second.seen).toEqual([4, 5]);
  });

  it("takes another filter in band", async () => {
    const observer = observe({ filter: { stations: ["cs1"] } });
    await observer.untilState("live");
    await send(1);
    await send(1, { station: "cs2" });
    await observer.untilSeen(1);
    observer.subscription.subscribe({ stations: ["cs2"] }, "start");
    await observer.untilSeen(2);
    observer.subscription.subscribe({ types: ["not a type"] });
    await observer.until(({ errors }) => errors.length === 1);
    await send(1);
    await send(1, { station: "cs2" });
    await observer.untilSeen(3);
    expect(observer.seen).toEqual([1, 1, 2]);
    expect(observer.errors[0]?.code).toBe("invalid_filter");
    expect(proxy.connectionCount).toBe(1);
  });

  it("tells a filter in band that no address would hold", async () => {
    const stations = Array.from({ length: 400 }, (_, i) => `no-station-${i}`);
    await send(2);
    await send(1, { station: "cs2" });
    const observer = observe({ filter: { stations: [...stations, "cs1"] }, from: "start" });
    await observer.untilSeen(2);
    await send(1, { station: "cs2" });
    await send(1);
    await observer.untilSeen(3);
    expect(observer.seen).toEqual([1, 2, 3]);
  });

  it("follows one station", async () => {
    await send(2);
    await send(1, { station: "cs2" });
    const observer = observe({ station: "cs1", from: "start" });
    await observer.untilSeen(2);
    await send(1);
    await observer.untilSeen(3);
    expect(observer.seen).toEqual([1, 2, 3]);
  });

  it.each([
    ["a key that is none", { token: "cw_nothing" }, 401],
    ["a station that is not there", { station: "nowhere" }, 404],
    ["a filter that is none", { filter: { types: ["not a type"] } }, 400],
  ])("is refused with %s", async (_what, options, code) => {
    const observer = observe({ WebSocket: NodeWebSocket, ...options });
    await observer.untilState("closed");
    expect(observer.subscription.status).toMatchObject({ reason: "refused", code });
  });

  it("ends when its key is deleted", async () => {
    const { body } = await tenant.call("POST", "/v1/keys", { name: "page", role: "reader" });
    const key = Key.parse(body);
    const observer = observe({ token: () => key.apiKey });
    await observer.untilState("live");
    await tenant.call("DELETE", `/v1/keys/${key.id}`);
    await send(1);
    await observer.untilState("closed");
    expect(observer.subscription.status).toMatchObject({ reason: "refused", code: 4001 });
  });

  it("renews its token on the same connection, well before it ends", async () => {
    let count = 0;
    const observer = observe({
      token: async () => {
        count += 1;
        return newToken(4);
      },
    });
    await observer.untilState("live");
    // As long as three tokens, so that the first two have ended.
    for (let i = 0; i < 10; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await send(1);
    }
    await observer.untilSeen(10);
    expect(observer.seen).toEqual(seqs(10));
    expect(count).toBeGreaterThan(3);
    expect(proxy.connectionCount).toBe(1);
    expect(observer.errors).toEqual([]);
  });

  it("comes back with a new token when it is told that the old one has ended", async () => {
    const observer = observe({ token: async () => (await newToken(2)).token });
    await observer.untilState("live");
    await send(1);
    await observer.untilSeen(1);
    await expect.poll(() => proxy.connectionCount, { timeout: 60_000 }).toBe(2);
    await send(1);
    await observer.untilSeen(2);
    expect(observer.seen).toEqual([1, 2]);
  });

  it("shows states where the token lets nothing else be seen", async () => {
    await send(1, { type: "chargestation.online", object: "chargestation" });
    const { token } = await newToken(60, { view: "state" });
    const observer = observe({ token, from: "snapshot" });
    await observer.untilSeen(1);
    await send(1, { type: "chargestation.offline", object: "chargestation" });
    await observer.untilSeen(2);
    expect(observer.seen).toEqual(["snapshot:cs1 first done", "state:cs1"]);
  });

  it("is seen as slow when it takes nothing, and goes on with a gap and the present state", async () => {
    const gate = Promise.withResolvers<void>();
    const taken: number[] = [];
    const observer = observe({
      onEvent: async ({ seq }) => {
        taken.push(seq);
        await gate.promise;
      },
    });
    await observer.untilState("live");
    // The relay has 4 MiB of patience.
    const data = { chargestation: "cs1", padding: "x".repeat(400 * 1024) };
    await send(16, { data });
    expect(taken).toEqual([1]);
    gate.resolve();
    await observer.untilSeen(2);
    expect(observer.seen).toEqual(["gap:slow", "snapshot:cs1 first done"]);
    expect(taken).toEqual(seqs(taken.length));
    expect(taken.length).toBeGreaterThan(5);
    expect(taken.length).toBeLessThan(14);
    await send(1);
    await expect.poll(() => taken.at(-1), { timeout: 60_000 }).toBe(17);
    expect(proxy.connectionCount).toBe(1);
  });

  it("brings the same to an iterator that is slow", async () => {
    await send(20);
    const seen: number[] = [];
    const subscription = connect({ url: proxy.url, token: tenant.key, from: "start" });
    for await (const item of subscription) {
      if (item.op !== "event") continue;
      seen.push(item.event.seq);
      if (item.event.seq === 10) proxy.cut();
      if (item.event.seq === 12) proxy.heal();
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (seen.length === 20) break;
    }
    expect(seen).toEqual(seqs(20));
  });
});

describe("a plain socket", () => {
  it.each(["/v1/stream", "/v1/stations/cs1/stream"])(
    "of %s is answered its close, so that it need not wait for one",
    async (path) => {
      await send(1);
      const socket = new NodeWebSocket(new URL(path, relay.url), [
        "chargewire.v1",
        `auth.${tenant.key}`,
      ]);
      await once(socket, "message");
      socket.close(1000);
      const [code] = await once(socket, "close");
      expect(code).toBe(1000);
    },
  );

  it("is closed for good when its token has ended, and not merely cut off", async () => {
    const { token } = await newToken(2);
    const socket = new NodeWebSocket(new URL("/v1/stream", relay.url), [
      "chargewire.v1",
      `auth.${token}`,
    ]);
    const frames: string[] = [];
    socket.on("message", (data) => frames.push(String(data)));
    const [code] = await once(socket, "close");
    expect(code).toBe(4401);
    expect(frames.at(-1)).toContain('"op":"bye"');
  });
});
