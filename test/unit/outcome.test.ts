import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  classify,
  describeOutcome,
  type FailedOutcome,
  MAX_RETRY_AFTER_MS,
  type Outcome,
  type OutcomeClass,
  readRetryAfter,
  retryAfterMs,
} from "../../src/domain/outcome.ts";

const NOW = Date.UTC(2026, 10, 22, 10, 15, 30);

const answered = (status: number): Outcome => ({
  kind: "answered",
  status,
  retryAfterMs: null,
  latencyMs: 5,
  snippet: "",
});
const failed = (error: FailedOutcome["error"]): Outcome => ({
  kind: "failed",
  error,
  detail: "",
  latencyMs: 5,
});

const httpDate = (offsetMs: number) => new Date(NOW + offsetMs).toUTCString();

/** The table that consumers are promised, written out status by status. */
function promised(status: number): OutcomeClass {
  if ([401, 403, 404, 405, 407, 408, 425, 429].includes(status)) return "trouble";
  if (status === 410) return "gone";
  const family = Math.floor(status / 100);
  if (family === 2) return "delivered";
  return family === 4 ? "refused" : "trouble";
}

describe("classify", () => {
  it("sorts every status from 100 to 599 as promised", () => {
    const statuses = Array.from({ length: 500 }, (_, at) => at + 100);
    const wrong = statuses.filter((status) => classify(answered(status)) !== promised(status));
    expect(wrong).toEqual([]);
  });

  it("calls what is no status of HTTP trouble", () => {
    for (const status of [-1, 0, 1, 99, 600, 999, 1_000, Number.NaN]) {
      expect(classify(answered(status))).toBe("trouble");
    }
  });

  it.each([
    [199, "trouble"],
    [200, "delivered"],
    [299, "delivered"],
    [300, "trouble"],
    [304, "trouble"],
    [399, "trouble"],
    [400, "refused"],
    [401, "trouble"],
    [402, "refused"],
    [409, "refused"],
    [410, "gone"],
    [411, "refused"],
    [422, "refused"],
    [499, "refused"],
    [500, "trouble"],
    [599, "trouble"],
  ])("calls %i %s", (status, expected) => {
    expect(classify(answered(status))).toBe(expected);
  });

  it.each(["timeout", "connection", "refused_url", "token"] as const)(
    "calls a %s trouble",
    (error) => {
      expect(classify(failed(error))).toBe("trouble");
    },
  );
});

describe("readRetryAfter", () => {
  it.each([
    ["0", 0],
    ["1", 1000],
    ["120", 120_000],
    [" 5 ", 5000],
    ["007", 7000],
    ["3599", 3_599_000],
    ["3600", MAX_RETRY_AFTER_MS],
    ["3601", MAX_RETRY_AFTER_MS],
    ["9999999999", MAX_RETRY_AFTER_MS],
    ["99999999999", MAX_RETRY_AFTER_MS],
  ])("reads %s seconds, an hour at most", (header, ms) => {
    expect(readRetryAfter(header, NOW)).toBe(ms);
  });

  it.each([
    ["30 seconds ahead", 30_000, 30_000],
    ["an hour ahead", 3_600_000, MAX_RETRY_AFTER_MS],
    ["a day ahead", 86_400_000, MAX_RETRY_AFTER_MS],
    ["now", 0, 0],
    ["past", -1000, 0],
    ["long past", -30 * 365 * 86_400_000, 0],
  ])("reads a date that is %s", (_name, offsetMs, ms) => {
    expect(readRetryAfter(httpDate(offsetMs), NOW)).toBe(ms);
  });

  it("reads the older form of a date", () => {
    expect(readRetryAfter("Sunday, 22-Nov-26 10:16:30 GMT", NOW)).toBe(60_000);
  });

  it.each([null, "", " ", "soon", "120s", "1e3", "0x10", "NaN", "Infinity", "５"])(
    "reads nothing in %j",
    (header) => {
      expect(readRetryAfter(header, NOW)).toBeNull();
    },
  );

  it.each(["-5", "+5", "in 5", "1.5", "10, 20", "5 minutes 5", "maintenance 2030", "retry-5"])(
    "does not take %j for a date",
    (header) => {
      expect(readRetryAfter(header, NOW)).toBeNull();
    },
  );

  it("reads a date of the oldest form, without a comma", () => {
    expect(readRetryAfter("Sun Nov 22 10:16:30 2026 GMT", NOW)).toBe(60_000);
  });

  it("reads no date that stands behind something else", () => {
    expect(readRetryAfter(`after ${httpDate(60_000)}`, NOW)).toBeNull();
  });

  it("never throws and never answers more than an hour or less than nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.nat().map(String), fc.date().map(String)), (text) => {
        const ms = readRetryAfter(text, NOW);
        if (ms === null) return;
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(MAX_RETRY_AFTER_MS);
      }),
      { numRuns: 300 },
    );
  });

  it("asks for an hour of patience at most", () => {
    expect(MAX_RETRY_AFTER_MS).toBe(3_600_000);
  });
});

describe("describeOutcome", () => {
  it("says what a person wants to know first", () => {
    expect(describeOutcome(answered(503))).toBe("HTTP 503");
    expect(describeOutcome(failed("timeout"))).toBe("timeout");
  });
});

describe("retryAfterMs", () => {
  it("is what an answer has asked for, and nothing without one", () => {
    const asked: Outcome = {
      kind: "answered",
      status: 503,
      retryAfterMs: 5_000,
      latencyMs: 5,
      snippet: "",
    };
    expect(retryAfterMs(asked)).toBe(5_000);
    expect(retryAfterMs(answered(503))).toBeNull();
    expect(retryAfterMs(failed("timeout"))).toBeNull();
  });
});
