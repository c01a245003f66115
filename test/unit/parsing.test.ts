import { describe, expect, it } from "vitest";
import * as z from "zod";

import { parseAs } from "../../src/domain/parsing.ts";

const Name = z.strictObject({ name: z.string().min(1).max(9), tags: z.array(z.string()).min(1) });
/** Neither a text nor a list, and its length compares with nothing. */
const LENGTHY = { length: { toString: 1 } };

describe("parseAs", () => {
  it("parses as the schema does", () => {
    const value = { name: "a", tags: ["b"] };
    expect(parseAs(Name, value)).toEqual({ ok: true, value });
    expect(parseAs(Name, { name: "", tags: ["b"] })).toMatchObject({
      ok: false,
      error: [{ path: ["name"], code: "too_small" }],
    });
  });

  it.each([{ name: LENGTHY, tags: ["b"] }, { name: "a", tags: LENGTHY }, { name: LENGTHY }])(
    "refuses %j, and does not throw",
    (value) => {
      expect(parseAs(Name, value)).toMatchObject({ ok: false });
    },
  );

  it("says in one issue that a value cannot be read, and where", () => {
    const value = { name: LENGTHY, tags: ["b"] };
    const issue = { code: "custom", path: [], message: "cannot be read", input: value };
    expect(parseAs(Name, value)).toEqual({ ok: false, error: [issue] });
  });

  it("lets the fault of a schema be seen as one", () => {
    const broken = z.string().refine(() => {
      throw new RangeError("a fault");
    });
    expect(() => parseAs(broken, "a")).toThrow("a fault");
  });
});
