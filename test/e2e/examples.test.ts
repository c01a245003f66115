import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { PROJECT_DIR } from "../../cli/relay/relay.ts";
import worker from "../../examples/worker.ts";
import { TestTenant } from "../support/api.ts";
import { Program } from "../support/program.ts";
import { TestRelay } from "../support/relay.ts";
import { eventsIn, opOf } from "../support/stream-log.ts";
import { webhook } from "../support/webhooks.ts";

const EXAMPLES = join(PROJECT_DIR, "examples");
const README = readFileSync(join(EXAMPLES, "README.md"), "utf8");
const PATIENCE = { timeout: 60_000 };
const Token = z.object({ token: z.string() });

let relay: TestRelay;
let tenant: TestTenant;
let ingestPath: string;
let directory: string;
const programs: Program[] = [];

beforeAll(async () => {
  relay = await TestRelay.start();
});

afterAll(() => relay.stop());

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "chargewire-examples-"));
  tenant = await TestTenant.create(fetch, relay.url);
  ingestPath = (await tenant.source()).path;
});

afterEach(async () => {
  for (const program of programs.splice(0)) await program.end();
  rmSync(directory, { recursive: true });
});

async function start(command: string, ...args: string[]): Promise<Program> {
  const env = { RELAY: relay.url, TOKEN: await tenant.token(), PLACE: join(directory, "place") };
  const program = new Program(command, args, env);
  programs.push(program);
  return program;
}

async function send(station: string, type = "session.updated"): Promise<void> {
  const answer = await tenant.send(ingestPath, webhook({ station, type }));
  expect(answer.status).toBe(200);
}

describe("examples/README.md", () => {
  it("names every example", () => {
    const named = [...README.matchAll(/^\| \[(\S+)\]/gm)].map(([, name]) => name);
    expect([...named, "README.md"].sort()).toEqual(readdirSync(EXAMPLES).sort());
  });

  it("shows how to get a token", async () => {
    const block = /<!-- A test runs this block. -->\n```sh\n([\s\S]*?)```/.exec(README)?.[1] ?? "";
    const script = `set -eu\n${block}\nexec sh examples/tail.sh`;
    const tail = new Program("sh", ["-c", script], { RELAY: relay.url, API_KEY: tenant.key });
    programs.push(tail);
    await expect.poll(() => tail.lines.map(opOf), PATIENCE).toEqual(["hello"]);
  });
});

describe("examples/tail.sh", () => {
  it("prints the frames that it asks for, each a line", async () => {
    await send("cs1");
    const tail = await start("sh", "examples/tail.sh", "from=snapshot&types=session.*");
    await expect.poll(() => tail.lines.map(opOf), PATIENCE).toEqual(["hello", "snapshot"]);
    await send("cs1", "chargestation.online");
    await send("cs1");
    await expect.poll(() => eventsIn(tail.lines), PATIENCE).toEqual(["cs1#3"]);
  });

  it("puts a body of several lines into one", async () => {
    const tail = await start("sh", "examples/tail.sh");
    await expect.poll(() => tail.lines.length, PATIENCE).toBe(1);
    await tenant.send(ingestPath, JSON.stringify(webhook({ station: "cs1" }), null, 2));
    await expect.poll(() => eventsIn(tail.lines), PATIENCE).toEqual(["cs1#1"]);
  });

  it("misses and repeats nothing when the relay restarts, nor in its next run", async () => {
    const tail = await start("sh", "examples/tail.sh");
    await expect.poll(() => tail.lines.length, PATIENCE).toBe(1);
    await send("cs1");
    await expect.poll(() => eventsIn(tail.lines), PATIENCE).toEqual(["cs1#1"]);
    await relay.kill();
    await relay.restart();
    await send("cs1");
    await expect.poll(() => eventsIn(tail.lines), PATIENCE).toEqual(["cs1#1", "cs1#2"]);
    await tail.end();

    await send("cs1");
    const next = await start("sh", "examples/tail.sh");
    await send("cs1");
    await expect.poll(() => eventsIn(next.lines), PATIENCE).toEqual(["cs1#3", "cs1#4"]);
  });

  it("ends with the relay's words when it is refused", async () => {
    const tail = await start("sh", "examples/tail.sh", "types=session*");
    expect(await tail.ended).toBe(1);
    await expect.poll(() => tail.errors, PATIENCE).toContain('"code":"invalid_');
    expect(tail.lines).toEqual([]);
  });
});

describe("examples/wscat.sh", () => {
  it("prints the frames that it asks for, each a line", async () => {
    await send("cs1");
    const wscat = await start("examples/wscat.sh", "from=snapshot&types=session.*");
    await expect.poll(() => wscat.lines.map(opOf), PATIENCE).toEqual(["hello", "snapshot"]);
    await send("cs1");
    await expect.poll(() => eventsIn(wscat.lines), PATIENCE).toEqual(["cs1#2"]);
  });

  it("ends when it is refused", async () => {
    const wscat = await start("examples/wscat.sh", "types=session*");
    expect(await wscat.ended).not.toBe(0);
    await expect.poll(() => wscat.errors, PATIENCE).toContain("400");
  });
});

describe("examples/node.mjs", () => {
  const run = (...args: string[]) => start(process.execPath, "examples/node.mjs", ...args);

  it("prints stations, then events, across a restart of the relay", async () => {
    await send("cs1", "chargestation.online");
    const program = await run();
    await expect.poll(() => program.lines, PATIENCE).toEqual(["cs1 1 { online: true }"]);
    await relay.kill();
    await relay.restart();
    await send("cs1");
    await expect.poll(() => program.lines.slice(1), PATIENCE).toEqual(["cs1 2 session.updated"]);
    expect(program.errors).toContain("state: 'waiting'");
  });

  it("goes on in its next run where it was interrupted", async () => {
    const first = await run("start");
    await send("cs1");
    await expect.poll(() => first.lines, PATIENCE).toEqual(["cs1 1 session.updated"]);
    expect(await first.end("SIGINT")).toBe(0);
    const [, cursor = ""] = /^cursor: (\S+)$/.exec(first.lines.at(-1) ?? "") ?? [];
    await send("cs1");
    const second = await run(cursor);
    await expect.poll(() => second.lines, PATIENCE).toEqual(["cs1 2 session.updated"]);
  });
});

describe("examples/worker.ts", () => {
  const ask = (headers: Record<string, string>) =>
    worker.fetch(new Request("https://app.example.com/token", { headers }), {
      RELAY: relay.url,
      API_KEY: tenant.key,
    });

  it("gives a user a token for the user's own stations", async () => {
    const answer = await ask({ "x-user": "ann" });
    expect(answer.status).toBe(201);
    const { token } = Token.parse(await answer.json());
    const program = new Program("sh", ["examples/tail.sh"], { RELAY: relay.url, TOKEN: token });
    programs.push(program);
    await expect.poll(() => program.lines.length, PATIENCE).toBe(1);
    await send("bob-1");
    await send("ann-2");
    await expect.poll(() => eventsIn(program.lines), PATIENCE).toEqual(["ann-2#1"]);
  });

  it("gives nobody else one", async () => {
    expect((await ask({})).status).toBe(401);
  });
});
