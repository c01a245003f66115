import { beforeAll, describe, expect, it } from "vitest";

import { type CrashReport, crash } from "../crash/crash-run.ts";
import { crashTable } from "../crash/crash-table.ts";

/** `npm run test:crash -- --seed N` takes the one that is printed. */
const SEED = Date.now() % 1_000_000;
const KILLS = 3;

let report: CrashReport;

beforeAll(async () => {
  console.log(`crash test: seed ${SEED}`);
  const { signal } = new AbortController();
  report = await crash({ kills: KILLS, stations: 20, rate: 300, seed: SEED, signal });
  if (report.findings.length > 0) console.log(crashTable(report));
});

/** Nothing wrong; what a route got again it got under the same id, before anything newer. */
const inOrder = expect.objectContaining({
  lost: 0,
  unexpected: 0,
  duplicated: 0,
  outOfOrder: 0,
  unannouncedGaps: 0,
  bodyMismatches: 0,
});

describe("a relay that is killed while events come, again and again", () => {
  it("was killed with requests under way", () => {
    expect(report.kills).toBe(KILLS + 1);
    expect(report.sending.statuses.connection).toBeGreaterThan(0);
  });

  it("loses, doubles and reorders nothing that it acknowledged, at any place", () => {
    const { acknowledged, unacknowledged } = report.sending;
    expect(acknowledged).toBeGreaterThan(0);
    expect(unacknowledged).toBe(0);
    expect(report.accounts).toHaveLength(8);
    for (const account of report.accounts) {
      expect(account).toEqual(inOrder);
      expect(account.received).toBe(account.expected);
      expect(account.badSignatures ?? 0).toBe(0);
    }
  });

  it("delivers what it owed at the last kill without any new event", () => {
    expect(Math.min(...report.last.owed)).toBeGreaterThan(0);
    expect(report.last.left).toEqual([0, 0, 0]);
  });

  it("finds nothing else to report", () => {
    expect(report.findings).toEqual([]);
  });
});
