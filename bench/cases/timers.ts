import type { BenchCase } from "../case.ts";
import { serveFloor } from "../floor-contender.ts";
import { heapMiB } from "../profiler.ts";
import type { Finding } from "../table.ts";

const CALLS = 5_000;
const TIMERS_PER_CALL = 20;
const AT_ONCE = 16;

/** What the runtime keeps of timers that are over, of an object that stays awake: it is none of the relay's. */
export const timers: BenchCase = {
  name: "timers",
  about: "memory that workerd keeps for every timer that an object has set and cleared",
  isQuick: false,
  run: async ({ onTurn }) => [await measureTimers(onTurn)],
};

async function measureTimers(onTurn: () => void): Promise<Finding> {
  const objects = [{ binding: "TIMERS", className: "Timers" }];
  const workerd = await serveFloor("timers.ts", { objects, texts: {} }, "memory", true);
  const call = (count: number) => fetch(`http://127.0.0.1:${workerd.port}/${count}`);
  /** Resident after as many calls, with garbage collected. */
  const after = async (timersPerCall: number) => {
    for (let made = 0; made < CALLS; made += AT_ONCE) {
      const calls = Array.from({ length: AT_ONCE }, () => call(timersPerCall));
      for (const response of await Promise.all(calls)) {
        if (!response.ok) throw new Error(`a call was answered ${response.status}`);
        await response.arrayBuffer();
      }
    }
    onTurn();
    const heap = await heapMiB(workerd.inspectorPort, () => call(0));
    return { heap, resident: workerd.memoryMiB() };
  };
  try {
    await after(0);
    const [without, some, more] = [
      await after(0),
      await after(TIMERS_PER_CALL),
      await after(TIMERS_PER_CALL),
    ];
    const row = (name: string, { heap, resident }: typeof without) => [
      name,
      resident.toFixed(1),
      heap.toFixed(1),
    ];
    const count = 2 * CALLS * TIMERS_PER_CALL;
    const bytes = ((more.resident - without.resident) * 1024 * 1024) / count;
    return {
      name: "timers",
      title: `An object that sets timers and clears them: ${bytes.toFixed(0)} bytes stay of each`,
      header: ["", "resident, MiB", "JavaScript heap, MiB"],
      rows: [
        row(`${CALLS} calls`, without),
        row(`${CALLS} calls with ${TIMERS_PER_CALL} timers each`, some),
        row("as many again", more),
      ],
      figures: { bytes: [bytes] },
    };
  } finally {
    await workerd.stop();
  }
}
