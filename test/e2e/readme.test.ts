import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { findFreePort, type Relay, startRelay } from "../../cli/relay/relay.ts";
import { MASTER_KEY, OPERATOR_KEY } from "../support/secrets.ts";

const README = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");

let directory: string;
let relay: Relay;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "chargewire-"));
  const secretsFile = join(directory, "secrets");
  writeFileSync(secretsFile, `OPERATOR_KEY=${OPERATOR_KEY}\nMASTER_KEY=${MASTER_KEY}\n`);
  relay = await startRelay({
    port: await findFreePort(),
    stateDir: join(directory, "state"),
    logFile: join(directory, "relay.log"),
    secretsFile,
    onTrouble: () => {},
    signal: AbortSignal.timeout(60_000),
  });
});

afterAll(async () => {
  await relay.stop();
  rmSync(directory, { recursive: true });
});

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
    for (const [, script] of README.matchAll(/npm run ([a-z]+)/g)) {
      expect(scripts).toHaveProperty(script ?? "");
    }
  });
});
