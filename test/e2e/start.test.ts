import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";

import { findFreePort } from "../../cli/relay/free-port.ts";
import { PROJECT_DIR } from "../../cli/relay/relay.ts";
import { listProcesses, processesOfGroup } from "../support/processes.ts";

const PATIENCE_MS = 120_000;
/** `18:03:55.123  …0800ba41  #42  session.updated  …  frame 12 ms, delivered 18 ms` */
const EVENT_LINE =
  /^\d\d:\d\d:\d\d\.\d{3} +(\S+) +#(\d+) +([a-z_.…]+) .*frame \d+ ms, delivered \d+ ms$/gm;

const DemoFile = z.object({ tenant: z.string(), apiKey: z.string(), ingestUrl: z.url() });
const Stations = z.object({ items: z.array(z.object({ station: z.string() })) });

let directory: string;
let port: number;
const running: StartedDemo[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "chargewire-start-"));
  port = await findFreePort();
});

afterEach(async () => {
  for (const demo of running.splice(0)) await demo.end("SIGTERM");
  rmSync(directory, { recursive: true, force: true });
});

/** `node cli/start.ts` in a process of its own, and what it prints. */
class StartedDemo {
  output = "";
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #exit: Promise<number | null>;

  constructor() {
    const args = ["cli/start.ts", "--port", String(port), "--state", join(directory, "state")];
    this.#child = spawn(process.execPath, args, {
      cwd: PROJECT_DIR,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    this.#exit = new Promise((resolve) => this.#child.once("close", resolve));
    running.push(this);
  }

  get exit(): Promise<number | null> {
    return this.#exit;
  }

  get events(): { station: string; seq: number; type: string }[] {
    return [...this.output.matchAll(EVENT_LINE)].map(([, station = "", seq = "", type = ""]) => ({
      station,
      seq: Number(seq),
      type,
    }));
  }

  async showsEvents(count: number): Promise<void> {
    await vi.waitFor(() => expect(this.events.length).toBeGreaterThanOrEqual(count), {
      timeout: PATIENCE_MS,
      interval: 50,
    });
  }

  end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.#exit;
  }
}

/** The process group of the relay that keeps its data in this test's directory. */
function relayGroup(): number {
  const relay = listProcesses().find(
    ({ command }) => command.includes(join(directory, "state")) && command.includes("wrangler"),
  );
  if (relay === undefined) throw new Error("no relay is running");
  return relay.group;
}

const demoFile = () =>
  DemoFile.parse(JSON.parse(readFileSync(join(directory, "demo.json"), "utf8")));

/** By station, the seq that `choose` prefers. */
function seqs(demo: StartedDemo, choose: (a: number, b: number) => number): Map<string, number> {
  const chosen = new Map<string, number>();
  for (const { station, seq } of demo.events) {
    chosen.set(station, choose(chosen.get(station) ?? seq, seq));
  }
  return chosen;
}

describe("npm start", () => {
  it("shows where everything is, then each event on its way", async () => {
    const demo = new StartedDemo();
    await demo.showsEvents(30);

    const { apiKey, tenant, ingestUrl } = demoFile();
    for (const shown of [`http://127.0.0.1:${port}`, tenant, apiKey, ingestUrl]) {
      expect(demo.output).toContain(shown);
    }
    expect(demo.output).toMatch(/^Chargewire\n +console +(\S+)$/m);
    expect(demo.output).toContain(`http://127.0.0.1:${port}/#key=${apiKey}\n`);
    expect(statSync(join(directory, "demo.json")).mode & 0o777).toBe(0o600);
    expect(demo.events.map(({ type }) => type)).toContain("chargestation.online");
    const answer = await fetch(`http://127.0.0.1:${port}/v1/stations`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(Stations.parse(await answer.json()).items.length).toBeGreaterThan(5);
  });

  it("leaves nothing running when it is interrupted", async () => {
    const demo = new StartedDemo();
    await demo.showsEvents(1);
    const group = relayGroup();
    expect(
      processesOfGroup(group)
        .map(({ command }) => command)
        .join(),
    ).toContain("workerd");

    expect(await demo.end("SIGINT")).toBe(0);
    expect(processesOfGroup(group)).toEqual([]);
    expect(demo.output).toMatch(/\d+ accepted · \d+ streamed · \d+ deliveries/);
  });

  it("goes on with the same tenant and the same seqs at the next start", async () => {
    const first = new StartedDemo();
    await first.showsEvents(60);
    const { tenant } = demoFile();
    expect(await first.end("SIGTERM")).toBe(0);

    const second = new StartedDemo();
    await second.showsEvents(60);
    expect(second.output).toContain(`${tenant}, found again`);
    const last = seqs(first, Math.max);
    const next = [...seqs(second, Math.min)].filter(([station]) => last.has(station));
    expect(next.length).toBeGreaterThan(5);
    for (const [station, seq] of next) expect(seq).toBeGreaterThan(last.get(station) ?? 0);
  });

  it("makes a new tenant when the relay's data are gone", async () => {
    const first = new StartedDemo();
    await first.showsEvents(1);
    const { tenant } = demoFile();
    await first.end("SIGTERM");
    rmSync(join(directory, "state"), { recursive: true });

    const second = new StartedDemo();
    await second.showsEvents(1);
    expect(demoFile().tenant).not.toBe(tenant);
  });

  it("says so and fails when the relay dies", async () => {
    const demo = new StartedDemo();
    await demo.showsEvents(1);
    process.kill(-relayGroup(), "SIGKILL");
    expect(await demo.exit).toBe(1);
    expect(demo.output).toContain("The relay has ended by itself");
  });

  it("says which port is taken, and does not start beside it", async () => {
    const other = createServer().listen(port, "127.0.0.1");
    await once(other, "listening");
    const demo = new StartedDemo();
    expect(await demo.exit).toBe(1);
    expect(demo.output).toContain(`Port ${port} is taken`);
    other.close();
  });
});
