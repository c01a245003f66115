import { parseArgs } from "node:util";
import { DEFAULT_SETTINGS, type SimulatorSettings } from "./settings.ts";

export interface SimulateCommand {
  readonly settings: SimulatorSettings;
  readonly url: string | null;
  readonly secret: string | null;
  readonly recordFile: string | null;
  readonly isQuiet: boolean;
}

/** What the caller typed cannot be done as typed. */
export class UsageError extends Error {}

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean", default: false } as const;
const DEFAULT_DURATION_SECONDS = 60;

export const HELP = `Plays eDRV: a fleet of chargestations and its webhook sender.

npm run simulate -- [options]

  --url URL             the full ingest URL     (default: from .chargewire/demo.json)
  --secret TEXT         the signing secret      (default: from .chargewire/demo.json)
  --scheme NAME         timestamped (default), body or legacy
  --unit ms|s           unit of t in the signature (default ms)

  --stations N          (default ${DEFAULT_SETTINGS.stations})
  --speed X             virtual seconds per second, or "max" (default ${DEFAULT_SETTINGS.speed})
  --rate N              events per second, whatever the speed
  --duration SECONDS    (default ${DEFAULT_DURATION_SECONDS}, without limit when --count is given)
  --count N             stop after N events
  --seed N              same seed, same fleet (default ${DEFAULT_SETTINGS.seed})
  --start TIME          ISO date of virtual time zero: with it, all bodies are the same in every
                        run; without it, events carry the time at which they are sent

  --duplicates PERCENT  send events a second time
  --reorder PERCENT     send events without a promised order late
  --bad-signatures PERCENT  add requests with a wrong signature
  --storm               at half time every station drops its connection and comes back
  --concurrency N       requests at once (default ${DEFAULT_SETTINGS.concurrency})
  --drain SECONDS       keep retrying at the end (default ${DEFAULT_SETTINGS.drainMs / 1000})

  --record FILE         write a line of JSON for each acknowledged event
  --quiet               say nothing unless something went wrong
  --help

Exit code: 0 when all was acknowledged, 1 when not, 2 for a wrong option.
Fleets that run side by side need different seeds.`;

/** Null asks for the help text. Throws a {@link UsageError} that says what to change. */
export function parseCommandLine(args: readonly string[]): SimulateCommand | null {
  const values = readValues(args);
  if (values.help) return null;
  return {
    settings: readSettings(values),
    url: values.url === undefined ? null : readUrl(values.url),
    secret: values.secret ?? null,
    recordFile: values.record ?? null,
    isQuiet: values.quiet,
  };
}

type Values = ReturnType<typeof readValues>;

function readValues(args: readonly string[]) {
  const options = {
    ...{ url: TEXT, secret: TEXT, scheme: TEXT, unit: TEXT, record: TEXT, start: TEXT },
    ...{ stations: TEXT, speed: TEXT, rate: TEXT, duration: TEXT, count: TEXT, seed: TEXT },
    ...{ duplicates: TEXT, reorder: TEXT, "bad-signatures": TEXT },
    ...{ concurrency: TEXT, drain: TEXT, storm: FLAG, quiet: FLAG, help: FLAG },
  };
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readSettings(values: Values): SimulatorSettings {
  const { scheme, unit, stations, speed, rate, duration, count, seed, start } = values;
  const base = DEFAULT_SETTINGS;
  const isEndless = duration === undefined && count !== undefined;
  const seconds = readNumber("duration", duration, DEFAULT_DURATION_SECONDS, 0.1, 1e7);
  const drainSeconds = readNumber("drain", values.drain, base.drainMs / 1000, 0, 1e6);
  return {
    ...base,
    scheme: readChoice("scheme", scheme, ["timestamped", "body", "legacy"]) ?? base.scheme,
    unit: readChoice("unit", unit, ["ms", "s"]) ?? base.unit,
    stations: readWhole("stations", stations, base.stations, 1, 100_000),
    speed: speed === "max" ? Infinity : readNumber("speed", speed, base.speed, 0.001, 1e6),
    rate: rate === undefined ? null : readNumber("rate", rate, 0, 0.01, 1e6),
    durationMs: isEndless ? null : seconds * 1000,
    count: count === undefined ? null : readWhole("count", count, 0, 1, 1e9),
    seed: readWhole("seed", seed, base.seed, 0, 0xffffffff),
    startMs: start === undefined ? null : readDate(start),
    duplicates: readNumber("duplicates", values.duplicates, base.duplicates, 0, 100),
    reorder: readNumber("reorder", values.reorder, base.reorder, 0, 100),
    badSignatures: readNumber("bad-signatures", values["bad-signatures"], 0, 0, 100),
    storm: values.storm,
    concurrency: readWhole("concurrency", values.concurrency, base.concurrency, 1, 1_000),
    drainMs: drainSeconds * 1000,
  };
}

function readNumber(
  name: string,
  text: string | undefined,
  fallback: number,
  low: number,
  high: number,
): number {
  if (text === undefined) return fallback;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= low && value <= high) return value;
  throw new UsageError(`--${name} is a number from ${low} to ${high}, not "${text}"`);
}

function readWhole(
  name: string,
  text: string | undefined,
  fallback: number,
  low: number,
  high: number,
): number {
  const value = readNumber(name, text, fallback, low, high);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`--${name} is a whole number, not "${text}"`);
}

function readChoice<T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  const choice = choices.find((candidate) => candidate === text);
  if (text === undefined || choice !== undefined) return choice;
  throw new UsageError(`--${name} is ${choices.join(" or ")}, not "${text}"`);
}

function readDate(text: string): number {
  const dateMs = Date.parse(text);
  if (dateMs >= 0 && dateMs < 0xffffffff * 1000) return dateMs;
  throw new UsageError(`--start is a date such as 2026-01-31T12:00:00Z, not "${text}"`);
}

function readUrl(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw new UsageError(`--url is an http or https URL, not "${text}"`);
}
