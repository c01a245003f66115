import { UsageError } from "../simulator/command-line.ts";

/** What is typed after a command and its options, read. All throw a {@link UsageError}. */

/** `a,b,c`. */
export function readList(text: string): string[] {
  const items = text.split(",").map((item) => item.trim());
  if (items.includes("")) throw new UsageError(`expected names with commas between, not "${text}"`);
  return items;
}

export function readCount(text: string): number {
  const count = Number(text);
  if (/^\d{1,9}$/.test(text) && count >= 1) return count;
  throw new UsageError(`expected a whole number from 1 on, not "${text}"`);
}

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `15m`, `2h`, `7d`, in milliseconds. */
export function readDuration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (unit === "s" || unit === "m" || unit === "h" || unit === "d") {
    return Number(count) * UNITS_MS[unit];
  }
  throw new UsageError(`expected a time such as 90s, 15m, 2h or 7d, not "${text}"`);
}

/** A date in ISO 8601, or how long ago: `2h`. In ISO 8601. */
export function readTime(text: string, nowMs: number): string {
  if (/^\d{1,6}[smhd]$/.test(text)) return new Date(nowMs - readDuration(text)).toISOString();
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw new UsageError(
    `expected a date such as 2026-01-31T12:00:00Z or a time ago such as 2h, not "${text}"`,
  );
}

export function readHttpUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`expected an http or https URL, not "${text}"`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError("the URL may not carry a user or a password");
  }
  return url.href.replace(/\/+$/, "");
}
