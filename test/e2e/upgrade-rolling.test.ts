import { beforeAll, describe, expect, it } from "vitest";

import { buildRelay } from "../../bench/relay-server.ts";
import { accountsTable } from "../../cli/relay/reconciliation-table.ts";
import { VERSION } from "../../src/version.ts";
import { LAST_RELEASE, readWorker } from "../upgrade/releases.ts";
import { type RollingOptions, roll } from "../upgrade/rolling-run.ts";
import { rpcSurface } from "../upgrade/rpc-surface.ts";

/** `npm run test:upgrade -- --seed N` takes the one that is printed. */
const SEED = Date.now() % 1_000_000;
const LOAD = { stations: 15, rate: 250, stepMs: 800 };
/** What objects of the last release cannot be asked: the new version has to do without. */
const ADDED: readonly string[] = [];

/** So that of any two classes that call each other each is once the newer one. */
const ORDERS: readonly (Pick<RollingOptions, "order" | "isTakenBack"> & { first: string })[] = [
  { first: "stations", order: [["StationObject"], ["FeedObject"]], isTakenBack: false },
  {
    first: "the tenant",
    order: [["TenantObject", "RegistryObject", "GateObject"], ["FeedObject"]],
    isTakenBack: true,
  },
];

let code = "";
beforeAll(() => {
  console.log(`rolling upgrade: seed ${SEED}`);
  code = buildRelay().code;
});

describe("a new version beside the last release", () => {
  it("can be asked whatever that asks, and asks that nothing else", async () => {
    const before = await rpcSurface(readWorker(LAST_RELEASE));
    const after = await rpcSurface(code);
    expect(Object.keys(before).length).toBeGreaterThan(50);
    for (const [method, parameters] of Object.entries(before)) {
      expect(after[method], method).toBeDefined();
      expect(after[method], method).toBeLessThanOrEqual(parameters);
    }
    expect(Object.keys(after).filter((method) => before[method] === undefined)).toEqual(ADDED);
  });

  it.each(ORDERS)(
    "loses, doubles and reorders nothing under load when it has $first first",
    async ({ order, isTakenBack }) => {
      const { signal } = new AbortController();
      const report = await roll({ code, order, isTakenBack, signal, seed: SEED, ...LOAD });
      if (report.findings.length > 0) console.log(accountsTable(report.accounts).join("\n"));
      expect(report.findings).toEqual([]);
      expect(report.answered.slice(0, 3)).toEqual(
        Array.from({ length: 3 }, () => [LAST_RELEASE, VERSION]),
      );
      expect(report.sending.acknowledged).toBeGreaterThan(0);
      expect(report.accounts).toHaveLength(8);
      for (const account of report.accounts) expect(account.received).toBe(account.expected);
    },
  );
});
