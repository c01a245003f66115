import { type BenchCase, type BenchContext, CONNECTIONS } from "../case.ts";
import { type Measured, measure } from "../contender.ts";
import { Receivers } from "../receivers.ts";
import { type RelayContender, startRelayContender } from "../relay-contender.ts";
import { median, quantile, takeTurns } from "../rounds.ts";
import { comparison, type Finding } from "../table.ts";
import { signWebhooks } from "../webhooks.ts";

const STATIONS = 16;
const COUNTS = [0, 1, 5];
const NAMES = ["no route", "1 route", "5 routes"];
const RATES = [50, 200];
const STEADY_MS = 4_000;
const SHARES = [0.5, 0.95, 0.99, 0.999];

interface Delivering {
  readonly relay: RelayContender;
  readonly receivers: Receivers;
}

/** Events that routes want: what a delivery costs, and how soon it comes. */
export const deliveries: BenchCase = {
  name: "deliveries",
  about: "ingest with 0, 1 and 5 routes that want every event; from due to destination",
  isQuick: false,
  run: async (context) => {
    const all: Delivering[] = [];
    try {
      for (const count of COUNTS) all.push(await startDelivering(context, count));
      const entries = all.map((each, index) => ({
        name: NAMES[index] ?? "",
        turn: () => delivered(each, (relay) => closed(context, relay)),
      }));
      const turns = await takeTurns(entries, context.rounds, context.onTurn);
      const title = `Ingest until every route has every event, ${STATIONS} stations, on disk`;
      const [, one] = all;
      if (one === undefined) throw new Error("there is a relay with one route");
      return [comparison("deliveries", title, turns), await latencyOf(one, context)];
    } finally {
      for (const { relay, receivers } of all) {
        await relay.stop();
        receivers.close();
      }
    }
  },
};

async function startDelivering({ code }: BenchContext, count: number): Promise<Delivering> {
  const receivers = await Receivers.open(count);
  const relay = await startRelayContender(code, "disk", CONNECTIONS);
  for (const [index, url] of receivers.urls.entries()) {
    await relay.addRoute({ name: `route ${index}`, url });
  }
  return { relay, receivers };
}

/** The time until the last delivery counts, too. */
async function delivered(
  { relay, receivers }: Delivering,
  run: (relay: RelayContender) => Promise<Measured>,
): Promise<Measured> {
  const startMs = performance.now();
  const cpuBeforeUs = relay.workerd.cpuUs();
  const measured = await run(relay);
  const { answered } = measured.slice;
  await receivers.collect(answered.map(({ id }) => id));
  return {
    ...measured,
    perSecond: (answered.length * 1000) / (performance.now() - startMs),
    cpuUsPerEvent: (relay.workerd.cpuUs() - cpuBeforeUs) / answered.length,
  };
}

function closed({ sliceMs }: BenchContext, relay: RelayContender): Promise<Measured> {
  const webhooks = signWebhooks(relay.door, { count: sliceMs * 3, stations: STATIONS });
  return measure({ ...relay, reconcile: async () => {} }, (load) =>
    load.closedLoop(webhooks, sliceMs),
  );
}

async function latencyOf(
  { relay, receivers }: Delivering,
  context: BenchContext,
): Promise<Finding> {
  const rows: string[][] = [];
  const figures: Record<string, number[]> = {};
  for (const rate of RATES) {
    const rounds: number[][] = [];
    for (let round = 0; round < context.rounds; round += 1) {
      rounds.push(await steady(relay, receivers, rate));
      context.onTurn();
    }
    const times = SHARES.map((share) => rounds.map((latencies) => quantile(latencies, share)));
    rows.push([`${rate} events/s, ms`, ...times.map((each) => median(each).toFixed(1))]);
    figures[`${rate} events/s p50 ms`] = times[0] ?? [];
  }
  return {
    name: "POST to destination",
    title: `POST to destination, one route, ${STATIONS} stations, on disk; medians of rounds`,
    header: ["", ...SHARES.map((share) => `p${share * 100}`)],
    rows,
    figures,
  };
}

async function steady(
  relay: RelayContender,
  receivers: Receivers,
  rate: number,
): Promise<number[]> {
  const count = (rate * STEADY_MS) / 1000;
  const webhooks = signWebhooks(relay.door, { count, stations: STATIONS });
  const { slice } = await measure({ ...relay, reconcile: async () => {} }, (load) =>
    load.openLoop(webhooks, rate),
  );
  const arrivals = await receivers.collect(webhooks.map(({ id }) => id));
  return webhooks.map(
    ({ id }) => Number((arrivals.get(id) ?? 0n) - (slice.dueNs.get(id) ?? 0n)) / 1e6,
  );
}
