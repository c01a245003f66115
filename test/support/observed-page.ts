import { expect } from "vitest";
import * as z from "zod";

import type { TestPage } from "./browser.ts";

const Observed = z.object({
  items: z.array(z.string()),
  statuses: z.array(
    z.looseObject({
      state: z.string(),
      reason: z.string().optional(),
      retryAtMs: z.number().nullable().optional(),
      behind: z.int().nullable().optional(),
      atMs: z.number(),
    }),
  ),
  errors: z.array(z.string()),
  tokenCount: z.int(),
});
export type Observed = z.infer<typeof Observed>;

const PATIENCE = { timeout: 45_000 };

/** A tab with test/browser/observer.html in it: a subscription, and all that it tells. */
export class ObservedPage {
  readonly tab: TestPage;

  constructor(tab: TestPage) {
    this.tab = tab;
  }

  async observed(): Promise<Observed> {
    return Observed.parse(await this.tab.evaluate("observed"));
  }

  async items(): Promise<readonly string[]> {
    return (await this.observed()).items;
  }

  /** What a person would see of the connection. */
  async shows(state: string): Promise<void> {
    await expect.poll(() => this.tab.text("#status"), PATIENCE).toBe(state);
  }

  /** Waits for these events, then holds that they came once, in order, and nothing else did. */
  async hasEvents(seqsByStation: Readonly<Record<string, readonly number[]>>): Promise<void> {
    const count = Object.values(seqsByStation).flat().length;
    await expect
      .poll(async () => (await this.items()).length, PATIENCE)
      .toBeGreaterThanOrEqual(count);
    expect(byStation(await this.items())).toEqual(seqsByStation);
  }
}

/** The seqs of each station, in the order in which they came; other items under their own name. */
export function byStation(items: readonly string[]): Record<string, number[]> {
  const seqs: Record<string, number[]> = {};
  for (const item of items) {
    const [station = "", seq] = item.split("#");
    seqs[station] = [...(seqs[station] ?? []), Number(seq)];
  }
  return seqs;
}

/** The events that do not continue what came before them: the one before, or a snapshot. */
export function unannounced(items: readonly string[]): string[] {
  const last = new Map<string, number>();
  return items.filter((item) => {
    const isSnapshot = item.startsWith("snapshot:");
    const places = isSnapshot ? item.slice("snapshot:".length).split(",") : [item];
    return places.some((place) => {
      const [station = "", seq] = place.split("#");
      const isNext = Number(seq) === (last.get(station) ?? 0) + 1;
      if (seq !== undefined) last.set(station, Number(seq));
      return seq !== undefined && !isSnapshot && !isNext;
    });
  });
}
