import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { toUtf8 } from "../../src/domain/encoding.ts";
import { importSecret, verifySignature } from "../../src/domain/signature.ts";
import { TestTenant } from "../support/api.ts";
import { chargewire, startChargewire } from "../support/cli.ts";
import { LocalServer } from "../support/local-server.ts";
import type { Program } from "../support/program.ts";
import { TestRelay } from "../support/relay.ts";
import { type WebhookBody, webhook } from "../support/webhooks.ts";

const PATIENCE = { timeout: 60_000 };
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const Ready = z.looseObject({ op: z.literal("ready"), to: z.string(), secret: z.string() });
const Told = z.looseObject({
  op: z.string(),
  station: z.string(),
  seq: z.number(),
  attempt: z.number(),
  status: z.number().nullable(),
});

let relay: TestRelay;
let tenant: TestTenant;
let ingestPath: string;
let directory: string;
let server: LocalServer;
const programs: Program[] = [];

beforeAll(async () => {
  relay = await TestRelay.start();
});

afterAll(() => relay.stop());

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "chargewire-forward-"));
  tenant = await TestTenant.create(fetch, relay.url);
  ingestPath = (await tenant.source()).path;
  server = await LocalServer.start();
});

afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.end()));
  await server.stop();
  rmSync(directory, { recursive: true });
});

const environment = () => ({
  XDG_CONFIG_HOME: directory,
  CHARGEWIRE_URL: relay.url,
  CHARGEWIRE_KEY: tenant.key,
});

function forward(...options: string[]): Program {
  const program = startChargewire(["forward", "--to", server.url, ...options], environment());
  programs.push(program);
  return program;
}

/** Resolves when the stream has begun: what is sent from now on is forwarded. */
async function forwardLive(...options: string[]): Promise<Program> {
  const program = forward(...options);
  await expect.poll(() => program.errors, PATIENCE).toContain("Live.");
  return program;
}

async function send(station: string, overrides: Partial<WebhookBody> = {}): Promise<string> {
  const body = webhook({ station, ...overrides });
  expect((await tenant.send(ingestPath, body)).status).toBe(200);
  return body._id;
}

/** So many events of each station, in turn; their ids by station. */
async function sendAll(stations: readonly string[], count: number): Promise<Map<string, string[]>> {
  const ids = new Map(stations.map((station): [string, string[]] => [station, []]));
  for (let round = 0; round < count; round += 1) {
    await Promise.all(stations.map(async (station) => ids.get(station)?.push(await send(station))));
  }
  return ids;
}

const linesOf = ({ lines }: Program) => lines.map((line): unknown => JSON.parse(line));

describe("chargewire forward", () => {
  it("delivers what a route would: the exact bytes, signed, with the same headers", async () => {
    const program = await forwardLive("--secret", SECRET, "--edrv-secret", "edrv-secret");
    const event = webhook({ station: "cs1" });
    // Spaces, an escape that needs none, a number that JavaScript writes in another way.
    const text = `${JSON.stringify(event, null, 2).slice(0, -2)},\n  "odd": "\\u00e9 ]},{\\"", "n": 1.0e2\n}\n`;
    expect((await tenant.send(ingestPath, text)).status).toBe(200);
    await send("cs1");
    await expect.poll(() => server.accepted.length, PATIENCE).toBe(2);

    const [first, second] = server.accepted;
    expect(first?.body).toBe(text);
    expect(first?.headers).toMatchObject({
      "content-type": "application/json",
      "webhook-id": event._id,
      "chargewire-station": "cs1",
      "chargewire-seq": "1",
      "chargewire-type": "session.updated",
      "chargewire-attempt": "1",
    });
    expect(first?.headers).not.toHaveProperty("chargewire-prev-seq");
    expect(second?.headers).toMatchObject({ "chargewire-seq": "2", "chargewire-prev-seq": "1" });
    for (const { body, headers } of server.accepted) {
      expect(new Webhook(SECRET).verify(body, headers)).toEqual(JSON.parse(body));
      const keys = [await importSecret("edrv-secret", "verify")];
      const policy = { scheme: "timestamped", toleranceMs: 60_000, keys } as const;
      const signed = { header: headers["edrv-signature"] ?? null, body: toUtf8(body) };
      expect(await verifySignature(signed, policy, Date.now())).toMatchObject({ ok: true });
    }
    expect(program.errors).not.toContain(SECRET);
    expect(program.lines[0]).toMatch(/cs1 +#1 +session\.updated +delivered +HTTP 200 in \d+ ms$/);
  });

  it("makes a secret when none is given, and tells what it does in JSON", async () => {
    const program = await forwardLive("--json");
    await send("cs1");
    await expect.poll(() => program.lines.length, PATIENCE).toBe(2);
    const [ready, told] = linesOf(program);
    const { secret } = Ready.parse(ready);
    expect(Told.parse(told)).toMatchObject({ op: "delivered", seq: 1, attempt: 1, status: 200 });
    const { body, headers } = server.accepted[0] ?? { body: "", headers: {} };
    expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
  });

  it("sends the event around the webhook where that is wanted, and only what is wanted", async () => {
    await forwardLive("--format", "event", "--types", "session.*", "--stations", "cs1");
    await send("cs2");
    await send("cs1", { type: "chargestation.online" });
    await send("cs1");
    await expect.poll(() => server.accepted.length, PATIENCE).toBe(1);
    const listed = await tenant.text("/v1/stations/cs1/events?after=1");
    expect(`{"items":[${server.accepted[0]?.body}],"next":null}`).toBe(listed);
  });

  it("keeps each station in order, one at a time, and lets none wait for another", async () => {
    const released = Promise.withResolvers<void>();
    server.answer = ({ headers }) =>
      headers["chargewire-station"] === "slow"
        ? { status: 200, after: released.promise }
        : { status: 200 };
    await forwardLive();
    await sendAll(["slow", "cs1", "cs2"], 4);
    await expect.poll(() => server.accepted.length, PATIENCE).toBe(8);
    expect(server.seqsOf("cs1")).toEqual([1, 2, 3, 4]);
    expect(server.seqsOf("cs2")).toEqual([1, 2, 3, 4]);
    released.resolve();
    await expect.poll(() => server.seqsOf("slow"), PATIENCE).toEqual([1, 2, 3, 4]);
    expect(server.mostAtOnceOf("slow")).toBe(1);
  });

  it("waits for a server that goes down and comes back, and leaves nothing out", async () => {
    const program = await forwardLive("--json");
    const before = await sendAll(["cs1", "cs2"], 3);
    await expect.poll(() => server.accepted.length, PATIENCE).toBe(6);
    await server.kill();
    const during = await sendAll(["cs1", "cs2"], 5);
    await expect
      .poll(
        () => linesOf(program).filter((line) => Told.safeParse(line).data?.op === "failed").length,
        PATIENCE,
      )
      .toBeGreaterThanOrEqual(2);
    await server.restart();
    await expect.poll(() => server.accepted.length, PATIENCE).toBe(16);
    for (const station of ["cs1", "cs2"]) {
      const ids = [...(before.get(station) ?? []), ...(during.get(station) ?? [])];
      expect(server.idsOf(station)).toEqual(ids);
      expect(server.seqsOf(station)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    }
  });

  it("leaves the stream while more waits than it can hold, and comes back for the rest", async () => {
    const program = await forwardLive();
    await server.kill();
    const stations = Array.from({ length: 25 }, (_, index) => `cs${index}`);
    const ids = await sendAll(stations, 50);
    await expect.poll(() => program.errors, PATIENCE).toContain("1000 events wait");
    await server.restart();
    await expect.poll(() => server.accepted.length, PATIENCE).toBe(1_250);
    for (const station of stations) expect(server.idsOf(station)).toEqual(ids.get(station));
  });

  it("goes on where it was killed, with the same secret, and leaves nothing out", async () => {
    const state = join(directory, "state.json");
    const first = await forwardLive("--state", state, "--json");
    const { secret } = Ready.parse(linesOf(first)[0]);
    const ids = await sendAll(["cs1", "cs2", "cs3"], 8);
    await expect.poll(() => server.accepted.length, PATIENCE).toBeGreaterThan(6);
    await first.end("SIGKILL");
    for (const [station, more] of await sendAll(["cs1", "cs2", "cs3"], 4)) {
      ids.get(station)?.push(...more);
    }
    expect(statSync(state).mode & 0o777).toBe(0o600);

    const second = forward("--state", state, "--json");
    const seqs = Array.from({ length: 12 }, (_, index) => index + 1);
    for (const station of ["cs1", "cs2", "cs3"]) {
      await expect.poll(() => [...new Set(server.seqsOf(station))], PATIENCE).toEqual(seqs);
      // What was in flight, or not noted yet, comes again, with the same id.
      expect([...new Set(server.idsOf(station))]).toEqual(ids.get(station));
    }
    for (const { body, headers } of server.accepted) {
      expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
    }

    expect(await second.end("SIGINT")).toBe(0);
    const count = server.accepted.length;
    const third = await forwardLive("--state", state);
    const id = await send("cs1");
    await expect.poll(() => server.accepted.length, PATIENCE).toBe(count + 1);
    expect(server.accepted.at(-1)?.headers).toMatchObject({
      "webhook-id": id,
      "chargewire-seq": "13",
      "chargewire-prev-seq": "12",
    });
    expect(third.errors).not.toContain("missing");
  });

  it("keeps its place from the moment it is live, however soon it is killed", async () => {
    const state = join(directory, "state.json");
    const first = forward("--state", state);
    await expect.poll(() => first.errors, { ...PATIENCE, interval: 1 }).toContain("Live.");
    await first.end("SIGKILL");
    const id = await send("cs1");
    forward("--state", state);
    await expect.poll(() => server.idsOf("cs1"), PATIENCE).toEqual([id]);
  });

  it("goes on when it is killed while the server is down", async () => {
    const state = join(directory, "state.json");
    const first = await forwardLive("--state", state);
    const ids = [await send("cs1")];
    await expect.poll(() => server.accepted.length, PATIENCE).toBe(1);
    await server.kill();
    ids.push(await send("cs1"), await send("cs1"), await send("cs1"));
    await expect
      .poll(() => first.lines.some((line) => line.includes("failed")), PATIENCE)
      .toBe(true);
    await first.end("SIGKILL");
    await server.restart();
    forward("--state", state);
    await expect.poll(() => [...new Set(server.idsOf("cs1"))], PATIENCE).toEqual(ids);
  });

  it("goes on across a restart of the relay", async () => {
    await forwardLive();
    await send("cs1");
    await relay.kill();
    await relay.restart();
    await send("cs1");
    await expect.poll(() => server.seqsOf("cs1"), PATIENCE).toEqual([1, 2]);
  });

  it("gives up what is refused twice, and announces the gap", async () => {
    server.answer = ({ headers }) => ({ status: headers["chargewire-seq"] === "2" ? 422 : 200 });
    const program = await forwardLive("--json");
    await sendAll(["cs1"], 3);
    await expect.poll(() => server.accepted.length, PATIENCE).toBe(2);
    expect(server.requests.map(({ headers }) => headers["chargewire-seq"])).toEqual([
      "1",
      "2",
      "2",
      "3",
    ]);
    expect(server.accepted[1]?.headers).toMatchObject({
      "chargewire-gap": "2-2",
      "chargewire-prev-seq": "1",
    });
    expect(linesOf(program)).toContainEqual(expect.objectContaining({ op: "refused", seq: 2 }));
  });

  it("ends when the server answers 410, and keeps the place", async () => {
    const state = join(directory, "state.json");
    server.answer = () => ({ status: 410 });
    const program = await forwardLive("--state", state);
    const id = await send("cs1");
    expect(await program.ended).toBe(1);
    expect(program.errors).toContain("it wants no more");
    server.answer = () => ({ status: 200 });
    forward("--state", state);
    await expect.poll(() => server.idsOf("cs1"), PATIENCE).toEqual([id]);
  });

  it("does not go on with a state of another server", async () => {
    const state = join(directory, "state.json");
    const program = await forwardLive("--state", state);
    expect(await program.end("SIGTERM")).toBe(0);
    expect(
      z.looseObject({ to: z.string() }).parse(JSON.parse(readFileSync(state, "utf8"))).to,
    ).toBe(server.url);
    const { exitCode, err } = await chargewire(
      ["forward", "--to", `${server.url}/other`, "--state", state],
      environment(),
    );
    expect(exitCode).toBe(2);
    expect(err).toContain("belongs to another to");
  });
});
