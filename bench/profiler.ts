import { SourceMap } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import * as z from "zod";

const Profile = z.object({
  profile: z.object({
    nodes: z.array(
      z.object({
        id: z.number(),
        callFrame: z.object({
          functionName: z.string(),
          url: z.string(),
          lineNumber: z.number(),
          columnNumber: z.number(),
        }),
        children: z.array(z.number()).optional(),
      }),
    ),
    samples: z.array(z.number()),
    startTime: z.number(),
    endTime: z.number(),
  }),
});
type Node = z.infer<typeof Profile>["profile"]["nodes"][number];

/** workerd answers what it sees to itself by sending it back, with a result where there is one. */
const Answer = z.object({ id: z.number(), result: z.unknown().optional() });
const HeapUsage = z.object({ usedSize: z.number() });
const SAMPLE_US = 500;

/** Where one moment of a profile was: from what ran then to what had called it. */
export interface Place {
  /** As in the source. Empty for what the runtime itself does. */
  readonly file: string;
  readonly name: string;
}

/** Time spent, by stack; the innermost comes first. Of a sample that came late the wait does not count. */
export type Stacks = readonly { readonly us: number; readonly stack: readonly Place[] }[];

/** Samples workerd while `run` is under way, over the inspector that it serves at that port. */
export async function profile(
  inspectorPort: number,
  sourceMap: string,
  run: () => Promise<void>,
): Promise<Stacks> {
  const taken = await inspect(inspectorPort, async (inspector) => {
    await inspector.call("Profiler.enable");
    await inspector.call("Profiler.setSamplingInterval", { interval: SAMPLE_US });
    await inspector.call("Profiler.start");
    await run();
    return inspector.call("Profiler.stop");
  });
  return stacksOf(Profile.parse(taken).profile, new SourceMap(JSON.parse(sourceMap)));
}

/** How often an isolate is entered while a collection is waited for. */
const ENTER_MS = 100;
/** A collection that leaves more than this share of what the one before it left has found nothing. */
const SETTLED = 0.995;

/**
 * What the isolate's JavaScript heap holds once garbage is collected, in MiB. The collection is a task
 * that runs when the isolate is entered, and never in one that has nothing to do: `enter` does that.
 */
export async function heapMiB(
  inspectorPort: number,
  enter: () => Promise<unknown>,
): Promise<number> {
  return inspect(inspectorPort, async (inspector) => {
    await inspector.call("HeapProfiler.enable");
    // What one collection finds to be over may hold what only the next one can take.
    for (let before = Number.POSITIVE_INFINITY; ; ) {
      await collect(inspector, enter);
      const usage = HeapUsage.parse(await inspector.call("Runtime.getHeapUsage"));
      const mib = usage.usedSize / 1024 / 1024;
      if (mib > before * SETTLED) return mib;
      before = mib;
    }
  });
}

async function collect(inspector: Inspector, enter: () => Promise<unknown>): Promise<void> {
  const collected = inspector.call("HeapProfiler.collectGarbage").then(() => true);
  do await enter();
  while (!(await Promise.race([collected, sleep(ENTER_MS, false)])));
}

async function inspect<T>(port: number, ask: (inspector: Inspector) => Promise<T>): Promise<T> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/main`);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  try {
    return await ask(new Inspector(socket));
  } finally {
    socket.close();
  }
}

class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #callCount = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const answer = Answer.safeParse(JSON.parse(String(data)));
      if (answer.success) this.#waiting.get(answer.data.id)?.resolve(answer.data.result);
    });
    socket.once("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the inspector is gone"));
    });
  }

  call(method: string, params: Readonly<Record<string, number>> = {}): Promise<unknown> {
    this.#callCount += 1;
    const id = this.#callCount;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer.promise;
  }
}

function stacksOf(
  { nodes, samples, startTime, endTime }: z.infer<typeof Profile>["profile"],
  map: SourceMap,
): Stacks {
  const places = new Map(nodes.map((node) => [node.id, placeOf(node, map)]));
  const callers = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const counts = new Map<number, number>();
  for (const sample of samples) counts.set(sample, (counts.get(sample) ?? 0) + 1);
  // The runtime does not always heed what was asked for.
  const sampleUs = (endTime - startTime) / samples.length;
  return [...counts].map(([id, count]) => {
    const stack: Place[] = [];
    for (let at: number | undefined = id; at !== undefined; at = callers.get(at)) {
      const place = places.get(at);
      if (place !== undefined) stack.push(place);
    }
    return { us: count * sampleUs, stack };
  });
}

function placeOf({ callFrame }: Node, map: SourceMap): Place {
  const { functionName, url, lineNumber, columnNumber } = callFrame;
  // The runtime has scripts of its own.
  const entry = !url.endsWith("worker.js") ? {} : map.findEntry(lineNumber, columnNumber);
  const file = "originalSource" in entry ? String(entry.originalSource) : "";
  return { file, name: functionName };
}
