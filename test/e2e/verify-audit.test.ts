import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TestTenant } from "../support/api.ts";
import { Program } from "../support/program.ts";
import { TestRelay } from "../support/relay.ts";

let relay: TestRelay;
let tenant: TestTenant;

beforeAll(async () => {
  relay = await TestRelay.start();
  tenant = await TestTenant.create(fetch, relay.url);
  // More than a page of the longest.
  for (let count = 0; count < 205; count += 1) {
    await tenant.call("PATCH", "/v1/settings", {
      allowedOrigins: [`https://page-${count}.example.com`],
    });
  }
});

afterAll(() => relay.stop());

async function run(args: readonly string[], env: Record<string, string>) {
  const program = new Program("node", ["cli/verify-audit.ts", ...args], env);
  const code = await program.ended;
  return { code, lines: program.lines, errors: program.errors };
}

const withKey = () => ({ CHARGEWIRE_KEY: tenant.key });

describe("npm run verify-audit", () => {
  it("reads the whole log, and finds its chain whole", async () => {
    expect(await run(["--url", relay.url], withKey())).toEqual({
      code: 0,
      lines: [
        "205 entries",
        expect.stringMatching(/^newest hash: [0-9a-f]{64}$/),
        "The chain holds.",
      ],
      errors: "",
    });
  });

  it("finds a hash that it has printed before, and misses one that is not there", async () => {
    const { lines } = await run(["--url", relay.url], withKey());
    const known = lines[1]?.split(" ").at(-1) ?? "";
    await tenant.source();
    expect((await run(["--url", relay.url, "--known", known], withKey())).code).toBe(0);
    const other = "0".repeat(64);
    const missed = await run(["--url", relay.url, "--known", known, "--known", other], withKey());
    expect(missed).toMatchObject({
      code: 1,
      lines: expect.arrayContaining([
        `The chain breaks at entry 1: the noted hash ${other} is not in the log.`,
      ]),
    });
  });

  it("fails with a key that is none", async () => {
    const { code, errors } = await run(["--url", relay.url], { CHARGEWIRE_KEY: "cw_none" });
    expect([code, errors]).toEqual([1, expect.stringContaining("401")]);
  });

  it.each([
    [[], { CHARGEWIRE_KEY: "x" }],
    [["--url", "nowhere"], { CHARGEWIRE_KEY: "x" }],
    [["--url", "http://127.0.0.1:9"], { CHARGEWIRE_KEY: "" }],
    [["--uri", "http://127.0.0.1:9"], { CHARGEWIRE_KEY: "x" }],
  ])("says what is wrong with %j and %j", async (args, env) => {
    expect((await run(args, env)).code).toBe(2);
  });
});
