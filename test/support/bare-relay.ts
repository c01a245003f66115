import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { buildRelay, relayConfig } from "../../bench/relay-server.ts";
import { WORKERD, workerdConfig } from "../../bench/workerd.ts";
import { newSecrets } from "../../cli/relay/dev-secrets.ts";
import { isHealthy, RelayError } from "../../cli/relay/relay.ts";
import { findLowPort } from "./low-port.ts";

/** For hangs: a machine that does much else takes its time. */
const START_LIMIT_MS = 120_000;
const LOOK_INTERVAL_MS = 10;

/**
 * The built Worker on bare workerd: one process, with its state on disk, that can be killed at any
 * instant and started again where it was.
 */
export class BareRelay {
  readonly url: string;
  readonly operatorKey: string;
  readonly #directory: string;
  #child: ChildProcess | null = null;
  #errors = "";

  private constructor(directory: string, port: number, operatorKey: string) {
    this.#directory = directory;
    this.url = `http://127.0.0.1:${port}`;
    this.operatorKey = operatorKey;
    process.once("exit", this.#killNow);
  }

  /** Built, not started. */
  static async build(): Promise<BareRelay> {
    const directory = mkdtempSync(join(tmpdir(), "chargewire-bare-"));
    const stateDir = join(directory, "state");
    mkdirSync(stateDir);
    writeFileSync(join(directory, "worker.js"), buildRelay().code);
    const port = await findLowPort();
    const { operatorKey, masterKey } = newSecrets();
    const config = relayConfig({ OPERATOR_KEY: operatorKey, MASTER_KEY: masterKey });
    writeFileSync(join(directory, "config.capnp"), workerdConfig(config, stateDir, port));
    return new BareRelay(directory, port, operatorKey);
  }

  /** The last of what the process has printed as trouble. */
  get errors(): string {
    return this.#errors;
  }

  /** Starts the process, and waits for nothing. */
  launch(): void {
    const child = spawn(WORKERD, ["serve", "--experimental", "config.capnp"], {
      cwd: this.#directory,
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.on("data", (data) => {
      this.#errors = (this.#errors + String(data)).slice(-8_000);
    });
    this.#child = child;
  }

  /** Resolves once it answers from its storage. */
  async untilHealthy(): Promise<void> {
    for (const deadlineMs = Date.now() + START_LIMIT_MS; Date.now() < deadlineMs; ) {
      if (this.#child === null || this.#child.exitCode !== null) break;
      if (await isHealthy(this.url)) return;
      await sleep(LOOK_INTERVAL_MS);
    }
    throw new RelayError(`workerd did not start: ${this.#errors}`);
  }

  async start(): Promise<void> {
    this.launch();
    await this.untilHealthy();
  }

  /** SIGKILL: it gets to do nothing more. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    if (child.exitCode !== null) throw new RelayError(`workerd ended by itself: ${this.#errors}`);
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  async stop(): Promise<void> {
    await this.kill();
    process.off("exit", this.#killNow);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  readonly #killNow = () => {
    this.#child?.kill("SIGKILL");
  };
}
