import type { Measured } from "./contender.ts";

/** One of those that take turns. */
export interface Entry {
  readonly name: string;
  readonly turn: () => Promise<Measured>;
}

export interface Turns {
  readonly name: string;
  readonly measured: readonly Measured[];
}

/** In turns: A B C, A B C …, so that what slows the machine slows all of them. */
export async function takeTurns(
  entries: readonly Entry[],
  rounds: number,
  onTurn: () => void,
): Promise<readonly Turns[]> {
  const turns = entries.map(({ name }) => ({ name, measured: [] as Measured[] }));
  // Once more than is counted: what is cold is not what is compared.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, entry] of entries.entries()) {
      const one = await entry.turn();
      if (round > 0) turns[index]?.measured.push(one);
      onTurn();
    }
  }
  return turns;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/** Round by round, so that both had the same machine. */
export function ratios(values: readonly number[], to: readonly number[]): number[] {
  return values.map((value, round) => value / (to[round] ?? Number.NaN));
}
