import { describe, expect, it } from "vitest";

import { billedOf, costOf, PRICES } from "../../src/domain/prices.ts";
import {
  addTotals,
  Count,
  daysBetween,
  newerTotals,
  shiftDay,
  totalOf,
  totalsSince,
  USAGE_COUNTS,
  usageOf,
  usagePeriod,
} from "../../src/domain/usage.ts";

const totals = (...some: number[]) => [...some, ...USAGE_COUNTS.slice(some.length).map(() => 0)];
const NOW_MS = Date.parse("2026-11-25T23:59:59.999Z");

describe("USAGE_COUNTS", () => {
  it("keeps its order, in which totals are stored", () => {
    expect(USAGE_COUNTS).toEqual([
      "accepted",
      "duplicates",
      "refused",
      "quarantined",
      "attempts",
      "delivered",
      "framesSent",
      "messagesReceived",
      "rowsWritten",
      "objectRequests",
    ]);
  });
});

describe("totals", () => {
  it("are read by name, and what an older version did not count is 0", () => {
    const usage = usageOf([1, 2, 3]);
    expect(Object.keys(usage)).toEqual([...USAGE_COUNTS]);
    expect(usage).toMatchObject({ accepted: 1, duplicates: 2, refused: 3, objectRequests: 0 });
  });

  it.each(USAGE_COUNTS)("count %s under its name", (name) => {
    expect(usageOf(totalOf(name, 7))).toEqual({ ...usageOf([]), [name]: 7 });
  });

  it("add up, also with those of older versions", () => {
    expect(addTotals([1, 2], [10, 20, 30])).toEqual(totals(11, 22, 30));
  });

  it("that were stored in two places are the larger of each", () => {
    expect(newerTotals([5, 1], [3, 2, 1])).toEqual(totals(5, 2, 1));
  });

  it("count what is more than before, and nothing of one that was set back", () => {
    expect(totalsSince([5, 1, 4], [3, 2])).toEqual(totals(2, 0, 4));
  });
});

describe("Count", () => {
  it.each(USAGE_COUNTS)("counts %s on from what there was", (name) => {
    const count = new Count(totalOf(name, 7));
    expect(count.totals).toEqual(totalOf(name, 7));
    count.add(name, 2);
    count.add(name, 1);
    expect(count.of(name)).toBe(10);
    expect(count.totals).toEqual(totalOf(name, 10));
  });

  it("begins at nothing, and gives away totals that it does not change", () => {
    const count = new Count();
    const before = count.totals;
    expect(before).toEqual(totals());
    count.add("accepted", 1);
    expect([before, count.totals]).toEqual([totals(), totals(1)]);
  });
});

describe("usagePeriod", () => {
  it.each([
    [{}, { from: "2026-10-27", to: "2026-11-25" }],
    [{ to: "2026-03-01" }, { from: "2026-01-31", to: "2026-03-01" }],
    [{ from: "2026-11-25" }, { from: "2026-11-25", to: "2026-11-25" }],
    [{ from: "2025-10-22" }, { from: "2025-10-22", to: "2026-11-25" }],
    [{ from: "2025-10-21" }, "expected at most 400 days"],
    [{ from: "2026-11-26" }, "expected a day before to, or the same"],
  ])("reads %j as %j", (query, period) => {
    expect(usagePeriod(query, NOW_MS)).toEqual(period);
  });

  it("is 400 days at most, both ends among them", () => {
    expect(daysBetween("2025-10-22", "2026-11-25")).toHaveLength(400);
    expect(daysBetween("2026-02-27", "2026-03-01")).toEqual([
      "2026-02-27",
      "2026-02-28",
      "2026-03-01",
    ]);
    expect(shiftDay("2026-01-01", -1)).toBe("2025-12-31");
  });
});

describe("costOf", () => {
  const usage = usageOf([600_000, 200_000, 150_000, 50_000, 500_000, 400_000, 9, 41, 2e6, 3e6]);

  it("counts every webhook as a request, and twenty messages as one", () => {
    expect(billedOf(usage)).toEqual({
      workerRequests: 1_000_000,
      workerCpuMs: 1_500_000,
      objectRequests: 3_000_003,
      rowsWritten: 2_000_000,
    });
  });

  it("is by list price, to a millionth of a dollar", () => {
    expect(costOf(usage)).toEqual({
      workerRequests: 0.3,
      workerCpuMs: 0.03,
      objectRequests: 0.45,
      rowsWritten: 2,
      total: 2.78,
    });
    expect(costOf(usageOf([1]))).toMatchObject({ workerRequests: 0, total: 0 });
    expect(costOf(usageOf([4]))).toMatchObject({ workerRequests: 0.000001 });
  });

  it("has a source and a date for every price", () => {
    for (const { usdPerMillion, asOf, source } of Object.values(PRICES)) {
      expect(usdPerMillion).toBeGreaterThan(0);
      expect(asOf).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(source).toMatch(/^https:\/\/developers\.cloudflare\.com\//);
    }
  });
});
