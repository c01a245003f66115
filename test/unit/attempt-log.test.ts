import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  type AttemptLog,
  logAttempt,
  MAX_LOGGED_ANSWERS,
  MAX_LOGGED_ATTEMPTS,
  readAttemptLog,
  writeAttemptLog,
} from "../../src/domain/attempt-log.ts";
import type { Outcome } from "../../src/domain/outcome.ts";

const NOW = 1_795_342_530_000;
const OF = { seq: 7, attempt: 2, replay: null };

const answered = (status: number, snippet = "", latencyMs = 5): Outcome => ({
  kind: "answered",
  status,
  retryAfterMs: null,
  latencyMs,
  snippet,
});

describe("logAttempt", () => {
  it("notes what was tried, when it began, and what came of it", () => {
    expect(logAttempt([], OF, answered(422, "no such station", 40), NOW)).toEqual([
      {
        ...OF,
        atMs: NOW - 40,
        class: "refused",
        status: 422,
        error: null,
        latencyMs: 40,
        answer: "no such station",
      },
    ]);
  });

  it("notes why there was no answer", () => {
    const outcome: Outcome = {
      kind: "failed",
      error: "timeout",
      detail: "10 s",
      latencyMs: 10_000,
    };
    expect(logAttempt([], OF, outcome, NOW)).toMatchObject([
      { class: "trouble", status: null, error: "timeout", answer: "10 s" },
    ]);
  });

  it("gives every attempt a time of its own, in order, whatever the clock says", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 70 }), (drifts) => {
        let log: AttemptLog = [];
        for (const drift of drifts) log = logAttempt(log, OF, answered(200), NOW + drift);
        const timesMs = log.map(({ atMs }) => atMs);
        expect(timesMs).toEqual([...new Set(timesMs)].sort((a, b) => a - b));
      }),
    );
  });

  it.each([MAX_LOGGED_ATTEMPTS - 1, MAX_LOGGED_ATTEMPTS, MAX_LOGGED_ATTEMPTS + 1])(
    "of %i attempts keeps the newest fifty",
    (count) => {
      let log: AttemptLog = [];
      for (let seq = 1; seq <= count; seq += 1) {
        log = logAttempt(log, { ...OF, seq }, answered(200), NOW + seq);
      }
      expect(log).toHaveLength(Math.min(count, MAX_LOGGED_ATTEMPTS));
      expect(log.at(-1)?.seq).toBe(count);
    },
  );

  it.each([
    [15, 15],
    [16, 16],
    [17, 16],
  ])("of %i long answers keeps %i, and every attempt", (count, kept) => {
    const answer = "x".repeat(MAX_LOGGED_ANSWERS / 16);
    let log: AttemptLog = [];
    for (let i = 0; i < count; i += 1) log = logAttempt(log, OF, answered(500, answer), NOW + i);
    expect(log).toHaveLength(count);
    expect(log.filter((attempt) => attempt.answer === answer)).toHaveLength(kept);
    expect(log.slice(-kept).every((attempt) => attempt.answer === answer)).toBe(true);
    const bare = log
      .slice(0, -kept)
      .map((attempt) => [attempt.seq, attempt.status, attempt.answer]);
    expect(bare).toEqual(Array(count - kept).fill([OF.seq, 500, ""]));
  });
});

describe("writeAttemptLog", () => {
  it("leaves out what an attempt has not, in the order that stored logs have", () => {
    let log = logAttempt([], OF, answered(204), NOW);
    expect(writeAttemptLog(log)).toBe(`[[${NOW - 5},7,2,"delivered",204,5]]`);
    log = logAttempt([], OF, answered(422, "no"), NOW);
    expect(writeAttemptLog(log)).toBe(`[[${NOW - 5},7,2,"refused",422,5,"no"]]`);
    log = logAttempt([], { ...OF, replay: "rp_1" }, answered(204), NOW);
    expect(writeAttemptLog(log)).toBe(`[[${NOW - 5},7,2,"delivered",204,5,"","rp_1"]]`);
  });

  it("is read back as it was, whatever came of the attempts", () => {
    const failed = (error: "timeout" | "connection", detail: string): Outcome => ({
      kind: "failed",
      error,
      detail,
      latencyMs: 9,
    });
    let log: AttemptLog = [];
    log = logAttempt(log, OF, answered(204), NOW);
    log = logAttempt(log, { ...OF, replay: "rp_1" }, answered(200), NOW + 10);
    log = logAttempt(log, { ...OF, replay: "rp_1" }, answered(500, "no"), NOW + 20);
    log = logAttempt(log, OF, failed("timeout", "10 s"), NOW + 30);
    log = logAttempt(log, OF, failed("connection", ""), NOW + 40);
    log = logAttempt(log, OF, answered(422, 'a "quoted" \u0000 answer'), NOW + 50);
    expect(readAttemptLog(writeAttemptLog(log))).toEqual(log);
    expect(readAttemptLog("[]")).toEqual([]);
  });

  it("takes less than half a page for fifty deliveries", () => {
    let log: AttemptLog = [];
    for (let seq = 10_000; seq < 10_100; seq += 1) {
      log = logAttempt(log, { ...OF, seq, attempt: 1 }, answered(200, "", 12), NOW + seq * 100);
    }
    expect(writeAttemptLog(log).length).toBeLessThan(2_500);
  });
});
