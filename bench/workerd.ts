import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { findFreePort } from "../cli/relay/free-port.ts";
import { PROJECT_DIR, RelayError } from "../cli/relay/relay.ts";
import { type WorkerConfig, workerdConfig } from "./workerd-config.ts";

export const WORKERD = join(PROJECT_DIR, "node_modules/workerd/bin/workerd");
const START_LIMIT_MS = 20_000;
/** What the kernel counts CPU time in. */
const TICK_US = 10_000;

/** Where the objects' databases lie: on disk, where each commit waits for it, or in memory. */
export type Place = "disk" | "memory";

export interface Workerd {
  readonly port: number;
  readonly pid: number;
  /** Where the inspector listens; 0 unless it was asked for. */
  readonly inspectorPort: number;
  /** CPU time of the process so far, in microseconds. */
  readonly cpuUs: () => number;
  /** Resident memory in MiB. */
  readonly memoryMiB: () => number;
  readonly stop: () => Promise<void>;
}

/** Serves a Worker on bare workerd, one process of its own; resolves once its port is open. */
export async function serveWorker(
  worker: WorkerConfig,
  place: Place,
  isInspected = false,
): Promise<Workerd> {
  const directory = mkdtempSync(
    join(place === "memory" ? "/dev/shm" : tmpdir(), "chargewire-bench-"),
  );
  const state = join(directory, "state");
  mkdirSync(state);
  writeFileSync(join(directory, "worker.js"), worker.code);
  const port = await findFreePort();
  writeFileSync(join(directory, "config.capnp"), workerdConfig(worker, state, port));
  const inspectorPort = isInspected ? await findFreePort() : 0;
  const inspector = isInspected ? [`--inspector-addr=127.0.0.1:${inspectorPort}`] : [];
  const child = spawn(WORKERD, ["serve", "--experimental", ...inspector, "config.capnp"], {
    cwd: directory,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let trouble = "";
  child.stderr.on("data", (data) => {
    trouble = (trouble + String(data)).slice(-4_000);
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async () => {
    await ended(child);
    process.off("exit", kill);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await untilOpen(port, child);
  } catch {
    await stop();
    throw new RelayError(`workerd did not start: ${trouble}`);
  }
  const pid = child.pid ?? 0;
  return {
    port,
    pid,
    inspectorPort,
    cpuUs: () => cpuUs(pid),
    memoryMiB: () => memoryMiB(pid),
    stop,
  };
}

async function untilOpen(port: number, child: ChildProcess): Promise<void> {
  for (const deadlineMs = Date.now() + START_LIMIT_MS; Date.now() < deadlineMs; ) {
    if (child.exitCode !== null) break;
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isOpen) return;
    await sleep(50);
  }
  throw new RelayError("workerd did not start");
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) resolve();
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), 2_000).unref();
  });
}

/** User and system time, from what Linux tells of a process. */
function cpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** Resident memory, from what Linux tells of a process. */
export function memoryMiB(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return (pages * 4096) / 1024 / 1024;
}
