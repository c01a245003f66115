import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type Extent, formatCursor, parseCursor, resumeFrom } from "../../src/domain/cursor.ts";
import { randomText } from "../../src/domain/ids.ts";
import { anyText } from "../support/arbitraries.ts";

const EPOCH = "abcdefghij27";
const extent: Extent = { epoch: EPOCH, oldest: 100, head: 200 };

describe("parseCursor", () => {
  it("reads back what formatCursor wrote", () => {
    const epoch = fc.nat().map(() => randomText(12));
    fc.assert(
      fc.property(epoch, fc.integer({ min: 0, max: 999_999_999_999_999 }), (text, offset) => {
        const cursor = { epoch: text, offset };
        expect(parseCursor(formatCursor(cursor))).toEqual(cursor);
      }),
    );
  });

  it.each([
    "",
    ".",
    "now",
    "snapshot",
    "start",
    "42",
    EPOCH,
    `${EPOCH}.`,
    ".5",
    `${EPOCH}.05`,
    `${EPOCH}.-1`,
    `${EPOCH}.+1`,
    `${EPOCH}.1.5`,
    `${EPOCH}.1e3`,
    `${EPOCH}.0x1`,
    `${EPOCH}. 1`,
    `${EPOCH}.1 `,
    `${EPOCH}.1\n`,
    ` ${EPOCH}.1`,
    `${EPOCH}.1000000000000000`,
    `${EPOCH}.٣`,
    `${EPOCH}a.1`,
    `${EPOCH.slice(1)}.1`,
    `${EPOCH.toUpperCase()}.1`,
    "abcdefghij01.1",
    "__proto__abc.1",
  ])("knows that %j is none of its own", (text) => {
    expect(parseCursor(text)).toBeNull();
  });

  it("never throws, and accepts only what it would write itself", () => {
    const part = fc.oneof(anyText(), fc.constantFrom(EPOCH, ".", "0", "17"));
    const text = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (any) => {
        const cursor = parseCursor(any);
        if (cursor !== null) expect(formatCursor(cursor)).toBe(any);
      }),
      { numRuns: 500 },
    );
  });
});

describe("resumeFrom", () => {
  it.each([
    ["at the head", 200, { kind: "exact", offset: 200 }],
    ["in between", 150, { kind: "exact", offset: 150 }],
    ["right before the oldest kept event", 100, { kind: "exact", offset: 100 }],
    ["one event too old", 99, { kind: "lost", reason: "retention" }],
    ["at the very start", 0, { kind: "lost", reason: "retention" }],
    ["beyond the head", 201, { kind: "lost", reason: "epoch" }],
  ])("answers a cursor %s", (_name, offset, answer) => {
    expect(resumeFrom({ epoch: EPOCH, offset }, extent)).toEqual(answer);
  });

  it.each([0, 99, 100, 150, 200, 201])(
    "does not know a cursor of another stream at offset %i",
    (offset) => {
      const foreign = { epoch: "zzzzzzzzzzzz", offset };
      expect(resumeFrom(foreign, extent)).toEqual({ kind: "lost", reason: "epoch" });
    },
  );

  it("does not know a cursor that could not be read", () => {
    expect(resumeFrom(null, extent)).toEqual({ kind: "lost", reason: "epoch" });
  });

  it("resumes an empty stream at its start only", () => {
    const empty = { epoch: EPOCH, oldest: 0, head: 0 };
    expect(resumeFrom({ epoch: EPOCH, offset: 0 }, empty)).toEqual({ kind: "exact", offset: 0 });
    expect(resumeFrom({ epoch: EPOCH, offset: 1 }, empty).kind).toBe("lost");
  });
});
