import { type BenchCase, CONNECTIONS } from "../case.ts";
import { measure } from "../contender.ts";
import { type Place, profile, type Stacks } from "../profiler.ts";
import { type RelayContender, startRelayContender } from "../relay-contender.ts";
import type { Finding } from "../table.ts";
import { signWebhooks } from "../webhooks.ts";

const STATIONS = 16;
const SUBSCRIBERS = 10;
const WARM_MS = 2_000;
const PROFILED_MS = 4_000;
/** What takes less is left out. */
const LEAST_SHARE = 0.005;
/** What the profiler calls what is none of JavaScript. */
const RUNTIME: Readonly<Record<string, string>> = {
  "(program)": "the runtime: HTTP, calls between objects, the event loop",
  "(garbage collector)": "garbage collection",
};
/** Whose work a file does; what is in none of these counts for whoever calls it. */
const LAYERS: readonly (readonly [pattern: RegExp, layer: string])[] = [
  [/src\/domain\/signature/, "edge: the signature"],
  [/src\/domain\/webhook/, "edge: reading the webhook"],
  [/node_modules\/hono/, "edge: Hono"],
  [/node_modules\/zod/, "zod"],
  [/src\/(http|env|worker)/, "edge"],
  [/src\/objects\/station-(lane|routes|replay|untold)/, "station: lanes"],
  [/src\/objects\/station-push/, "station: push"],
  [/src\/objects\/station/, "station"],
  [/src\/objects\/stream/, "frames"],
  [/src\/objects\/feed/, "feed"],
  [/src\/objects\/tenant/, "tenant"],
];

/** Where the CPU time of an event goes, layer by layer. */
export const profiles: BenchCase = {
  name: "profile",
  about: "where the CPU time of an event goes, by layer, as the runtime's profiler sees it",
  isQuick: false,
  run: async (context) => {
    const relay = await startRelayContender(context.code, "memory", CONNECTIONS, true);
    try {
      await relay.subscribe(SUBSCRIBERS);
      await drive(relay, WARM_MS);
      // The profiler itself takes time, so what is taken in all is measured without it.
      const cpuUsPerEvent = await drive(relay, PROFILED_MS);
      const stacks = await profile(relay.workerd.inspectorPort, context.sourceMap, async () => {
        await drive(relay, PROFILED_MS);
      });
      return [finding(stacks, cpuUsPerEvent)];
    } finally {
      await relay.stop();
    }
  },
};

async function drive(relay: RelayContender, ms: number): Promise<number> {
  const webhooks = signWebhooks(relay.door, { count: ms * 5, stations: STATIONS });
  const { cpuUsPerEvent } = await measure({ ...relay, reconcile: async () => {} }, (load) =>
    load.closedLoop(webhooks, ms),
  );
  return cpuUsPerEvent;
}

function finding(stacks: Stacks, cpuUsPerEvent: number): Finding {
  const times = new Map<string, number>();
  for (const { us, stack } of stacks) {
    const layer = layerOf(stack);
    if (layer !== null) times.set(layer, (times.get(layer) ?? 0) + us);
  }
  const total = [...times.values()].reduce((sum, us) => sum + us, 0);
  const rows = [...times]
    .map(([layer, us]) => ({ layer, share: us / total }))
    .sort((a, b) => b.share - a.share)
    .filter(({ share }) => share >= LEAST_SHARE)
    .map(({ layer, share }) => [
      layer,
      (share * cpuUsPerEvent).toFixed(0),
      `${(share * 100).toFixed(1)} %`,
    ]);
  return {
    name: "profile",
    title: `CPU time of an event by layer, ${STATIONS} stations, ${SUBSCRIBERS} subscribers, in memory, profiled`,
    header: ["", "µs per event", "share"],
    rows: [...rows, ["in all", cpuUsPerEvent.toFixed(0), ""]],
    figures: {},
  };
}

/** Null for time in which nothing was done. */
function layerOf(stack: readonly Place[]): string | null {
  const [inner] = stack;
  if (inner === undefined || inner.name === "(idle)" || inner.name === "(root)") return null;
  const runtime = RUNTIME[inner.name];
  if (runtime !== undefined) return runtime;
  for (const { file } of stack) {
    const layer = LAYERS.find(([pattern]) => pattern.test(file));
    if (layer === undefined) continue;
    // Of the runtime, called by that layer: a statement, a frame, a signature.
    return inner.file === "" ? `${layer[1]}, in ${inner.name}()` : layer[1];
  }
  return "elsewhere";
}
