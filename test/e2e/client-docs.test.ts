import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { PROJECT_DIR } from "../../cli/relay/relay.ts";
import { TestTenant } from "../support/api.ts";
import { Program } from "../support/program.ts";
import { TestRelay } from "../support/relay.ts";
import { webhook } from "../support/webhooks.ts";

/** The examples of a document that use the client library. */
function examplesOf(path: string): string[] {
  const text = readFileSync(join(PROJECT_DIR, path), "utf8");
  const blocks = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code ?? "");
  return blocks.filter((code) => /\bconnect\(/.test(code) && code.includes('"chargewire/client"'));
}

const PATIENCE = { timeout: 60_000 };

let relay: TestRelay;
let tenant: TestTenant;
let ingestPath: string;
const programs: Program[] = [];

beforeAll(async () => {
  relay = await TestRelay.start();
  tenant = await TestTenant.create(fetch, relay.url);
  ingestPath = (await tenant.source()).path;
  await send("session.started");
});

afterAll(() => relay.stop());

afterEach(async () => {
  for (const program of programs.splice(0)) await program.end();
});

async function send(type: string): Promise<void> {
  const answer = await tenant.send(ingestPath, webhook({ station: "cs1", type }));
  expect(answer.status).toBe(200);
}

/** Runs an example as it stands, with the relay and the tokens of this test. */
function run(code: string): Program {
  const key = JSON.stringify(`Bearer ${tenant.key}`);
  const backEnd = `fetch(${JSON.stringify(`${relay.url}/v1/tokens`)}, { method: "POST", headers: { authorization: ${key} } })`;
  const prelude = `const url = ${JSON.stringify(relay.url)}; const token = ${JSON.stringify(tenant.key)};\n`;
  const example = code
    .replace('"https://relay.example.com"', JSON.stringify(relay.url))
    .replace('fetch("/relay-token")', backEnd);
  const args = ["--input-type=module", "--eval", prelude + example];
  const program = new Program(process.execPath, args, {});
  programs.push(program);
  return program;
}

describe("README.md", () => {
  it("shows a subscription that gets the states, and events after them", async () => {
    const [example = "", ...others] = examplesOf("README.md");
    expect(others).toEqual([]);
    const program = run(example);
    await expect.poll(() => program.lines, PATIENCE).toContain("live");
    expect(program.lines.join("\n")).toContain("station: 'cs1'");
    await send("session.ended");
    await expect.poll(() => program.lines.at(-1), PATIENCE).toMatch(/^cs1 /);
    expect(program.errors).toBe("");
  });
});

describe("client/README.md", () => {
  it("shows a subscription with callbacks", async () => {
    const [example = ""] = examplesOf("client/README.md");
    expect(example).toContain("onEvent");
    const program = run(example);
    await expect.poll(() => program.lines, PATIENCE).toContain("live");
    await send("session.started");
    await expect.poll(() => program.lines.at(-1), PATIENCE).toMatch(/^cs1 /);
    expect(program.errors).toBe("");
  });

  it("shows a loop that ends by itself", async () => {
    const [, example = ""] = examplesOf("client/README.md");
    expect(example).toContain("for await");
    await send("session.ended");
    const program = run(example);
    expect(await program.ended).toBe(0);
    expect(program.lines).toContain("cs1 1 session.started");
    expect(program.errors).toBe("");
  });
});
