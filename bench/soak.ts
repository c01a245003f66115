import { readOptions, runCommand } from "../cli/relay/command-line.ts";
import { exitAtInterrupt, readCount } from "./command.ts";
import { Fates } from "./fates.ts";
import { Rig } from "./rig.ts";
import { type Sample, trendOf } from "./trend.ts";

const HELP = `Keeps the built Worker on bare workerd under load for long: half of the peak, which is measured
first, with subscribers (one loses its connection all the time) and a route to a receiver that
fails now and then. Looks at errors, at the memory of workerd, and accounts for every event.

npm run bench:soak -- [options]

  --minutes N   how long (default 20); the first quarter is warm-up
  --memory       state in memory in place of the disk
  --help

Exit code: 0 when there was no error and every event is accounted for, else 1.`;

const PEAK_MS = 15_000;
const SAMPLE_MS = 5_000;
const REPORT_MS = 60_000;
const HOUR_MS = 3_600_000;

async function main(): Promise<number> {
  const { minutes, memory, help } = readOptions({
    minutes: { type: "string", default: "20" },
    memory: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  });
  if (help) {
    console.log(HELP);
    return 0;
  }
  const ms = readCount("minutes", minutes) * 60_000;
  const rig = await Rig.start(memory ? "memory" : "disk", exitAtInterrupt());
  try {
    const peak = await rig.measurePeak(PEAK_MS);
    console.log(
      `peak        ${peak.acknowledged.toFixed(0)}/s acknowledged, ${peak.everywhere.toFixed(0)}/s everywhere`,
    );
    return await soak(rig, peak.everywhere / 2, ms);
  } finally {
    await rig.stop();
  }
}

async function soak(rig: Rig, perSecond: number, ms: number): Promise<number> {
  const fates = new Fates();
  const startMs = performance.now();
  const samples: Sample[] = [];
  const sampling = setInterval(() => {
    const at = (performance.now() - startMs) / HOUR_MS;
    samples.push({ at, value: rig.relay.workerd.memoryMiB() });
  }, SAMPLE_MS);
  const reporting = setInterval(() => {
    const minute = ((performance.now() - startMs) / 60_000).toFixed(0).padStart(3);
    console.log(`minute ${minute}  ${fates}; ${samples.at(-1)?.value.toFixed(0)} MiB`);
  }, REPORT_MS);
  await rig.steadily(perSecond, ms, fates);
  clearInterval(sampling);
  clearInterval(reporting);

  const steady = samples.filter(({ at }) => at * HOUR_MS > ms / 4);
  const { slope, error } = trendOf(steady);
  const values = steady.map(({ value }) => value.toFixed(0));
  const errors = fates.owed.length;
  const { acceptedMs: ack } = fates;
  console.log(`load        ${perSecond.toFixed(0)}/s for ${ms / 60_000} min: ${fates}`);
  console.log(`ack         p50 ${ack.at(0.5).toFixed(0)} ms, p99 ${ack.at(0.99).toFixed(0)} ms`);
  console.log(`errors      ${errors}`);
  console.log(
    `memory      after warm-up from ${values[0]} to ${values.at(-1)} MiB; ` +
      `slope ${slope.toFixed(0)} MiB/h (standard error ${error.toFixed(0)})`,
  );
  // Between two collections memory rises; what would go on rising is what is left after them.
  console.log(`            lowest in each fifth: ${lowsOf(steady, 5).join(", ")} MiB`);
  await rig.sendOwed(fates.owed, perSecond);
  return (await rig.reconcile()) && errors === 0 ? 0 : 1;
}

function lowsOf(samples: readonly Sample[], parts: number): string[] {
  const size = Math.ceil(samples.length / parts);
  return Array.from({ length: parts }, (_, part) =>
    Math.min(...samples.slice(part * size, (part + 1) * size).map(({ value }) => value)).toFixed(0),
  );
}

await runCommand("bench:soak", main);
process.exit();
