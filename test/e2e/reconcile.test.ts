import { existsSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";

import { type Reconciliation, reconcile } from "../../cli/relay/reconciliation.ts";
import { processesOfGroup } from "../support/processes.ts";

const EVENTS = 1_500;

let reconciliation: Reconciliation;

/** What an account says when nothing is wrong. */
const inOrder = (place: string, expected: unknown) => ({
  place,
  expected,
  received: expected,
  lost: 0,
  unexpected: 0,
  duplicated: 0,
  repeated: 0,
  outOfOrder: 0,
  unannouncedGaps: 0,
  bodyMismatches: 0,
  badSignatures: null,
});

const accountOf = (place: string) =>
  reconciliation.accounts.find((account) => account.place === place);

beforeAll(async () => {
  reconciliation = await reconcile({
    stations: 20,
    events: EVENTS,
    seed: 7,
    keep: false,
    target: null,
    signal: new AbortController().signal,
  });
});

describe("a relay under copies, disorder, forgeries and failing peers", () => {
  it("acknowledges every event and no forgery", () => {
    const { simulation } = reconciliation;
    expect(simulation).toMatchObject({ acknowledged: EVENTS, unacknowledged: 0, filledAnswers: 0 });
    expect(simulation.duplicates).toBeGreaterThan(0);
    expect(simulation.forgeries.sent).toBeGreaterThan(0);
    expect(simulation.forgeries.refused).toBe(simulation.forgeries.sent);
  });

  it("lists each accepted event once, in the order of its station", () => {
    expect(accountOf("GET /v1/events")).toEqual(inOrder("GET /v1/events", EVENTS));
  });

  it("passes every event to a steady subscriber once and in order", () => {
    expect(accountOf("feed, steady")).toEqual(inOrder("feed, steady", EVENTS));
  });

  it("loses and repeats nothing for a subscriber whose connection breaks", () => {
    expect(accountOf("feed, dropping")).toEqual(inOrder("feed, dropping", EVENTS));
    expect(reconciliation.resumedCount).toBeGreaterThan(5);
  });

  it.each(["feed, filtered", "one station"])("passes exactly what it is asked for: %s", (place) => {
    const account = accountOf(place);
    expect(account).toEqual(inOrder(place, account?.expected));
    expect(account?.expected).toBeGreaterThan(0);
    expect(account?.expected).toBeLessThan(EVENTS);
  });

  it("delivers every event in order to a receiver that fails now and then", () => {
    const account = accountOf("route");
    expect(account).toEqual({
      ...inOrder("route", EVENTS),
      repeated: expect.any(Number),
      badSignatures: 0,
    });
    // What was turned away came again.
    expect(account?.repeated).toBeGreaterThan(0);
  });

  it("finds nothing else to report", () => {
    expect(reconciliation.accounts).toHaveLength(6);
    expect(reconciliation.findings).toEqual([]);
  });

  it("leaves no process and no file behind", () => {
    const { relay } = reconciliation;
    expect(relay).not.toBeNull();
    expect(processesOfGroup(relay?.processGroup ?? 0)).toEqual([]);
    expect(existsSync(relay?.stateDir ?? "/")).toBe(false);
  });
});
