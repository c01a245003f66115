import { describe, expect, it } from "vitest";

import { isInOrder, Ledger, type LedgerKind, type Receipt } from "../../cli/relay/ledger.ts";

const receipt = (seq: number, overrides: Partial<Receipt> = {}): Receipt => ({
  id: `event-${seq}`,
  station: "cs-1",
  seq,
  sha256: `body-${seq}`,
  ...overrides,
});

const sent = new Map([1, 2, 3].map((seq) => [`event-${seq}`, `body-${seq}`]));

function accountOf(kind: LedgerKind, receive: (ledger: Ledger) => void) {
  const ledger = new Ledger("a place", kind);
  receive(ledger);
  return ledger.close(sent);
}

const inTurn =
  (...receipts: Receipt[]) =>
  (ledger: Ledger) => {
    for (const each of receipts) ledger.receive(each);
  };

describe("Ledger", () => {
  it("finds nothing wrong with everything once and in order", () => {
    const account = accountOf("complete", inTurn(receipt(1), receipt(2), receipt(3)));
    expect(account).toMatchObject({ expected: 3, received: 3, repeated: 0 });
    expect(isInOrder(account)).toBe(true);
  });

  it.each([
    ["what never came", [receipt(1), receipt(2)], { lost: 1 }],
    ["what came twice", [receipt(1), receipt(2), receipt(3), receipt(3)], { duplicated: 1 }],
    ["what nobody sent", [1, 2, 3, 4].map((seq) => receipt(seq)), { unexpected: 1 }],
    ["a hole", [receipt(1), receipt(3)], { unannouncedGaps: 1, lost: 1 }],
    ["a hole at the beginning", [receipt(2), receipt(3)], { unannouncedGaps: 1, lost: 1 }],
    ["a step back", [receipt(1), receipt(3), receipt(2)], { outOfOrder: 1, unannouncedGaps: 1 }],
    [
      "another body than was sent",
      [receipt(1), receipt(2), receipt(3, { sha256: "x" })],
      { bodyMismatches: 1 },
    ],
  ])("counts %s", (_name, receipts, faults) => {
    const account = accountOf("complete", inTurn(...receipts));
    expect(account).toMatchObject(faults);
    expect(isInOrder(account)).toBe(false);
  });

  it("keeps the order of each station apart", () => {
    const other = receipt(1, { id: "event-2", sha256: "body-2", station: "cs-2" });
    const account = accountOf("complete", inTurn(receipt(1), other));
    expect(account).toMatchObject({ outOfOrder: 0, unannouncedGaps: 0 });
  });

  it("lets an announced gap pass once", () => {
    const account = accountOf("complete", (ledger) => {
      ledger.announceGap("cs-1");
      inTurn(receipt(2), receipt(4))(ledger);
    });
    expect(account.unannouncedGaps).toBe(1);
  });

  it("counts the relay's own events in the order, not in the sum", () => {
    const account = accountOf("complete", (ledger) => {
      ledger.receive(receipt(1));
      ledger.pass({ station: "cs-1", seq: 2 });
      ledger.receive(receipt(3));
    });
    expect(account).toMatchObject({ received: 2, unannouncedGaps: 0, unexpected: 0 });
  });

  it("lets a filtered place skip, but not go back", () => {
    expect(accountOf("filtered", inTurn(receipt(1), receipt(3))).unannouncedGaps).toBe(0);
    expect(accountOf("filtered", inTurn(receipt(3), receipt(1))).outOfOrder).toBe(1);
  });

  it("takes a repeat at a route for what at-least-once means", () => {
    const account = accountOf("route", (ledger) => {
      ledger.receive(receipt(1), null, false);
      ledger.receive(receipt(1), null);
      ledger.receive(receipt(2), 1);
      ledger.receive(receipt(3), 2);
    });
    expect(account).toMatchObject({ received: 3, repeated: 1, duplicated: 0 });
    expect(isInOrder(account)).toBe(true);
  });

  it("wants a repeat at a route before anything newer", () => {
    const account = accountOf("route", (ledger) => {
      ledger.receive(receipt(1), null);
      ledger.receive(receipt(2), 1);
      ledger.receive(receipt(1), null);
    });
    expect(account).toMatchObject({ repeated: 1, outOfOrder: 1 });
  });

  it("counts an event as lost that a route only ever turned away", () => {
    const account = accountOf("route", (ledger) => ledger.receive(receipt(1), null, false));
    expect(account).toMatchObject({ received: 0, lost: 3 });
  });

  it("wants each delivery of a route to name the one before it", () => {
    const account = accountOf("route", (ledger) => {
      ledger.receive(receipt(1), null);
      ledger.receive(receipt(3), 2);
    });
    expect(account.unannouncedGaps).toBe(1);
  });
});
