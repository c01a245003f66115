import { describe, expect, it } from "vitest";

import { RELAY_SOURCE, type StationEvent } from "../../src/domain/event.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import {
  afterReplayAttempt,
  attemptsAt,
  compileSelection,
  nextAttemptMs,
  REPLAY_SCHEDULE_SECONDS,
  type ReplayProgress,
} from "../../src/domain/replay.ts";

const NOW = 1_000_000;
const MIDDLE = 0.5;

const answered = (status: number, retryAfterMs: number | null = null): Outcome => ({
  kind: "answered",
  status,
  retryAfterMs,
  latencyMs: 1,
  snippet: "",
});
const timeout: Outcome = { kind: "failed", error: "timeout", detail: "", latencyMs: 1 };
const progress = (overrides: Partial<ReplayProgress> = {}): ReplayProgress => ({
  afterSeq: 4,
  attempts: 0,
  refusals: 0,
  notBeforeMs: null,
  ...overrides,
});
const attempt = (from: Partial<ReplayProgress>, outcome: Outcome, seq = 5, random = MIDDLE) =>
  afterReplayAttempt(progress(from), seq, outcome, NOW, random);

describe("afterReplayAttempt", () => {
  it("goes past an event that was delivered, whatever was tried before", () => {
    const tried = { attempts: 3, refusals: 1, notBeforeMs: NOW - 1 };
    expect(attempt(tried, answered(204))).toEqual({
      kind: "delivered",
      progress: progress({ afterSeq: 5 }),
    });
  });

  it.each([0, 1, 2, 3, 4])(
    "waits by the schedule after %i failures before this one",
    (attempts) => {
      const seconds = REPLAY_SCHEDULE_SECONDS[attempts] ?? 0;
      expect(attempt({ attempts }, timeout)).toEqual({
        kind: "wait",
        progress: progress({ attempts: attempts + 1, notBeforeMs: NOW + seconds * 1_000 }),
      });
    },
  );

  it("fails an event that has used up the schedule, and goes past it", () => {
    expect(attempt({ attempts: 5 }, answered(503))).toEqual({
      kind: "failed",
      progress: progress({ afterSeq: 5 }),
    });
  });

  it("spreads its waits by a fifth either way", () => {
    expect(attempt({}, timeout, 5, 0).progress.notBeforeMs).toBe(NOW + 800);
    expect(attempt({}, timeout, 5, 0.999_999).progress.notBeforeMs).toBe(NOW + 1_200);
  });

  it("waits as long as the destination asks, when that is longer", () => {
    expect(attempt({}, answered(429, 60_000)).progress.notBeforeMs).toBe(NOW + 60_000);
    expect(attempt({}, answered(429, 10)).progress.notBeforeMs).toBe(NOW + 1_000);
  });

  it("gives a refused event one more try a second later, then fails it", () => {
    const once = attempt({}, answered(422));
    expect(once).toEqual({
      kind: "wait",
      progress: progress({ attempts: 1, refusals: 1, notBeforeMs: NOW + 1_000 }),
    });
    expect(attempt(once.progress, answered(422))).toEqual({
      kind: "failed",
      progress: progress({ afterSeq: 5 }),
    });
  });

  it("counts a refusal not as trouble, nor the other way round", () => {
    const refused = attempt({ attempts: 2 }, answered(422)).progress;
    expect(attempt(refused, timeout).progress.notBeforeMs).toBe(NOW + 30_000);
    expect(attempt(refused, timeout).progress).toMatchObject({ attempts: 4, refusals: 1 });
  });

  it("uses nothing up when the destination is gone", () => {
    expect(attempt({ attempts: 2, notBeforeMs: NOW }, answered(410))).toEqual({
      kind: "gone",
      progress: progress({ attempts: 2 }),
    });
  });

  it("does not hold an earlier event's tries against a later one", () => {
    expect(attempt({ attempts: 5, refusals: 1 }, timeout, 9)).toEqual({
      kind: "wait",
      progress: progress({ afterSeq: 8, attempts: 1, notBeforeMs: NOW + 1_000 }),
    });
  });
});

describe("attemptsAt", () => {
  it.each([
    [5, 2],
    [6, 0],
  ])("says of event %i that it was tried %i times", (seq, attempts) => {
    expect(attemptsAt({ afterSeq: 4, attempts: 2 }, seq)).toBe(attempts);
  });
});

describe("compileSelection", () => {
  const event = (overrides: Partial<StationEvent> = {}): StationEvent => ({
    id: "e",
    type: "session.updated",
    source: "src_1",
    station: "cs1",
    seq: 1,
    late: false,
    occurredAtMs: 1,
    receivedAtMs: 150,
    body: '{"data":{"status":"Started"}}',
    ...overrides,
  });
  const all = { routeId: "rt_1", filter: {}, types: null, fromMs: 100, toMs: 200 };

  it.each([
    [99, false],
    [100, true],
    [199, true],
    [200, false],
  ])("looks at the time an event was received: %i is %s", (receivedAtMs, selected) => {
    expect(compileSelection(all)(event({ receivedAtMs }))).toBe(selected);
  });

  it.each([
    ["rt_1", RELAY_SOURCE, false],
    ["rt_2", RELAY_SOURCE, true],
    ["rt_1", "src_1", true],
  ])(
    "leaves out what the relay itself says of the route: %s from %s is %s",
    (about, source, selected) => {
      const body = JSON.stringify({ data: { route: about } });
      const notice = event({ type: "relay.route.failing", source, body });
      expect(compileSelection(all)(notice)).toBe(selected);
    },
  );

  it.each([
    [{ types: ["session.*"] }, null, true],
    [{ types: ["rate.*"] }, null, false],
    [{}, ["session.*"], true],
    [{}, ["rate.*"], false],
    [{ types: ["session.*"] }, ["rate.*", "*.updated"], true],
    [{ types: ["session.*"] }, ["rate.*"], false],
    [{ stations: ["cs2"] }, ["session.*"], false],
    [{ match: { "data.status": "Started" } }, null, true],
    [{ match: { "data.status": "Ended" } }, null, false],
  ])("needs both the route's filter %j and the types %j", (filter, types, selected) => {
    expect(compileSelection({ ...all, filter, types })(event())).toBe(selected);
  });
});

describe("nextAttemptMs", () => {
  it("lets the first go at once and the others follow 20 ms apart", () => {
    const first = nextAttemptMs(0, NOW);
    const second = nextAttemptMs(first, NOW);
    expect([first, second, nextAttemptMs(second, NOW)]).toEqual([NOW, NOW + 20, NOW + 40]);
    expect(nextAttemptMs(second, NOW + 100)).toBe(NOW + 100);
  });
});
