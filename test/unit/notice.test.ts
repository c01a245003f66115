import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { RELAY_SOURCE, type StationEvent } from "../../src/domain/event.ts";
import {
  dataOf,
  dueMs,
  endSending,
  keyOf,
  NOTHING_TOLD,
  NOTICE_EVERY_MS,
  type Notice,
  type NoticeProgress,
  noticeBody,
  noticeId,
  routeOfNotice,
  startSending,
  withOccurrences,
} from "../../src/domain/notice.ts";

const T = Date.UTC(2026, 10, 22, 10, 15);
const parked: Notice = {
  type: "relay.lane.parked",
  route: "rt_1",
  station: "cs1",
  data: { event: "e1", attempts: 3 },
};
const refusing: Notice = {
  type: "relay.source.refusing",
  source: "src_1",
  count: 7,
  data: { reasons: { signature_mismatch: 7 } },
};

const bodyOf = (notice: Notice, key = keyOf(notice)) =>
  noticeBody({
    id: "652e0000aaaaaaaaaaaaaaaa",
    type: notice.type,
    data: dataOf(notice, key),
    count: notice.count ?? 1,
    atMs: T,
    createdAtMs: T + 50,
  });

describe("noticeBody", () => {
  it("has the shape of a webhook, with the ids of what it is about and the count", () => {
    expect(JSON.parse(bodyOf(parked))).toEqual({
      _id: "652e0000aaaaaaaaaaaaaaaa",
      type: "relay.lane.parked",
      object: "lane",
      data: {
        route: "rt_1",
        station: "cs1",
        event: "e1",
        attempts: 3,
        count: 1,
        at: "2026-11-22T10:15:00.000Z",
      },
      createdAt: "2026-11-22T10:15:00.050Z",
    });
    expect(JSON.parse(bodyOf(refusing))).toMatchObject({
      object: "source",
      data: { source: "src_1", reasons: { signature_mismatch: 7 }, count: 7 },
    });
  });

  it("names no station when it tells of all lanes of a route", () => {
    const { data } = JSON.parse(bodyOf(parked, { ...keyOf(parked), station: "" }));
    expect(data).not.toHaveProperty("station");
    expect(data).toMatchObject({ route: "rt_1" });
  });
});

describe("noticeId", () => {
  it("is an ObjectId of its second", () => {
    expect(noticeId(T + 999, Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 255]))).toBe(
      `${(T / 1000).toString(16)}01020304050607ff`,
    );
  });
});

describe("routeOfNotice", () => {
  const event = (source: string, body: string): StationEvent => ({
    id: "e1",
    type: "relay.route.failing",
    source,
    station: "_account",
    seq: 1,
    late: false,
    occurredAtMs: T,
    receivedAtMs: T,
    body,
  });

  it.each([
    ["the route that one of the relay's own is about", RELAY_SOURCE, bodyOf(parked), "rt_1"],
    ["none for one about a source", RELAY_SOURCE, bodyOf(refusing), null],
    ["none for a webhook that looks like it", "src_1", bodyOf(parked), null],
    ["none for a body without data", RELAY_SOURCE, "{}", null],
    ["none for a body that is no object", RELAY_SOURCE, "null", null],
  ])("is %s", (_name, source, body, route) => {
    expect(routeOfNotice(event(source, body))).toBe(route);
  });
});

describe("dueMs", () => {
  const told = { ...NOTHING_TOLD, sentMs: T };

  it.each<[string, NoticeProgress, number | null]>([
    ["never while there is nothing to tell", NOTHING_TOLD, null],
    ["at once for the first", withOccurrences(NOTHING_TOLD, 1), 0],
    ["never after all is told", told, null],
    ["ten minutes after the last one", withOccurrences(told, 1), T + 600_000],
    ["at once for one under way", startSending(withOccurrences(told, 1), "e1", T), 0],
  ])("is %s", (_name, standing, expected) => {
    expect(dueMs(standing)).toBe(expected);
  });
});

describe("a notice", () => {
  const Step = fc.oneof(
    fc.record({ kind: fc.constant("occur" as const), count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 700_000 }) }),
    /** The answer may get lost with the event or after it, and more may happen meanwhile. */
    fc.record({
      kind: fc.constant("send" as const),
      arrives: fc.boolean(),
      answered: fc.boolean(),
      meanwhile: fc.integer({ min: 0, max: 2 }),
    }),
  );

  it("tells of each occurrence once, at most every ten minutes, whatever is lost on the way", () => {
    fc.assert(
      fc.property(fc.array(Step, { maxLength: 60 }), (steps) => {
        const taken = new Map<string, { count: number; atMs: number }>();
        let standing = NOTHING_TOLD;
        let occurred = 0;
        let nowMs = T;
        const occur = (count: number) => {
          standing = withOccurrences(standing, count);
          occurred += count;
        };
        const send = (arrives: boolean, answered: boolean, meanwhile: number) => {
          const due = dueMs(standing);
          if (due === null || due > nowMs) return;
          const sending = startSending(standing, `e${taken.size} ${nowMs}`, nowMs);
          standing = sending;
          const { sendingId, sendingCount } = sending;
          if (arrives && !taken.has(sendingId)) {
            taken.set(sendingId, { count: sendingCount, atMs: nowMs });
          }
          if (meanwhile > 0) occur(meanwhile);
          if (arrives && answered) standing = endSending(standing, nowMs);
        };
        for (const step of steps) {
          if (step.kind === "occur") occur(step.count);
          else if (step.kind === "wait") nowMs += step.ms;
          else send(step.arrives, step.answered, step.meanwhile);
        }
        // What is under way, and what was held back behind it.
        for (let i = 0; i < 2; i += 1) {
          nowMs += NOTICE_EVERY_MS;
          send(true, true, 0);
        }
        expect(dueMs(standing)).toBeNull();
        const events = [...taken.values()];
        expect(events.reduce((sum, { count }) => sum + count, 0)).toBe(occurred);
        const gaps = events.slice(1).map(({ atMs }, i) => atMs - (events[i]?.atMs ?? 0));
        expect(gaps.every((ms) => ms >= NOTICE_EVERY_MS)).toBe(true);
        expect(events.every(({ count }) => count > 0)).toBe(true);
      }),
    );
  });
});
