/** Which days are shown; all of UTC, both ends among them. */
export type Period = "month" | "30" | "custom";

export const PERIODS: readonly (readonly [Period, string])[] = [
  ["month", "This month"],
  ["30", "Last 30 days"],
  ["custom", "From … to"],
];

const DAY_MS = 86_400_000;

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export interface Days {
  readonly period: Period;
  readonly from: string;
  readonly to: string;
}

/** What the address asks for; the last 30 days where it says nothing that can be read. */
export function daysOf(query: URLSearchParams, nowMs: number): Days {
  const today = dayOf(nowMs);
  const monthAgo = dayOf(nowMs - 29 * DAY_MS);
  switch (query.get("period")) {
    case "month":
      return { period: "month", from: `${today.slice(0, 7)}-01`, to: today };
    case "custom":
      return {
        period: "custom",
        from: dayIn(query.get("from")) ?? monthAgo,
        to: dayIn(query.get("to")) ?? today,
      };
    default:
      return { period: "30", from: monthAgo, to: today };
  }
}

function dayIn(text: string | null): string | null {
  return text !== null && /^\d{4}-\d\d-\d\d$/.test(text) ? text : null;
}
