import type { EventClass, Metrics, MetricsOfMinute } from "../../api/answers.ts";
import type { Second } from "../../live/rates.ts";
import type { Sample } from "../../live/sample.ts";

/** One line of a plot. */
export interface Series {
  readonly name: string;
  /** Of the palette, 1 to 6. */
  readonly colour: 1 | 2 | 3 | 4 | 5 | 6;
  /** As many as there are times; null where nothing is known. */
  readonly values: readonly (number | null)[];
}

export interface PlotData {
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
}

const CLASSES: readonly (readonly [EventClass, string, Series["colour"]])[] = [
  ["network", "network", 1],
  ["action", "action", 2],
  ["synchronous", "synchronous", 3],
  ["charging_intelligence", "charging intelligence", 4],
  ["unknown", "unknown", 5],
  ["relay", "relay", 6],
];

/** The times that are looked at, and since when this page has listened, in seconds since 1970. */
export interface LiveWindow {
  readonly fromS: number;
  readonly untilS: number;
  readonly sinceS: number;
  /** Values are averaged over so many seconds, to be read. */
  readonly stepS: number;
}

/** Live: per second as this page has received them. */
export function liveRates(
  seconds: readonly Second[],
  { fromS, untilS, sinceS, stepS }: LiveWindow,
): PlotData {
  const first = Math.floor(fromS / stepS);
  const count = Math.max(0, Math.floor(untilS / stepS) - first);
  const times = Array.from({ length: count }, (_, index) => (first + index) * stepS);
  const series = CLASSES.map(([name, label, colour]) => {
    const values = times.map((at): number | null => (at < sinceS ? null : 0));
    for (const { at, counts } of seconds) {
      const index = Math.floor(at / stepS) - first;
      const value = values[index];
      if (value !== undefined && value !== null)
        values[index] = value + (counts.get(name) ?? 0) / stepS;
    }
    return { name: label, colour, values };
  });
  return { times, series: withoutIdle(series) };
}

/** The same by the relay's own count, a value for each minute. */
export function minuteRates({ items }: Metrics): PlotData {
  const series = CLASSES.map(([name, label, colour]) => ({
    ...{ name: label, colour },
    values: items.map(({ events }) => events[name] / 60),
  }));
  return { times: items.map(timeOf), series: withoutIdle(series) };
}

export function relayLatency({ items }: Metrics): PlotData {
  return percentiles(items, (minute) => minute.relayMs);
}

export function deliveryLatency({ items }: Metrics, route: string): PlotData {
  return percentiles(
    items,
    (minute) => minute.routes.find((counted) => counted.route === route)?.deliveryMs ?? null,
  );
}

export function sessionsOver(samples: readonly Sample[]): PlotData {
  const values = samples.map(({ sessions }) => sessions);
  return { times: samples.map(secondOf), series: [{ name: "sessions", colour: 1, values }] };
}

/** In kilowatts. */
export function powerOver(samples: readonly Sample[]): PlotData {
  const values = samples.map(({ powerW }) => powerW / 1_000);
  return { times: samples.map(secondOf), series: [{ name: "power", colour: 2, values }] };
}

function percentiles(
  items: readonly MetricsOfMinute[],
  of: (minute: MetricsOfMinute) => MetricsOfMinute["relayMs"],
): PlotData {
  const found = items.map(of);
  return {
    times: items.map(timeOf),
    series: [
      { name: "p50", colour: 1, values: found.map((latency) => latency?.p50 ?? null) },
      { name: "p95", colour: 2, values: found.map((latency) => latency?.p95 ?? null) },
      { name: "p99", colour: 3, values: found.map((latency) => latency?.p99 ?? null) },
    ],
  };
}

/** Classes of which nothing came would only fill the legend; one always stays. */
function withoutIdle(series: readonly Series[]): readonly Series[] {
  const busy = series.filter(({ values }) => values.some((value) => (value ?? 0) > 0));
  return busy.length > 0 ? busy : series.slice(0, 1);
}

const timeOf = ({ at }: MetricsOfMinute) => Date.parse(at) / 1_000;
const secondOf = ({ atMs }: Sample) => atMs / 1_000;
