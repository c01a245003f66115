import { beforeAll, describe, expect, it } from "vitest";

import { type FaultReport, meetFaults } from "../destinations/fault-run.ts";
import { faultTable } from "../destinations/fault-table.ts";
import { FAULTS } from "../destinations/faults.ts";

let report: FaultReport;

beforeAll(async () => {
  const { signal } = new AbortController();
  report = await meetFaults({ stations: 5, events: 30, faultyMs: 0, seed: 1, signal });
  if (report.findings.length > 0) console.log(faultTable(report));
});

const resultOf = (name: string) => {
  const result = report.results.find(({ fault }) => fault.name === name);
  if (result === undefined) throw new Error(`there is no destination that ${name}`);
  return result;
};

describe("a destination", () => {
  it.each(FAULTS.map(({ name, reason }) => [name, reason] as const))(
    "that %s gets every event all the same, and the log says why not at once: %s",
    (name, reason) => {
      const { account, outcomes, deadLetters } = resultOf(name);
      expect(account).toMatchObject({ lost: 0, unexpected: 0, outOfOrder: 0, bodyMismatches: 0 });
      expect(account).toMatchObject({ received: account.expected, unannouncedGaps: 0 });
      expect([...outcomes.keys()]).toContain(reason);
      expect(deadLetters).toBe(0);
    },
  );

  it("that is well has everything while all others misbehave", () => {
    const { account, outcomes } = resultOf("is well all the time");
    expect(account.received).toBe(account.expected);
    expect([...outcomes.keys()]).toEqual([200]);
  });

  it("is behaved to as it has to be in every other respect", () => {
    expect(report.findings).toEqual([]);
  });
});
