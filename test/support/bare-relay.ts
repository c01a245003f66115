import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { buildRelay, relayConfig } from "../../bench/relay-server.ts";
import { WORKERD } from "../../bench/workerd.ts";
import { type WorkerConfig, workerdConfig } from "../../bench/workerd-config.ts";
import { newSecrets, type Secrets } from "../../cli/relay/dev-secrets.ts";
import { findFreePort } from "../../cli/relay/free-port.ts";
import { isHealthy, RelayError } from "../../cli/relay/relay.ts";

/** For hangs: a machine that does much else takes its time. */
const START_LIMIT_MS = 120_000;
const LOOK_INTERVAL_MS = 10;

/** What a relay is made of, beside the code. */
export interface BareConfig extends Omit<WorkerConfig, "code"> {
  readonly port: number;
  /** Where its state lies. */
  readonly state: string;
}

/** The files that workerd reads, `config.capnp` among them. */
export type SetUp = (config: BareConfig) => Readonly<Record<string, string>>;

const setUpWorker: SetUp = ({ port, state, ...config }) => ({
  "worker.js": buildRelay().code,
  "config.capnp": workerdConfig(config, state, port),
});

/**
 * The built Worker on bare workerd: one process, with its state on disk, that can be killed at any
 * instant and started again where it was.
 */
export class BareRelay {
  readonly url: string;
  readonly operatorKey: string;
  readonly #directory: string;
  readonly #config: BareConfig;
  #child: ChildProcess | null = null;
  #errors = "";

  private constructor(directory: string, config: BareConfig, operatorKey: string) {
    this.#directory = directory;
    this.#config = config;
    this.url = `http://127.0.0.1:${config.port}`;
    this.operatorKey = operatorKey;
    process.once("exit", this.#killNow);
  }

  /** Built, not started; from this repository, unless it is set up otherwise. */
  static async build(
    setUp: SetUp = setUpWorker,
    { operatorKey, masterKey }: Secrets = newSecrets(),
  ): Promise<BareRelay> {
    const directory = mkdtempSync(join(tmpdir(), "chargewire-bare-"));
    const state = join(directory, "state");
    mkdirSync(state);
    const config = relayConfig({ OPERATOR_KEY: operatorKey, MASTER_KEY: masterKey });
    const place = { ...config, port: await findFreePort(), state };
    const relay = new BareRelay(directory, place, operatorKey);
    relay.setUp(setUp);
    return relay;
  }

  /** Where its state lies. */
  get state(): string {
    return this.#config.state;
  }

  /** What it is from its next start on. */
  setUp(setUp: SetUp): void {
    for (const [name, text] of Object.entries(setUp(this.#config))) {
      writeFileSync(join(this.#directory, name), text);
    }
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
