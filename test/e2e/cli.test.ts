import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { listen } from "../../cli/relay/listening.ts";
import { PROJECT_DIR } from "../../cli/relay/relay.ts";
import { TestTenant } from "../support/api.ts";
import { CHARGEWIRE, chargewire, NODE, type Ran, type Variables } from "../support/cli.ts";
import { TestRelay } from "../support/relay.ts";
import { webhook } from "../support/webhooks.ts";

const Failure = z.strictObject({
  error: z.strictObject({ code: z.string(), detail: z.string(), status: z.number().optional() }),
});
const Named = z.looseObject({ id: z.string(), name: z.string() });
const Replayed = z.looseObject({ id: z.string(), status: z.string(), delivered: z.number() });

let relay: TestRelay;
let hook: Server;
let hookUrl: string;
/** What the destination of the routes answers next; then 200. */
let answers: number[] = [];
let tenant: TestTenant;
let ingestPath: string;
let directory: string;
let env: Variables;

beforeAll(async () => {
  relay = await TestRelay.start();
  hook = createServer((_request, response) => response.writeHead(answers.shift() ?? 200).end());
  hookUrl = `${await listen(hook)}/hook`;
});

afterAll(async () => {
  hook.closeAllConnections();
  hook.close();
  await relay.stop();
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "chargewire-cli-"));
  tenant = await TestTenant.create(fetch, relay.url);
  ingestPath = (await tenant.source()).path;
  answers = [];
  env = {
    XDG_CONFIG_HOME: directory,
    CHARGEWIRE_URL: relay.url,
    CHARGEWIRE_KEY: tenant.key,
  };
});

afterEach(() => rmSync(directory, { recursive: true }));

/** With the environment of the test, and what a test adds to it. */
const run = (words: string, others: Variables = {}, input = ""): Promise<Ran> =>
  chargewire(
    words.split(" ").filter((word) => word !== ""),
    { ...env, ...others },
    input,
  );

async function json<S extends z.ZodType>(words: string, schema: S): Promise<z.output<S>> {
  const { out, err, exitCode } = await run(`${words} --json`);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: expect.any(String) });
  return schema.parse(JSON.parse(out));
}

async function send(station: string, type = "session.updated"): Promise<void> {
  const answer = await tenant.send(ingestPath, webhook({ station, type }));
  expect(answer.status).toBe(200);
}

describe("chargewire", () => {
  it("lists its commands, and says what went wrong by its exit code", async () => {
    const help = await run("--help");
    expect(help.exitCode).toBe(0);
    const names = [
      ...["login", "status", "tail", "forward", "apply", "config", "routes", "sources", "lanes"],
      ...["replay", "replays", "dead-letters", "simulate"],
    ];
    await Promise.all(
      names.map(async (name) => {
        expect(help.out).toMatch(new RegExp(`^  ${name}\\b`, "m"));
        const own = await run(`${name} --help`);
        expect(own.exitCode).toBe(0);
        expect(own.out).toContain(`chargewire ${name}`);
      }),
    );
    const version = await run("--version");
    expect(version).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it.each([
    ["frobnicate", "unknown command"],
    ["", "Usage:"],
    ["routes show", "missing required argument"],
    ["tail --count none", "whole number"],
    ["tail --match {", "--match"],
    ["forward --to http://localhost --secret abc", "whsec_"],
    ["forward --to http://localhost --from snapshot", "snapshot"],
    ["dead-letters redeliver billing", "--all"],
    ["simulate --stations none", "--stations"],
  ])("answers 2 to `%s`", async (words, expected) => {
    const { exitCode, out, err } = await run(words);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    expect(err).toContain(expected);
  });

  it("answers 1 to a wrong key, in words and in JSON", async () => {
    const wrong = { CHARGEWIRE_KEY: "cw_no-such-key" };
    expect(await run("status", wrong)).toMatchObject({ exitCode: 1, out: "" });
    const { err } = await run("status --json", wrong);
    expect(Failure.parse(JSON.parse(err)).error).toMatchObject({
      code: "unauthorized",
      status: 401,
    });
    for (const words of ["tail", `forward --to ${hookUrl}`, "routes list"]) {
      expect(await run(words, wrong)).toMatchObject({ exitCode: 1 });
    }
  });

  it("answers 1 when no relay is there", async () => {
    const nowhere = { CHARGEWIRE_URL: "http://127.0.0.1:1" };
    for (const words of ["status", "tail", `forward --to ${hookUrl}`]) {
      const { exitCode, err } = await run(words, nowhere);
      expect(exitCode).toBe(1);
      expect(err).toContain("Nothing answers at http://127.0.0.1:1");
    }
  });

  it("answers 1 to what does not exist", async () => {
    expect(await run("routes show nowhere")).toMatchObject({
      exitCode: 1,
      err: 'There is no route "nowhere".\n',
    });
  });

  it("neither colours what no terminal shows, nor ever prints a key", async () => {
    await tenant.route(hookUrl);
    await send("cs1");
    for (const words of ["status", "routes list", "tail --from start --count 1", "status --json"]) {
      const { out, err } = await run(words);
      expect(out + err).not.toContain("\u001b");
      expect(out + err).not.toContain(tenant.key);
    }
  });
});

describe("docs/cli.md", () => {
  const DOCS = readFileSync(join(PROJECT_DIR, "docs/cli.md"), "utf8");

  it("shows a first day that works as it stands", async () => {
    const block = /<!-- A test runs this block. -->\n```sh\n([\s\S]*?)```/.exec(DOCS)?.[1] ?? "";
    const fresh = await TestTenant.create(fetch, relay.url);
    const npx = `npx() { shift; ${NODE} ${CHARGEWIRE} "$@"; }`;
    const { stdout } = await promisify(execFile)(
      "bash",
      ["-euo", "pipefail", "-c", `${npx}\n${block}`],
      {
        cwd: directory,
        env: { ...process.env, RELAY: relay.url, API_KEY: fresh.key, XDG_CONFIG_HOME: directory },
      },
    );
    expect(stdout).toMatch(/^Done: 2 created, 0 changed, 0 deleted\.$/m);
    expect(stdout).toMatch(/^Nothing to do\.$/m);
    expect(stdout).toContain("30 acknowledged of 30");
    expect(stdout).toMatch(/^stations +3 online of 3$/m);
    expect(stdout.match(/#\d+ {2}chargestation\./g)).toHaveLength(3);
    expect(stdout).toMatch(/events would be sent to billing/);
  });

  it("names every command, and none that there is not", async () => {
    const lines = DOCS.split("\n").flatMap((line) => line.match(/^\| `(.+?)` .*\|/)?.[1] ?? []);
    const { out } = await run("--help");
    const names = [...out.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name]) => name ?? "");
    for (const name of names.filter((name) => name !== "help")) {
      expect(
        lines.some((line) => line.split(/[ `]/)[0] === name),
        name,
      ).toBe(true);
    }
    const used = [...DOCS.matchAll(/npx chargewire ([a-z-]+)/g)].map(([, name]) => name);
    for (const name of used) expect(names).toContain(name);
  });
});

describe("chargewire login", () => {
  const bare = { CHARGEWIRE_URL: undefined, CHARGEWIRE_KEY: undefined };

  it("stores a relay and a key that it has tried, for its owner's eyes alone", async () => {
    const { exitCode, out, err } = await run(`login --url ${relay.url}`, bare, `${tenant.key}\n`);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(out).toContain(`Tenant ${tenant.id}`);
    expect(out).not.toContain(tenant.key);
    expect(statSync(join(directory, "chargewire/config.json")).mode & 0o777).toBe(0o600);
    expect((await run("status", bare)).out).toContain('from the profile "default"');
  });

  it("keeps profiles of several relays apart, and lets the environment win", async () => {
    const other = await TestTenant.create(fetch, relay.url);
    const login = (name: string, key: string) =>
      run(`login --profile ${name}`, { CHARGEWIRE_KEY: key });
    expect((await login("one", tenant.key)).exitCode).toBe(0);
    expect((await login("two", other.key)).exitCode).toBe(0);
    const tenantOf = async (words: string, others: Variables) =>
      (await run(words, others)).out.match(/^tenant +(\S+)$/m)?.[1];
    expect(await tenantOf("status --profile one", bare)).toBe(tenant.id);
    expect(await tenantOf("status --profile two", bare)).toBe(other.id);
    expect(await tenantOf("status --profile two", {})).toBe(tenant.id);
    expect(await run("status --profile three", bare)).toMatchObject({ exitCode: 2 });
  });

  it("stores nothing that does not work", async () => {
    expect(await run(`login --url ${relay.url}`, bare, "cw_wrong")).toMatchObject({ exitCode: 1 });
    expect(await run(`login --url ${relay.url}`, bare)).toMatchObject({ exitCode: 2 });
    expect(await run("login", bare, tenant.key)).toMatchObject({ exitCode: 2 });
    expect(() => statSync(join(directory, "chargewire/config.json"))).toThrow("ENOENT");
  });

  it("never shows the key of a profile to another relay", async () => {
    await run("login");
    const { exitCode, err } = await run("status", {
      ...bare,
      CHARGEWIRE_URL: "http://127.0.0.1:1",
    });
    expect(exitCode).toBe(2);
    expect(err).toContain("CHARGEWIRE_KEY");
  });

  it("closes a file of profiles that others can read, and refuses one that is none", async () => {
    await run("login");
    const file = join(directory, "chargewire/config.json");
    const stored = readFileSync(file, "utf8");
    writeFileSync(file, "{}");
    expect(await run("status", bare)).toMatchObject({ exitCode: 2 });
    rmSync(file);
    writeFileSync(file, stored, { mode: 0o644 });
    expect(await run("status", bare)).toMatchObject({ exitCode: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe("chargewire status", () => {
  const Status = z.looseObject({
    relay: z.looseObject({ url: z.string(), health: z.string() }),
    identity: z.looseObject({ tenant: z.string(), role: z.string(), name: z.string() }),
    stations: z.looseObject({ known: z.number(), online: z.number() }),
    routes: z.array(z.looseObject({ name: z.string(), health: z.string() })),
    sources: z.array(z.looseObject({ name: z.string(), lastEventAt: z.string().nullable() })),
  });

  it("shows who one is, and how stations, routes and sources are doing", async () => {
    await tenant.route(hookUrl);
    await send("cs1", "chargestation.online");
    await send("cs2", "chargestation.offline");
    const status = await json("status", Status);
    expect(status).toMatchObject({
      relay: { url: relay.url, health: "ok" },
      identity: { tenant: tenant.id, role: "admin" },
      stations: { known: 2, online: 1 },
      routes: [{ name: "receiver", health: "healthy" }],
      sources: [{ name: "eDRV" }],
    });
    const { out } = await run("status");
    expect(out).toMatch(/^stations +1 online of 2$/m);
    expect(out).toMatch(/^receiver +rt_\w+ +healthy +http/m);
    expect(out).toMatch(/^eDRV +src_\S+ +yes +auto/m);
  });
});

describe("chargewire tail", () => {
  it("prints an event a line, and in JSON", async () => {
    await send("cs1", "chargestation.online");
    await send("cs2");
    await send("cs1");
    const text = await run("tail --from start --stations cs1 --count 2");
    expect(text.exitCode).toBe(0);
    expect(text.out.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^\d{4}-\S+Z {2}cs1 +#1 {2}chargestation\.online/),
      expect.stringMatching(/cs1 +#2 {2}session\.updated/),
    ]);
    expect(text.err).toContain("Connected; ");
    const Item = z.looseObject({
      op: z.literal("event"),
      event: z.looseObject({ seq: z.number() }),
    });
    const { out } = await run("tail --from start --types session.* --count 2 --json");
    const seqs = out
      .trimEnd()
      .split("\n")
      .map((line) => Item.parse(JSON.parse(line)).event.seq);
    expect(seqs).toEqual([1, 2]);
  });

  it("shows a snapshot first where it is asked for", async () => {
    await send("cs1", "chargestation.online");
    const { promise, end } = await startTail("tail --from snapshot --count 1");
    await end();
    expect((await promise).out).toMatch(/^cs1 +#\d+ +online/);
  });

  it("lets events pass by what is in their bodies", async () => {
    await send("cs1");
    const match = JSON.stringify({ "data.status": "Ended" });
    await tenant.send(
      ingestPath,
      webhook({ station: "cs1", data: { chargestation: "cs1", status: "Ended" } }),
    );
    const { out } = await chargewire(
      ["tail", "--from", "start", "--match", match, "--count", "1"],
      env,
    );
    expect(out).toContain("#2");
  });

  /** Sends an event once the snapshot must have been shown. */
  async function startTail(words: string) {
    const promise = run(words);
    const end = async () => {
      for (let isOver = false; !isOver; ) {
        await send("cs1");
        isOver = await Promise.race([
          promise.then(() => true),
          new Promise<false>((resolve) => setTimeout(resolve, 200, false)),
        ]);
      }
    };
    return { promise, end };
  }
});

describe("chargewire routes", () => {
  it("lists, shows, pauses, resumes, tests and rotates", async () => {
    const { id, secret } = await tenant.route(hookUrl, { name: "billing" });
    expect(await json("routes list", z.array(Named))).toMatchObject([{ id, name: "billing" }]);
    expect(await json("routes show billing", Named)).toMatchObject({ id });
    expect((await run(`routes show ${id}`)).out).toMatch(/^name +billing$/m);
    expect((await run("routes pause billing")).out).toBe("billing is paused.\n");
    expect((await run("routes list")).out).toMatch(/^billing +rt_\w+ +paused/m);
    expect((await run("routes resume billing")).out).toBe("billing is healthy.\n");
    expect((await run("routes test billing")).out).toMatch(
      /^billing: delivered, HTTP 200 in \d+ ms/,
    );
    answers = [503];
    expect(await run("routes test billing --type session.updated")).toMatchObject({ exitCode: 1 });
    const rotated = await json("routes rotate-secret billing --expire-previous-after 1h", Named);
    expect(rotated.secret).toMatch(/^whsec_/);
    expect(rotated.secret).not.toBe(secret);
  });

  it("asks which of several that are called alike", async () => {
    await tenant.route(hookUrl, { name: "twin" });
    await tenant.route(hookUrl, { name: "twin" });
    const { exitCode, err } = await run("routes pause twin");
    expect(exitCode).toBe(1);
    expect(err).toContain("by its id");
  });

  it("tells a reader that it may only read", async () => {
    await tenant.route(hookUrl);
    const { body } = await tenant.call("POST", "/v1/keys", { name: "eyes", role: "reader" });
    const { apiKey } = z.looseObject({ apiKey: z.string() }).parse(body);
    const reader = { CHARGEWIRE_KEY: apiKey };
    expect((await run("status", reader)).out).toMatch(/^key +eyes \(reader\)$/m);
    const { exitCode, err } = await run("routes pause receiver", reader);
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: "This key may only read.\n" });
  });
});

describe("chargewire sources", () => {
  it("lists, shows, tells what was refused, and rotates", async () => {
    expect(await json("sources list", z.array(Named))).toMatchObject([{ name: "eDRV" }]);
    expect((await run("sources show eDRV")).out).toContain(relay.url + ingestPath);
    expect((await run("sources refusals eDRV")).out).toBe("Nothing was refused.\n");
    const forged = await tenant.send(ingestPath, webhook(), { secret: "wrong" });
    expect(forged.status).toBe(401);
    await expect
      .poll(async () => (await run("sources refusals eDRV")).out, {
        timeout: 60_000,
        interval: 1_000,
      })
      .toMatch(/signature_mismatch/);
    const next = "the-next-secret-of-edrv-0123456789";
    const { exitCode, out } = await run("sources rotate eDRV --expire-previous-after 1h", {}, next);
    expect(exitCode).toBe(0);
    expect(out).toBe("eDRV accepts the secret that ends in …6789.\n");
    expect((await tenant.send(ingestPath, webhook(), { secret: next })).status).toBe(200);
    expect(await run("sources rotate eDRV")).toMatchObject({ exitCode: 2 });
  });
});

describe("chargewire lanes and dead-letters", () => {
  const Letters = z.array(z.looseObject({ id: z.string(), type: z.string() }));

  it("shows a lane in trouble, skips its head, and sends the dead letter once more", async () => {
    await tenant.route(hookUrl, { name: "billing", retry: { scheduleSeconds: [600] } });
    expect((await run("lanes list")).out).toBe("No lane is in trouble.\n");
    answers = [500];
    await send("cs1");
    await expect
      .poll(async () => (await run("lanes list billing")).out, { timeout: 60_000 })
      .toMatch(/^billing +cs1 +waiting +1 +1 +1/m);
    expect((await run("lanes skip billing cs1")).exitCode).toBe(0);
    expect((await run("lanes retry billing cs1")).exitCode).toBe(1);
    expect((await run("lanes list billing --all")).out).toMatch(/^billing +cs1 +idle/m);

    const [letter] = await json("dead-letters list billing", Letters);
    expect(letter?.type).toBe("session.updated");
    expect((await run("dead-letters list")).out).toMatch(
      /^billing +\d+ .* cs1 +1 +session\.updated/m,
    );
    expect((await run(`dead-letters show billing ${letter?.id}`)).out).toContain("session.updated");
    const replay = await json(`dead-letters redeliver billing ${letter?.id}`, Replayed);
    expect(replay).toMatchObject({ status: "done", delivered: 1 });
    expect((await run("dead-letters list billing")).out).toBe("There are no dead letters.\n");
  });

  it("discards a dead letter only when told so", async () => {
    await tenant.route(hookUrl, { name: "billing", retry: { scheduleSeconds: [] } });
    answers = [500];
    await send("cs1");
    await expect
      .poll(() => json("dead-letters list billing", Letters), { timeout: 60_000 })
      .toHaveLength(1);
    const [letter] = await json("dead-letters list billing", Letters);
    expect(await run(`dead-letters discard billing ${letter?.id}`)).toMatchObject({ exitCode: 2 });
    expect((await run(`dead-letters discard billing ${letter?.id} --yes`)).out).toBe(
      "It is gone.\n",
    );
    expect(await json("dead-letters list billing", Letters)).toEqual([]);
  });
});

describe("chargewire replay", () => {
  it("counts first, sends only when told so, and waits until it is done", async () => {
    await tenant.route(hookUrl, { name: "billing" });
    await send("cs1");
    await send("cs2");
    const dry = await run("replay billing --from 1h --dry-run");
    expect(dry.out).toMatch(/^2 events would be sent to billing/);
    expect((await run("replays list")).out).toBe("There are no replays.\n");
    expect(await run("replay billing --from 1h")).toMatchObject({ exitCode: 2 });

    const sent = await run("replay billing --from 1h --stations cs1 --yes");
    expect(sent).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^rp_\w+: done, 1 of 1 delivered\n$/),
    });
    const replay = await json("replay billing --from 1h --types session.* --yes", Replayed);
    expect(replay).toMatchObject({ status: "done", delivered: 2 });
    expect(await json(`replays show ${replay.id}`, Replayed)).toEqual(replay);
    expect((await run("replays list")).out).toContain(replay.id);
    expect(await run(`replays cancel ${replay.id}`)).toMatchObject({ exitCode: 1 });
  });
});

describe("chargewire config and apply", () => {
  const Applied = z.strictObject({
    dryRun: z.boolean(),
    plan: z.array(
      z.looseObject({
        action: z.string(),
        kind: z.string(),
        name: z.string(),
        changes: z.unknown(),
      }),
    ),
  });
  const secrets = { EDRV: "an-edrv-secret-0123456789", TOKEN: "bearer-token-0123456789", HOST: "" };
  const file = () => join(directory, "relay.yaml");
  const variables = () => ({ ...secrets, HOST: hookUrl });

  function write(routes: string): void {
    const source = "sources:\n  - name: eDRV production\n    secret: {env: EDRV}\n";
    writeFileSync(file(), `${source}routes:${routes}`);
  }

  const BILLING = `
  - name: billing
    url: \${ENV:HOST}/billing
    filter: {types: [session.*]}
    headers: {x-team: charging, x-api-key: "key-\${ENV:TOKEN}"}
    auth: {type: bearer, token: {env: TOKEN}}
`;

  it("shows what would be done, does it when told so, and then has nothing to do", async () => {
    write(BILLING);
    const dry = await run(`apply ${file()} --dry-run`, variables());
    expect(dry).toMatchObject({ exitCode: 0, err: "" });
    expect(dry.out.split("\n")).toEqual(
      expect.arrayContaining(["+ source eDRV production", "+ route billing", "- source eDRV"]),
    );
    expect(await json("routes list", z.array(Named))).toEqual([]);
    expect(await run(`apply ${file()}`, variables())).toMatchObject({ exitCode: 2 });

    const done = await run(`apply ${file()} --yes`, variables());
    expect(done.exitCode).toBe(0);
    expect(done.out).toMatch(/^Done: 2 created, 0 changed, 1 deleted\.$/m);
    expect(done.out).toMatch(
      /^source eDRV production: enter http:\S+\/ingest\/src_\S+ at eDRV\.$/m,
    );
    expect(done.out).toMatch(/^route billing: signed by whsec_\S+, which is not shown again\.$/m);
    const [route] = await json("routes list", z.array(Named));
    expect(route).toMatchObject({ url: `${hookUrl}/billing`, auth: { type: "bearer" } });

    const again = await run(`apply ${file()}`, variables());
    expect(again).toMatchObject({ exitCode: 0, out: "Nothing to do.\n" });
    const { out } = await run(`apply ${file()} --json`, variables());
    const { plan } = Applied.parse(JSON.parse(out));
    expect(plan.map(({ action }) => action)).toEqual(["none", "none"]);
  });

  it("prints what is there as a document that changes nothing when it is applied", async () => {
    write(BILLING);
    await run(`apply ${file()} --yes`, variables());
    const { out } = await run("config");
    expect(out).toContain("name: billing");
    for (const secret of Object.values(secrets).filter((value) => value !== "")) {
      expect(out).not.toContain(secret);
    }
    expect((await run("export")).out).toBe(out);
    expect(await run("apply -", {}, out)).toMatchObject({ exitCode: 0, out: "Nothing to do.\n" });
    const edited = out.replace("timeoutMs: 10000", "timeoutMs: 5000");
    const { out: done } = await run("apply - --yes", {}, edited);
    expect(done).toBe("Done: 0 created, 1 changed, 0 deleted.\n");
  });

  it("takes no secret that is written out, no variable that is not set, and no broken YAML", async () => {
    write("\n  - {name: a, url: https://a.example.com, edrvSecret: written-out}\n");
    const written = await run(`apply ${file()} --yes`, variables());
    expect(written.exitCode).toBe(2);
    expect(written.err).toContain("routes.0.edrvSecret");
    expect(written.err).not.toContain("written-out");
    write(BILLING);
    const unset = await run(`apply ${file()} --yes`, { EDRV: "an-edrv-secret" });
    expect(unset.exitCode).toBe(2);
    expect(unset.err).toContain("HOST, TOKEN");
    writeFileSync(file(), "sources: [\n");
    expect(await run(`apply ${file()}`)).toMatchObject({ exitCode: 2 });
    expect(await run(`apply ${directory}/none.yaml`)).toMatchObject({ exitCode: 2 });
  });

  it("passes on what the relay says of a document", async () => {
    writeFileSync(file(), "sources: []\nroutes: [{name: a, url: nowhere, colour: red}]\n");
    const { exitCode, err } = await run(`apply ${file()} --dry-run`);
    expect(exitCode).toBe(1);
    expect(err).toContain("colour");
  });
});

describe("chargewire simulate", () => {
  it("plays eDRV against a source", async () => {
    const words = `simulate --url ${relay.url}${ingestPath} --secret edrv-endpoint-secret-0123456789`;
    const { exitCode, out } = await run(`${words} --stations 2 --count 20 --speed max --json`);
    expect(exitCode).toBe(0);
    expect(z.looseObject({ acknowledged: z.number() }).parse(JSON.parse(out)).acknowledged).toBe(
      20,
    );
  });
});
