import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";

import { listen } from "../../cli/relay/listening.ts";
import { TestTenant } from "../support/api.ts";
import { TestRelay } from "../support/relay.ts";
import { webhook } from "../support/webhooks.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/edrv");
const PATIENCE = { timeout: 60_000 };

let relay: TestRelay;

beforeEach(async () => {
  relay = await TestRelay.start();
});

afterEach(() => relay.stop());

const newTenant = () => TestTenant.create(fetch, relay.url);

describe("the relay", () => {
  it("carries eDRV's documented samples byte for byte to subscribers and routes", async () => {
    const samples = readdirSync(FIXTURES)
      .filter((name) => name.endsWith(".json") && !name.endsWith(".data.json"))
      .map((name) => readFileSync(join(FIXTURES, name), "utf8"));
    expect(samples.length).toBeGreaterThanOrEqual(5);
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await startReceiver(() => 200);
    const route = await tenant.route(receiver.url);
    const frames = await subscribe(tenant);
    for (const sample of samples) expect((await tenant.send(path, sample)).status).toBe(200);

    await expect.poll(() => receiver.requests.length, PATIENCE).toBe(samples.length);
    expect(receiver.requests.map(({ body }) => body).sort()).toEqual([...samples].sort());
    for (const { body, headers } of receiver.requests) {
      expect(() => new Webhook(route.secret).verify(body, headers)).not.toThrow();
    }
    const carried = () => samples.filter((sample) => frames.join("").includes(`"body":${sample}}`));
    await expect.poll(() => carried().length, PATIENCE).toBe(samples.length);
  });

  it("delivers what it owed when it was killed, without any new event, and resumes streams", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    let isDown = true;
    const receiver = await startReceiver(() => (isDown ? 500 : 200));
    await tenant.route(receiver.url, { retry: { scheduleSeconds: [2, 2, 2, 2, 2, 2, 2, 2] } });
    const before = await subscribe(tenant);
    for (let i = 0; i < 3; i += 1) {
      expect((await tenant.send(path, webhook({ station: "cs1" }))).status).toBe(200);
    }
    await expect.poll(() => receiver.requests.length, PATIENCE).toBeGreaterThan(0);
    await expect.poll(() => seqsOf(before), PATIENCE).toEqual([1, 2, 3]);
    const cursor = /"cursor":"([^"]+)"/.exec(before[1] ?? "")?.[1] ?? "";

    await relay.kill();
    isDown = false;
    await relay.restart();

    await expect.poll(() => delivered(receiver), PATIENCE).toEqual([1, 2, 3]);
    const after = await subscribe(tenant, `?from=${cursor}`);
    await expect.poll(() => seqsOf([...before.slice(0, 2), ...after]), PATIENCE).toEqual([1, 2, 3]);
    expect(after[0]).toContain('"recovered":true');
  });
});

interface Receiver {
  readonly url: string;
  readonly requests: {
    readonly headers: Record<string, string>;
    readonly body: string;
    readonly status: number;
  }[];
}

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function startReceiver(answer: () => number): Promise<Receiver> {
  const requests: Receiver["requests"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const status = answer();
      const headers = Object.entries(request.headersDistinct).map(
        ([name, values]) => [name, values?.join(", ") ?? ""] as const,
      );
      requests.push({ headers: Object.fromEntries(headers), body, status });
      response.writeHead(status).end();
    });
  });
  const origin = await listen(server);
  servers.push(server);
  return { url: `${origin}/hook`, requests };
}

/** Seqs that were answered 200, in order. */
const delivered = ({ requests }: Receiver) =>
  requests
    .filter(({ status }) => status === 200)
    .map(({ headers }) => Number(headers["chargewire-seq"]));

/** The frames of a new subscriber, as they come in. */
async function subscribe(tenant: TestTenant, query = ""): Promise<string[]> {
  const url = `${tenant.origin.replace("http", "ws")}/v1/stream${query}`;
  const socket = new WebSocket(url, ["chargewire.v1", `auth.${tenant.key}`]);
  const frames: string[] = [];
  socket.on("message", (data) => frames.push(String(data)));
  // The relay is killed under it.
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("open", resolve));
  expect(socket.protocol).toBe("chargewire.v1");
  await expect.poll(() => frames.length, PATIENCE).toBeGreaterThan(0);
  return frames;
}

const seqsOf = (frames: readonly string[]) =>
  frames.flatMap((frame) => [...frame.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq)));
