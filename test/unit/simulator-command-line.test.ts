import { describe, expect, it } from "vitest";
import { parseCommandLine } from "../../cli/simulator/command-line.ts";
import { createPacing } from "../../cli/simulator/pacing.ts";
import { Percentiles } from "../../cli/simulator/percentiles.ts";
import { createReporter } from "../../cli/simulator/report.ts";
import { summarise } from "../../cli/simulator/summary.ts";
import { Tally } from "../../cli/simulator/tally.ts";

describe("parseCommandLine", () => {
  it("has a default for everything", () => {
    const command = parseCommandLine([]);
    expect(command).toMatchObject({ url: null, secret: null, recordFile: null, isQuiet: false });
    expect(command?.settings).toMatchObject({ stations: 12, speed: 60, durationMs: 60_000 });
  });

  it("takes every option", () => {
    const text = `--url http://127.0.0.1:8787/ingest/s --secret x --scheme body --unit s --stations 5
      --speed max --rate 10 --duration 2 --count 7 --seed 9 --start 2026-01-01 --duplicates 1
      --reorder 2 --bad-signatures 3 --storm --concurrency 4 --drain 5 --record f --quiet`;
    expect(parseCommandLine(text.split(/\s+/))).toEqual({
      ...{ url: "http://127.0.0.1:8787/ingest/s", secret: "x", recordFile: "f", isQuiet: true },
      settings: {
        ...{ scheme: "body", unit: "s", stations: 5, speed: Number.POSITIVE_INFINITY, rate: 10 },
        ...{ durationMs: 2_000, count: 7, seed: 9, startMs: Date.UTC(2026, 0), storm: true },
        ...{ duplicates: 1, reorder: 2, badSignatures: 3, concurrency: 4, drainMs: 5_000 },
        ...{ abortedDrainMs: 5_000 },
        ...{ backoffFactor: 1, timeoutMs: 30_000 },
      },
    });
  });

  it("runs without a time limit when only a count is given", () => {
    expect(parseCommandLine(["--count", "5"])?.settings.durationMs).toBeNull();
  });

  it("asks for the help text", () => {
    expect(parseCommandLine(["--help"])).toBeNull();
  });

  it.each([
    ["--stations", "0"],
    ["--stations", "1.5"],
    ["--speed", "fast"],
    ["--rate", ""],
    ["--duplicates", "101"],
    ["--scheme", "v1"],
    ["--unit", "us"],
    ["--url", "ftp://example.com"],
    ["--start", "soon"],
    ["--colour", "red"],
  ])("refuses %s %s and names the option", (name, value) => {
    expect(() => parseCommandLine([name, value])).toThrow(name);
  });
});

describe("Percentiles", () => {
  it("are right to within two percent", () => {
    const percentiles = new Percentiles();
    for (let sample = 1; sample <= 10_000; sample++) percentiles.add(sample / 10);
    for (const share of [0.01, 0.5, 0.95, 0.99, 0.999]) {
      expect(Math.abs(percentiles.at(share) / (share * 1_000) - 1)).toBeLessThan(0.021);
    }
    expect(percentiles.at(1)).toBe(1_000);
    expect(percentiles.max).toBe(1_000);
  });

  it("are zero without samples, and take a sample of zero", () => {
    const percentiles = new Percentiles();
    expect(percentiles.at(0.5)).toBe(0);
    percentiles.add(0);
    expect(percentiles.at(0.5)).toBe(0);
  });
});

describe("createPacing", () => {
  const base = { speed: 60, rate: null, startMs: null };
  const nowMs = () => 5_000;

  it("compresses time", () => {
    expect(createPacing(base, nowMs).dueMs(3, 120_000)).toBe(2_000);
  });

  it("spaces events evenly when a rate is given", () => {
    expect(createPacing({ ...base, rate: 50 }, nowMs).dueMs(3, 120_000)).toBe(60);
  });

  it("dates events by virtual time from a fixed start", () => {
    expect(createPacing({ ...base, startMs: 1_000 }, nowMs).dateAt(120_000)).toBe(121_000);
  });

  it("dates events at the time of sending without one, so that none is from the future", () => {
    expect(createPacing(base, nowMs).dateAt(120_000)).toBe(7_000);
    expect(createPacing({ ...base, rate: 50 }, nowMs).dateAt(120_000)).toBe(5_000);
  });
});

describe("createReporter", () => {
  const progress = summarise(new Tally(), { startedAtMs: 0, elapsedMs: 10, inFlight: 0 });
  const report = { ...progress, unacknowledged: 3, interrupted: false };

  it("says what was never acknowledged", () => {
    expect(createReporter(false).summary(report)).toContain("3 were never acknowledged");
  });

  it("uses colours only when told to", () => {
    expect(createReporter(false).summary(report)).not.toContain("\x1b");
    expect(createReporter(true).summary(report)).toContain("\x1b[31m");
  });
});
