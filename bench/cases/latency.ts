import { type BenchCase, type BenchContext, wake, withContenders } from "../case.ts";
import { type Contender, type Measured, measure } from "../contender.ts";
import { median, quantile, ratios, type Turns, takeTurns } from "../rounds.ts";
import type { Finding } from "../table.ts";
import { signWebhooks } from "../webhooks.ts";

const STATIONS = 16;
const SUBSCRIBERS = 10;
const RATE = 200;
const SHARES = [0.5, 0.95, 0.99, 0.999];

/** Open loop: from the time when a webhook is due to its answer, and to its frame. */
export const latency: BenchCase = {
  name: "latency",
  about: "200 events/s with 10 subscribers: from due to answer and to frame",
  isQuick: true,
  run: (context) =>
    withContenders(context, "disk", ["pushed", "gathered"], async (relay, floors) => {
      const entries = [relay, ...floors].map((contender) => ({
        name: contender.name,
        turn: () => steadySlice(context, contender),
      }));
      for (const contender of [relay, ...floors]) await contender.subscribe(SUBSCRIBERS);
      const turns = await takeTurns(entries, context.rounds, context.onTurn);
      return [
        finding("POST to answer", turns, acksOf, {}),
        finding("POST to frame", turns, framesOf, { p50: "1.3", p99: "1.5" }),
      ];
    }),
};

async function steadySlice({ isQuick }: BenchContext, contender: Contender): Promise<Measured> {
  const count = RATE * (isQuick ? 2 : 4);
  const webhooks = signWebhooks(contender.door, { count, stations: STATIONS });
  await wake(contender, { stations: STATIONS });
  return measure(contender, (load) => load.openLoop(webhooks, RATE));
}

function acksOf({ slice }: Measured): readonly number[] {
  return slice.latenciesMs;
}

function framesOf({ arrivals, slice }: Measured): readonly number[] {
  return arrivals.map(({ id, atNs }) => Number(atNs - (slice.dueNs.get(id) ?? atNs)) / 1e6);
}

function finding(
  what: string,
  turns: readonly Turns[],
  latenciesOf: (measured: Measured) => readonly number[],
  targets: Readonly<Record<string, string>>,
): Finding {
  const inRounds = ({ measured }: Turns, share: number) =>
    measured.map((one) => quantile(latenciesOf(one), share));
  const names = SHARES.map((share) => `p${share * 100}`);
  const [relay] = turns;
  const rows = turns.flatMap((each, index) => {
    const times = SHARES.map((share) => median(inRounds(each, share)).toFixed(1));
    const own = [`${each.name}, ms`, ...times];
    if (relay === undefined || index === 0) return [own];
    const compared = SHARES.map((share) =>
      median(ratios(inRounds(relay, share), inRounds(each, share))).toFixed(2),
    );
    return [own, [`relay ÷ ${each.name}`, ...compared]];
  });
  const targetRow = ["target for relay ÷ pushed", ...names.map((name) => targets[name] ?? "")];
  return {
    name: what,
    title: `${what} at ${RATE} events/s, ${SUBSCRIBERS} subscribers, on disk; medians of rounds`,
    header: ["", ...names],
    rows: Object.keys(targets).length === 0 ? rows : [...rows, targetRow],
    figures: Object.fromEntries(
      turns.flatMap((each) =>
        SHARES.map((share) => [`${each.name} p${share * 100} ms`, inRounds(each, share)]),
      ),
    ),
  };
}
