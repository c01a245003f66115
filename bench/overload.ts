import { monitorEventLoopDelay } from "node:perf_hooks";

import { readOptions, runCommand } from "../cli/relay/command-line.ts";
import { exitAtInterrupt, readCount } from "./command.ts";
import { Fates } from "./fates.ts";
import { Rig } from "./rig.ts";

const HELP = `Sends webhooks at several times the rate that the relay can take, to the built Worker on bare
workerd, where none of the platform's limits exist, and looks at what becomes of them: how many are
accepted, how many refused and whether they are told when to come back, how long it takes until
service is normal again, and whether everything that was accepted arrives everywhere once.

npm run bench:overload -- [options]

  --times N     the peak, which is measured first, times so many (default 3)
  --seconds N   how long (default 15)
  --memory       state in memory in place of the disk
  --help

Exit code: 0 when every webhook was accepted or told to come back, service was normal within ten
seconds, and every event is accounted for; else 1.`;

const PEAK_MS = 10_000;
const CALM_MS = 5_000;
const WINDOW_MS = 1_000;
const NORMAL_LIMIT_SECONDS = 10;
const MOST_WINDOWS = 60;
/** How often the sender looks whether it is late itself. */
const LOOK_MS = 10;

async function main(): Promise<number> {
  const { times, seconds, memory, help } = readOptions({
    times: { type: "string", default: "3" },
    seconds: { type: "string", default: "15" },
    memory: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  });
  if (help) {
    console.log(HELP);
    return 0;
  }
  const [factor, ms] = [readCount("times", times), readCount("seconds", seconds) * 1000];
  const rig = await Rig.start(memory ? "memory" : "disk", exitAtInterrupt());
  try {
    return await overload(rig, factor, ms);
  } finally {
    await rig.stop();
  }
}

async function overload(rig: Rig, factor: number, ms: number): Promise<number> {
  const { acknowledged: peak } = await rig.measurePeak(PEAK_MS);
  console.log(`peak          ${peak.toFixed(0)} webhooks/s acknowledged`);
  const calm = new Fates();
  await rig.steadily(peak / 2, CALM_MS, calm);
  print("at half of it", calm, CALM_MS);

  const fates = new Fates();
  const before = rig.relay.workerd.memoryMiB();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, rig.relay.workerd.memoryMiB());
  }, 250);
  const looks = monitorEventLoopDelay({ resolution: LOOK_MS });
  looks.enable();
  const storm = rig.send(presigned(rig, peak * factor, ms), peak * factor, ms, fates);
  await new Promise((resolve) => setTimeout(resolve, ms));
  const afterwards = await untilNormal(rig, peak / 2, calm.acceptedMs.at(0.99));
  await storm;
  looks.disable();
  clearInterval(watch);
  print(`at ${factor} times it`, fates, ms);
  console.log(
    `              ${fates.untoldCount} refused without Retry-After; ${fates.errorCount} errors`,
  );
  console.log(`              ${rig.crowd.mostUnderWay} requests under way at most`);
  const lateMs = (percentile: number) =>
    Math.max(0, looks.percentile(percentile) / 1e6 - LOOK_MS).toFixed(0);
  console.log(
    `sender        late by p50 ${lateMs(50)} ms, p99 ${lateMs(99)} ms, max ${lateMs(100)} ms, which is in the times above`,
  );
  console.log(`memory        ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most`);
  console.log(`normal again  ${afterwards.seconds} s after it`);

  const owed = [...calm.owed, ...fates.owed, ...afterwards.owed];
  await rig.sendOwed(owed, peak / 2);
  console.log(`sent again    ${owed.length}, all accepted`);
  const isReconciled = await rig.reconcile();
  const isRefusedWell = fates.untoldCount === 0 && fates.errorCount === 0;
  const isNormalSoon = afterwards.seconds <= NORMAL_LIMIT_SECONDS;
  return isReconciled && isRefusedWell && isNormalSoon ? 0 : 1;
}

/** Signed before, so that signing does not slow the sending. */
function presigned(rig: Rig, perSecond: number, ms: number) {
  return rig.sign(Math.ceil((perSecond * ms) / 1000)).values();
}

/** Seconds until one in which all was accepted, and as soon as in calm times. */
async function untilNormal(rig: Rig, perSecond: number, calmP99Ms: number) {
  const owed = [];
  for (let seconds = 1; ; seconds += 1) {
    const fates = new Fates();
    const startMs = performance.now();
    await rig.steadily(perSecond, WINDOW_MS, fates);
    owed.push(...fates.owed);
    const isNormal = fates.owed.length === 0 && fates.acceptedMs.at(0.99) < 2 * calmP99Ms + 100;
    print(`second ${seconds}`, fates, performance.now() - startMs);
    if (isNormal || seconds === MOST_WINDOWS) return { seconds, owed };
  }
}

function print(name: string, fates: Fates, ms: number): void {
  const { acceptedMs: accepted, refusedMs: refused } = fates;
  const spread = (each: typeof accepted) =>
    `p50 ${each.at(0.5).toFixed(0)} ms, p99 ${each.at(0.99).toFixed(0)} ms, max ${each.max.toFixed(0)} ms`;
  const rate = ((fates.total * 1000) / ms).toFixed(0);
  const refusals = refused.count === 0 ? "" : `; refused: ${spread(refused)}`;
  console.log(`${name.padEnd(14)}${rate}/s: ${fates}; accepted: ${spread(accepted)}${refusals}`);
}

await runCommand("bench:overload", main);
process.exit();
