import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { unstable_readConfig } from "wrangler";
import * as z from "zod";

import { findFreePort, PROJECT_DIR, RelayError } from "../../cli/relay/relay.ts";
import { MASTER_KEY, OPERATOR_KEY } from "../support/secrets.ts";

const WORKERD = join(PROJECT_DIR, "node_modules/workerd/bin/workerd");
const WRANGLER = join(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");
const START_LIMIT_MS = 30_000;
const SAMPLE_MS = 100;

const WranglerConfig = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  durable_objects: z.object({
    bindings: z.array(z.object({ name: z.string(), class_name: z.string() })),
  }),
  ratelimits: z.array(z.object({ name: z.string() })),
});

/**
 * The built Worker on workerd itself: what is sent to its port meets no other server first, and
 * the memory of the process is that of the relay. Its rate limits let everything pass, so that no
 * 429 hides what would have been answered.
 */
export class BareRelay {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #sampling: NodeJS.Timeout;
  #log = "";
  #peakMiB = 0;

  private constructor(port: number, child: ChildProcess, directory: string) {
    this.port = port;
    this.#child = child;
    this.#directory = directory;
    const keep = (data: unknown) => {
      this.#log += String(data);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    this.#sampling = setInterval(() => this.memoryMiB(), SAMPLE_MS);
  }

  static async start(): Promise<BareRelay> {
    const directory = mkdtempSync(join(tmpdir(), "chargewire-bare-"));
    build(directory);
    mkdirSync(join(directory, "state"));
    const port = await findFreePort();
    writeFileSync(join(directory, "config.capnp"), configText(port));
    const child = spawn(WORKERD, ["serve", "--experimental", "config.capnp"], {
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const relay = new BareRelay(port, child, directory);
    process.once("exit", () => child.kill("SIGKILL"));
    try {
      await relay.#untilHealthy();
    } catch (error) {
      await relay.stop();
      throw error;
    }
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Everything that the Worker has logged and workerd has complained of. */
  get log(): string {
    return this.#log;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The most of {@link memoryMiB} so far. */
  get peakMiB(): number {
    return this.#peakMiB;
  }

  /** Resident memory now. Linux alone tells it this way; elsewhere it is 0. */
  memoryMiB(): number {
    try {
      const pages = readFileSync(`/proc/${this.#child.pid}/statm`, "utf8").split(" ")[1];
      const mib = (Number(pages) * 4096) / 1024 / 1024;
      this.#peakMiB = Math.max(this.#peakMiB, mib);
      return mib;
    } catch {
      return 0;
    }
  }

  /** Every object there is, by its class and id. */
  objects(): string[] {
    const found = readdirSync(join(this.#directory, "state"), { recursive: true });
    return found
      .map(String)
      .filter((file) => file.endsWith(".sqlite"))
      .sort();
  }

  async stop(): Promise<void> {
    clearInterval(this.#sampling);
    if (!this.hasEnded) {
      const ended = new Promise((resolve) => this.#child.once("exit", resolve));
      this.#child.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #untilHealthy(): Promise<void> {
    for (const deadlineMs = Date.now() + START_LIMIT_MS; Date.now() < deadlineMs; ) {
      if (this.hasEnded) break;
      const health = await fetch(`${this.url}/health`).catch(() => null);
      await health?.body?.cancel();
      if (health?.ok === true) return;
      await sleep(50);
    }
    throw new RelayError(`workerd did not serve the Worker: ${this.#log}`);
  }
}

/** As `wrangler deploy` would upload it. */
function build(directory: string): void {
  const args = [WRANGLER, "deploy", "--dry-run", "--outdir", directory];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: PROJECT_DIR, env });
  if (status !== 0) throw new RelayError(`The Worker could not be built: ${stderr}`);
}

const LIMITER = "export default () => ({ limit: async () => ({ success: true }) });";
const list = (items: readonly string[]) => `[${items.join(", ")}]`;
const quote = (text: string) => JSON.stringify(text);

function configText(port: number): string {
  const toml = unstable_readConfig({ config: join(PROJECT_DIR, "wrangler.toml") });
  const wrangler = WranglerConfig.parse(toml);
  const objects = wrangler.durable_objects.bindings;
  const texts = Object.entries({ OPERATOR_KEY, MASTER_KEY, DESTINATIONS: "any" });
  const bindings = [
    ...objects.map(
      (one) => `(name = ${quote(one.name)}, durableObjectNamespace = ${quote(one.class_name)})`,
    ),
    ...texts.map(([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`),
    ...wrangler.ratelimits.map(
      ({ name }) => `(name = ${quote(name)}, wrapped = (moduleName = "fuzz:limiter"))`,
    ),
  ];
  const namespaces = objects.map(
    ({ class_name: name }) =>
      `(className = ${quote(name)}, uniqueKey = ${quote(name)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "state", disk = (path = "state", writable = true)),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
  extensions = [(modules = [(name = "fuzz:limiter", internal = true, esModule = ${quote(LIMITER)})])],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = ${quote(wrangler.compatibility_date)},
  compatibilityFlags = ${list(wrangler.compatibility_flags.map(quote))},
  bindings = ${list(bindings)},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "state"),
);
`;
}
