import { describe, expect, it } from "vitest";

import type { AttemptSample } from "../../src/domain/metric-counts.ts";
import { MAX_MINUTES, MetricsPage, MetricsReport } from "../../src/domain/metrics.ts";

const EVENT_CLASSES = [
  ...(["network", "action", "synchronous"] as const),
  ...(["charging_intelligence", "unknown", "relay"] as const),
] as const;
const MINUTE_MS = 60_000;
/** 2026-11-25T12:00Z, as a minute. */
const NOON = Date.parse("2026-11-25T12:00:00Z") / MINUTE_MS;

function attempt(overrides: Partial<AttemptSample> & { readonly minute?: number } = {}) {
  const { minute = NOON, ...rest } = overrides;
  const sample = { route: "rt_a", endedMs: minute * MINUTE_MS + 5_000, isDelivered: true };
  return { ...sample, deliveryMs: 40, ...rest };
}

function pageOf(minute: number, ...attempts: AttemptSample[]): MetricsPage {
  const page = new MetricsPage(minute);
  for (const one of attempts) page.addAttempt(one);
  return page;
}

/** Of the minutes up to noon, from these pages, the newest first. */
function report(minutes: number, pages: readonly MetricsPage[], isCut = false) {
  const gathered = new MetricsReport(minutes, NOON * MINUTE_MS + 30_000);
  const isWanted = pages.every((page) => gathered.take(page));
  if (isCut && isWanted) gathered.end();
  return gathered.view();
}

describe("MetricsReport", () => {
  it("has every minute, also those of which there is no page", () => {
    const page = new MetricsPage(NOON - 1);
    page.addEvent("network", 12);
    page.addEvent("relay", null);
    const { from, items, total } = report(3, [page]);
    expect(from).toBe("2026-11-25T11:58:00.000Z");
    expect(items.map(({ at, events, relayMs }) => [at, events.network, relayMs?.count])).toEqual([
      ["2026-11-25T11:58:00.000Z", 0, undefined],
      ["2026-11-25T11:59:00.000Z", 1, 1],
      ["2026-11-25T12:00:00.000Z", 0, undefined],
    ]);
    expect(total).toMatchObject({
      events: { network: 1, relay: 1, action: 0 },
      relayMs: { count: 1, p50: 12, p95: 12, p99: 12, max: 12 },
      routes: [],
    });
  });

  it("counts events of every class by themselves", () => {
    const counts = { network: 1, action: 2, synchronous: 3, unknown: 5, relay: 6 } as const;
    const events = { ...counts, charging_intelligence: 4 } as const;
    const page = new MetricsPage(NOON);
    for (const name of EVENT_CLASSES) {
      for (let n = 0; n < events[name]; n += 1) page.addEvent(name, null);
    }
    expect(report(1, [page]).total.events).toEqual(events);
  });

  it("tells attempts of the minute in which they ended, whichever page has them", () => {
    const late = pageOf(NOON, attempt(), attempt({ minute: NOON - 2, deliveryMs: 1_000 }));
    const own = pageOf(
      NOON - 2,
      attempt({ minute: NOON - 2, isDelivered: false, deliveryMs: null }),
    );
    const { items, total } = report(3, [late, own]);
    expect(items.map(({ routes }) => routes)).toEqual([
      [expect.objectContaining({ route: "rt_a", attempts: 2, delivered: 1, failed: 1 })],
      [],
      [expect.objectContaining({ route: "rt_a", attempts: 1, delivered: 1, failed: 0 })],
    ]);
    expect(total.routes).toMatchObject([{ attempts: 3, deliveryMs: { count: 2, max: 1_000 } }]);
  });

  it("puts routes in the order of their ids", () => {
    const page = pageOf(NOON, attempt({ route: "rt_b" }), attempt({ route: "rt_a" }));
    expect(report(1, [page]).total.routes.map(({ route }) => route)).toEqual(["rt_a", "rt_b"]);
  });

  it("takes of two pages of a minute the one that comes first", () => {
    const page = pageOf(NOON, attempt(), attempt());
    expect(report(1, [page, pageOf(NOON, attempt())]).total.routes).toMatchObject([
      { attempts: 2 },
    ]);
  });

  it("leaves out what was before, and needs no page from before it", () => {
    const gathered = new MetricsReport(2, NOON * MINUTE_MS);
    expect(gathered.take(pageOf(NOON, attempt({ minute: NOON - 2 })))).toBe(true);
    expect(gathered.take(pageOf(NOON - 1, attempt({ minute: NOON - 1 })))).toBe(true);
    expect(gathered.take(pageOf(NOON - 2, attempt({ minute: NOON - 2 })))).toBe(false);
    expect(gathered.view().total.routes).toMatchObject([{ attempts: 1 }]);
  });

  it("begins later when the pages before cannot be had", () => {
    const { from, items } = report(60, [pageOf(NOON), pageOf(NOON - 3, attempt())], true);
    expect([from, items.length]).toEqual(["2026-11-25T11:57:00.000Z", 4]);
  });

  it("begins later when there is too much to tell", () => {
    const routes = Array.from({ length: 100 }, (_, at) => `rt_${at}`);
    const pages = Array.from({ length: MAX_MINUTES }, (_, back) => {
      const minute = NOON - back;
      return pageOf(minute, ...routes.map((route) => attempt({ route, minute })));
    });
    const { items } = report(MAX_MINUTES, pages);
    expect(items.length).toBe(200);
    expect(items.every((item) => item.routes.length === 100)).toBe(true);
  });
});

describe("MetricsPage", () => {
  it("is the same after it was written and read", () => {
    const page = pageOf(NOON, attempt({ minute: NOON - 7 }), attempt({ isDelivered: false }));
    page.addEvent("action", 3);
    page.addEvent("unknown", 90_000);
    const read = MetricsPage.decode(JSON.parse(JSON.stringify(page.encode())));
    expect(read.encode()).toEqual(page.encode());
    expect(report(10, [read])).toEqual(report(10, [page]));
  });

  it("takes an attempt of a clock that is ahead for one of its own minute", () => {
    const page = pageOf(NOON, attempt({ minute: NOON + 2 }));
    expect(report(1, [page]).total.routes).toMatchObject([{ attempts: 1 }]);
  });

  it("takes no attempt of longer ago than anybody can ask for", () => {
    const page = pageOf(NOON, attempt({ minute: NOON - MAX_MINUTES }));
    expect(page.encode()).toEqual([NOON]);
  });

  it("takes attempts of 500 routes and minutes, and no more", () => {
    const page = pageOf(
      NOON,
      ...Array.from({ length: 700 }, (_, back) => attempt({ minute: NOON - back })),
    );
    const text = JSON.stringify(page.encode());
    const read = MetricsPage.decode(JSON.parse(text));
    for (const one of [page, read]) {
      one.addAttempt(attempt({ minute: NOON - 701 }));
      // Of one that is known there may be any number.
      one.addAttempt(attempt({ minute: NOON }));
      expect(report(720, [one]).total.routes).toMatchObject([{ attempts: 501 }]);
    }
    expect(text.length).toBeLessThan(25_000);
  });
});
