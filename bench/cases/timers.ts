import type { BenchCase } from "../case.ts";
import { serveFloor } from "../floor-contender.ts";
import { heapMiB } from "../profiler.ts";
import type { Finding } from "../table.ts";

const CALLS = 2_000;
const TIMERS_PER_CALL = 20;
const AT_ONCE = 16;

type Fate = "clear" | "ring";

/** What the runtime keeps of timers that are over, of an object that stays awake: it is none of the relay's. */
export const timers: BenchCase = {
  name: "timers",
  about: "memory that workerd keeps for every timer that an object has set",
  isQuick: false,
  run: async ({ onTurn }) => [await measureTimers(onTurn)],
};

async function measureTimers(onTurn: () => void): Promise<Finding> {
  const objects = [{ binding: "TIMERS", className: "Timers" }];
  const workerd = await serveFloor("timers.ts", { objects, texts: {} }, "memory", true);
  const call = (fate: Fate, count: number) =>
    fetch(`http://127.0.0.1:${workerd.port}/${fate}/${count}`);
  /** Resident after as many calls, with garbage collected. */
  const after = async (fate: Fate, timersPerCall: number) => {
    for (let made = 0; made < CALLS; made += AT_ONCE) {
      const calls = Array.from({ length: AT_ONCE }, () => call(fate, timersPerCall));
      for (const response of await Promise.all(calls)) {
        if (!response.ok) throw new Error(`a call was answered ${response.status}`);
        await response.arrayBuffer();
      }
    }
    onTurn();
    const heap = await heapMiB(workerd.inspectorPort, () => call(fate, 0));
    return { heap, resident: workerd.memoryMiB() };
  };
  try {
    await after("ring", TIMERS_PER_CALL);
    const without = await after("ring", 0);
    const rung = await after("ring", TIMERS_PER_CALL);
    const cleared = await after("clear", TIMERS_PER_CALL);
    const more = await after("clear", TIMERS_PER_CALL);
    const row = (name: string, { heap, resident }: typeof without) => [
      name,
      resident.toFixed(1),
      heap.toFixed(1),
    ];
    const bytesOf = (mib: number) => (mib * 1024 * 1024) / (CALLS * TIMERS_PER_CALL);
    const perRung = bytesOf(rung.resident - without.resident);
    const perCleared = bytesOf((more.resident - rung.resident) / 2);
    return {
      name: "timers",
      title: `An object that sets timers: ${perCleared.toFixed(0)} bytes stay of each that is cleared, ${perRung.toFixed(0)} of each that rings`,
      header: ["", "resident, MiB", "JavaScript heap, MiB"],
      rows: [
        row(`${CALLS} calls`, without),
        row(`${CALLS} calls with ${TIMERS_PER_CALL} timers each that ring`, rung),
        row(`${CALLS} calls with ${TIMERS_PER_CALL} timers each that are cleared`, cleared),
        row("as many again", more),
      ],
      figures: { cleared: [perCleared], rung: [perRung] },
    };
  } finally {
    await workerd.stop();
  }
}
