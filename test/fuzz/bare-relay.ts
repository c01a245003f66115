import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { buildRelay, relayConfig } from "../../bench/relay-server.ts";
import { memoryMiB, WORKERD } from "../../bench/workerd.ts";
import { workerdConfig } from "../../bench/workerd-config.ts";
import { findFreePort } from "../../cli/relay/free-port.ts";
import { isHealthy, RelayError } from "../../cli/relay/relay.ts";
import { MASTER_KEY, OPERATOR_KEY } from "../support/secrets.ts";

const START_LIMIT_MS = 30_000;
const SAMPLE_MS = 100;

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
    writeFileSync(join(directory, "worker.js"), buildRelay().code);
    const state = join(directory, "state");
    mkdirSync(state);
    const port = await findFreePort();
    const config = relayConfig({ OPERATOR_KEY, MASTER_KEY });
    writeFileSync(join(directory, "config.capnp"), workerdConfig(config, state, port));
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
      const mib = memoryMiB(this.#child.pid ?? 0);
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
      if (await isHealthy(this.url)) return;
      await sleep(50);
    }
    throw new RelayError(`workerd did not serve the Worker: ${this.#log}`);
  }
}
