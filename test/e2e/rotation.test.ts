import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { listen } from "../../cli/relay/listening.ts";
import { TestTenant } from "../support/api.ts";
import { Program } from "../support/program.ts";
import { TestRelay } from "../support/relay.ts";
import { MASTER_KEY, OPERATOR_KEY } from "../support/secrets.ts";
import { webhook } from "../support/webhooks.ts";

const PATIENCE = { timeout: 60_000 };
/** A relay is started three times over. */
const LIMIT_MS = 300_000;
const ROUTE_TOKEN = "the-destinations-own-token";

let relay: TestRelay;
let directory: string;
let server: Server;
let destinationUrl: string;
let received: { headers: IncomingHttpHeaders; body: string }[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "chargewire-rotation-"));
  relay = await TestRelay.start();
  received = [];
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers, body });
    response.end();
  });
  destinationUrl = `${await listen(server)}/in`;
});

afterEach(async () => {
  await relay.stop();
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

/** The command as a process: its exit code and all that it has printed. */
async function rotate(args: readonly string[], env: Record<string, string> = {}) {
  const program = new Program(process.execPath, ["cli/rotate-master-key.ts", ...args], env);
  const code = await program.ended;
  return { code, output: program.lines.join("\n") + program.errors };
}

const file = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

describe("npm run rotate-master-key", () => {
  it(
    "brings a relay with secrets of every kind from one master key to another",
    async () => {
      const tenant = await TestTenant.create(fetch, relay.url);
      const { path } = await tenant.source();
      const settings = {
        auth: { type: "bearer", token: ROUTE_TOKEN },
        headers: { "x-team": "charging" },
        edrvSecret: "what-the-receiver-knows",
      };
      const route = await tenant.route(destinationUrl, settings);
      const paused = await tenant.route(destinationUrl, { ...settings, name: "paused" });
      await tenant.call("POST", `/v1/routes/${paused.id}/pause`);
      const token = await tenant.token();
      const send = async () => {
        expect((await tenant.send(path, webhook({ station: "cs1" }))).status).toBe(200);
      };
      /** That the last delivery came with all that its route's secrets are for. */
      const arrives = async (count: number, secret = route.secret) => {
        await expect.poll(() => received.length, PATIENCE).toBe(count);
        const { headers, body } = received[count - 1] ?? { headers: {}, body: "" };
        expect(headers).toMatchObject({
          authorization: `Bearer ${ROUTE_TOKEN}`,
          "x-team": "charging",
          "edrv-signature": expect.stringMatching(/^t=\d+,v1=[0-9a-f]{64}$/),
        });
        const strings = Object.entries(headers).map(([name, value]) => [name, String(value)]);
        new Webhook(secret).verify(body, Object.fromEntries(strings));
      };
      await send();
      await arrives(1);

      const old = file("old", `OPERATOR_KEY=${OPERATOR_KEY}\nMASTER_KEY=${MASTER_KEY}\n`);
      const prepared = join(directory, "prepared");
      const preparation = await rotate(["--prepare", "--from", old, "--out", prepared]);
      expect(preparation.code).toBe(0);
      expect(statSync(prepared).mode & 0o777).toBe(0o600);
      const secrets = readFileSync(prepared, "utf8");
      for (const [, value = ""] of secrets.matchAll(/="(.+)"/g)) {
        expect(preparation.output).not.toContain(value);
      }
      // What is there may be the only copy of a key.
      expect((await rotate(["--prepare", "--from", old, "--out", prepared])).code).toBe(1);
      // No terminal reads this.
      expect((await rotate(["--prepare", "--from", old])).code).toBe(2);

      const operator = `OPERATOR_KEY=${OPERATOR_KEY}\n`;
      await relay.restartWith(file("both", operator + secrets));
      await send();
      await arrives(2);
      const env = { OPERATOR_KEY };
      expect(await rotate(["--url", relay.url], env)).toMatchObject({
        code: 0,
        output: expect.stringContaining(`${tenant.id}: 3 sealed anew`),
      });
      expect((await rotate(["--url", relay.url], env)).output).toContain("0 sealed anew");

      const alone = secrets.replace(/^MASTER_KEY_PREVIOUS.*\n/m, "");
      expect(alone).not.toBe(secrets);
      await relay.restartWith(file("new", operator + alone));
      await send();
      await arrives(3);
      // Its station has slept through it all with what it owes.
      await tenant.call("POST", `/v1/routes/${paused.id}/resume`);
      await arrives(6, paused.secret);
      const stream = await tenant.events("/v1/stream", { authorization: `Bearer ${token}` });
      expect(stream.status).toBe(200);
      await stream.body?.cancel();
    },
    LIMIT_MS,
  );

  it(
    "fails when the previous key is not there, and names no secret",
    async () => {
      const tenant = await TestTenant.create(fetch, relay.url);
      await tenant.source();
      const old = file("old", `MASTER_KEY=${MASTER_KEY}\n`);
      const prepared = join(directory, "prepared");
      await rotate(["--prepare", "--from", old, "--out", prepared]);
      const secrets = readFileSync(prepared, "utf8").replace(/^MASTER_KEY_PREVIOUS.*\n/m, "");
      await relay.restartWith(file("new", `OPERATOR_KEY=${OPERATOR_KEY}\n${secrets}`));
      const { code, output } = await rotate(["--url", relay.url], { OPERATOR_KEY });
      expect(code).toBe(1);
      expect(output).toContain("1 secrets cannot be opened");
      expect(output).not.toContain(OPERATOR_KEY);
    },
    LIMIT_MS,
  );
});
