import type { Standing } from "../../live/standing.ts";
import type { Tone } from "../../ui/badge.tsx";

export const TONES: Readonly<Record<Standing, Tone>> = {
  faulted: "bad",
  offline: "warn",
  charging: "busy",
  occupied: "info",
  available: "good",
  unavailable: "off",
  unknown: "off",
};

/** `2 charging, 1 available`: what each of several is, the most frequent first. */
export function countWords(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([word, count]) => `${count} ${word}`)
    .join(", ");
}
