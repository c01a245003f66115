import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TestRelay } from "../support/relay.ts";
import { OPERATOR_KEY } from "../support/secrets.ts";

const README = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");

let relay: TestRelay;

beforeAll(async () => {
  relay = await TestRelay.start();
});

afterAll(() => relay.stop());

describe("README.md", () => {
  it("shows commands that work as they stand", async () => {
    const block = /<!-- A test runs this block. -->\n```sh\n([\s\S]*?)```/.exec(README)?.[1] ?? "";
    expect(block).toContain("/v1/events");
    const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", block], {
      env: { ...process.env, RELAY: relay.url, OPERATOR_KEY },
    });
    expect(stdout).toContain('"name":"billing"');
    expect(stdout).toContain('"secret":"whsec_');
    expect(stdout).toContain('"station":"6192dea22df1431ea2c4720d","seq":1,"online":true');
    expect(stdout).toContain('"type":"chargestation.online","class":"network"');
  });

  it("names only files and scripts that exist", () => {
    const links = [...README.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path ?? "");
    for (const path of links) {
      expect(() => readFileSync(join(import.meta.dirname, "../..", path)), path).not.toThrow(
        /ENOENT/,
      );
    }
    const { scripts } = JSON.parse(
      readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"),
    );
    for (const [, script] of README.matchAll(/npm run ([a-z:-]+)/g)) {
      expect(scripts).toHaveProperty(script ?? "");
    }
  });
});
