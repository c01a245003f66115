import { DEFAULT_SCHEDULE_SECONDS } from "../../../../src/domain/retry.ts";
import { duration } from "../../../ui/time.tsx";

const SECONDS_OF: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["s", 1],
  ["min", 60],
  ["m", 60],
  ["h", 3_600],
  ["d", 86_400],
]);
const WAIT = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/;
const MAX_WAIT_SECONDS = 7 * 86_400;
const MAX_WAITS = 30;

export const DEFAULT_SCHEDULE = writeSchedule(DEFAULT_SCHEDULE_SECONDS);

/** `1 s, 5 s, 2 min`, without loss. */
export function writeSchedule(waits: readonly number[]): string {
  return waits.map(writeWait).join(", ");
}

function writeWait(seconds: number): string {
  if (seconds === 0) return "0 s";
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`;
  if (seconds % 60 === 0) return `${seconds / 60} min`;
  return `${seconds} s`;
}

export type ReadSchedule =
  | { readonly ok: true; readonly waits: readonly number[] }
  | { readonly ok: false; readonly message: string };

/** The waits in seconds, of durations between commas; an empty text is a single try. */
export function readSchedule(text: string): ReadSchedule {
  const parts = text.split(",").map((part) => part.trim().toLowerCase());
  const given = parts.length === 1 && parts[0] === "" ? [] : parts;
  if (given.length > MAX_WAITS) return refuse(`at most ${MAX_WAITS} waits`);
  const waits: number[] = [];
  for (const part of given) {
    const [, number = "", unit = ""] = WAIT.exec(part) ?? [];
    const factor = SECONDS_OF.get(unit);
    if (number === "" || factor === undefined) {
      return refuse(`"${part}" is no duration: expected something like 30 s, 5 min or 2 h`);
    }
    const seconds = Number(number) * factor;
    if (seconds > MAX_WAIT_SECONDS) return refuse(`${part} is longer than 7 d`);
    waits.push(seconds);
  }
  return { ok: true, waits };
}

/** `11 tries within about 28 h.`. */
export function describeSchedule(waits: readonly number[]): string {
  if (waits.length === 0) return "A single try.";
  const total = waits.reduce((sum, seconds) => sum + seconds, 0);
  return `${waits.length + 1} tries within about ${roughly(total)}.`;
}

/** Two days are a number of hours to whoever waits for them. */
function roughly(seconds: number): string {
  if (seconds < 3_600 || seconds > 3 * 86_400) return duration(seconds);
  return `${Math.round(seconds / 3_600)} h`;
}

function refuse(message: string): ReadSchedule {
  return { ok: false, message };
}
