import { type BenchCase, type BenchContext, CONNECTIONS, closedSlice } from "../case.ts";
import { type Contender, type Measured, measure } from "../contender.ts";
import { floorContender, startFloors } from "../floor-contender.ts";
import { type RelayContender, startRelayContender } from "../relay-contender.ts";
import { type Entry, takeTurns } from "../rounds.ts";
import { comparison, type Finding } from "../table.ts";
import { signWebhooks } from "../webhooks.ts";

/** The relay beside itself: what grows with what, and what costs nothing. */
interface Pair {
  readonly title: string;
  readonly target: string;
  /** The heavier one, and the lighter one that it is compared with. */
  readonly entries: (context: BenchContext, relays: readonly RelayContender[]) => Promise<Entry[]>;
}

export const growth: BenchCase = {
  name: "growth",
  about: "CPU time per event at 5,000 stations beside 256, of the relay and of a floor",
  isQuick: false,
  run: async (context) => [
    ...(await compareSelf(context, {
      title: "5,000 stations beside 256, in memory",
      target: "in CPU at most 1.2",
      entries: async (_context, [many, few]) => [
        { name: "5,000 stations", turn: () => passOf(many, 5_000) },
        { name: "256 stations", turn: () => passOf(few, 256) },
      ],
    })),
    await floorGrowth(context),
  ],
};

/** What of it is the runtime's. */
async function floorGrowth({ rounds, onTurn }: BenchContext): Promise<Finding> {
  const servers = [await startFloors("memory"), await startFloors("memory")];
  const [many, few] = servers.map((server) => floorContender(server, "gathered", CONNECTIONS));
  try {
    const entries = [
      { name: "gathered, 5,000", turn: () => passOf(many, 5_000) },
      { name: "gathered, 256", turn: () => passOf(few, 256) },
    ];
    const turns = await takeTurns(entries, rounds, onTurn);
    return comparison("growth, floor", "The floor at 5,000 stations beside 256, in memory", turns);
  } finally {
    for (const server of servers) await server.stop();
  }
}

export const filters: BenchCase = {
  name: "filters",
  about: "1,000 subscribers, each with a filter of its own, of which one lets an event through",
  isQuick: false,
  run: (context) =>
    compareSelf(context, {
      title: "1,000 distinct filters beside 1, one subscriber for each event, in memory",
      target: "in CPU at most 2",
      entries: async (_context, [many, one]) => {
        const own = Array.from({ length: 999 }, (_, index) => `?stations=other${index}`);
        await many?.subscribe(1_000, ["", ...own]);
        await one?.subscribe(1);
        return [
          { name: "1,000 filters", turn: () => sliceOf(context, many, 16) },
          { name: "1 filter", turn: () => sliceOf(context, one, 16) },
        ];
      },
    }),
};

export const routes: BenchCase = {
  name: "routes",
  about: "30 routes that want no event beside none",
  isQuick: false,
  run: (context) =>
    compareSelf(context, {
      title: "30 routes that want nothing beside none, in memory",
      target: "in CPU at most 1.1",
      entries: async (_context, [many, none]) => {
        for (let index = 0; index < 30; index += 1) {
          const filter = { types: [`transaction.kind${index}`] };
          const route = { name: `route ${index}`, url: "http://127.0.0.1:9/", filter };
          await many?.addRoute(route);
        }
        return [
          { name: "30 routes", turn: () => sliceOf(context, many, 16) },
          { name: "no route", turn: () => sliceOf(context, none, 16) },
        ];
      },
    }),
};

/** Events that a station keeps at most, whatever their age. */
const FULL = 65_536;

export const full: BenchCase = {
  name: "full",
  about: "a station whose log is full, and overwrites, beside one whose log is not",
  isQuick: false,
  run: (context) =>
    compareSelf(context, {
      title: "A full log beside a new one, one station, in memory",
      target: "in CPU at most 1",
      entries: async (_context, [old, young]) => {
        if (old === undefined) throw new Error("there are two relays");
        const webhooks = signWebhooks(old.door, { count: FULL, stations: 1 });
        await measure(old, (load) => load.closedLoop(webhooks, 300_000));
        return [
          { name: "full log", turn: () => sliceOf(context, old, 1) },
          { name: "new log", turn: () => sliceOf(context, young, 1) },
        ];
      },
    }),
};

export const duplicates: BenchCase = {
  name: "duplicates",
  about: "webhooks that have all come before, beside new ones",
  isQuick: false,
  run: (context) =>
    compareSelf(context, {
      title: "Duplicates beside new events, 16 stations, in memory",
      target: "",
      entries: async (_context, [repeating, fresh]) => {
        if (repeating === undefined) throw new Error("there are two relays");
        const webhooks = signWebhooks(repeating.door, { count: 2_000, stations: 16 });
        await measure(repeating, (load) => load.closedLoop(webhooks, 120_000));
        const again = { ...repeating, reconcile: () => repeating.reconcile([]) };
        const turn = () => measure(again, (load) => load.closedLoop(webhooks, context.sliceMs));
        return [
          { name: "duplicates", turn },
          { name: "new events", turn: () => sliceOf(context, fresh, 16) },
        ];
      },
    }),
};

async function compareSelf(context: BenchContext, pair: Pair): Promise<readonly Finding[]> {
  const relays: RelayContender[] = [];
  try {
    for (let index = 0; index < 2; index += 1) {
      relays.push(await startRelayContender(context.code, "memory", CONNECTIONS));
    }
    const entries = await pair.entries(context, relays);
    const turns = await takeTurns(entries, context.rounds, context.onTurn);
    const targets = Object.fromEntries(entries.map(({ name }) => [name, pair.target]));
    return [comparison(pair.title, pair.title, turns, targets)];
  } finally {
    for (const relay of relays) await relay.stop();
  }
}

const PASS = 5_000;

/** As many events as there are stations at most, after as many that have woken all of them. */
async function passOf(contender: Contender | undefined, stations: number): Promise<Measured> {
  if (contender === undefined) throw new Error("there are two of them");
  const pass = () => {
    const webhooks = signWebhooks(contender.door, { count: PASS, stations });
    const alone = { ...contender, reconcile: async () => {} };
    return measure(alone, (load) => load.closedLoop(webhooks, 120_000));
  };
  const waking = await pass();
  const measured = await pass();
  await contender.reconcile([...waking.slice.answered, ...measured.slice.answered]);
  return measured;
}

function sliceOf(context: BenchContext, relay: RelayContender | undefined, stations: number) {
  if (relay === undefined) throw new Error("there are two relays");
  return closedSlice(context, relay, { stations });
}
