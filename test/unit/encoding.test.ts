import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { asciiJson, fromHex } from "../../src/domain/encoding.ts";
import { anyText } from "../support/arbitraries.ts";

describe("asciiJson", () => {
  it("is the same JSON in characters that a header takes", () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const json = asciiJson(JSON.stringify({ [text]: text }));
        expect(json).toMatch(/^[\x20-\x7e]+$/);
        expect(JSON.parse(json)).toEqual({ [text]: text });
      }),
    );
  });

  it("leaves ASCII as it is", () => {
    expect(asciiJson('{"a":"\\u00e4 ~"}')).toBe('{"a":"\\u00e4 ~"}');
  });
});

describe("fromHex", () => {
  it("reads what hex there is, in either case", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const hex = Buffer.from(bytes).toString("hex");
        expect(fromHex(hex)).toEqual(bytes);
        expect(fromHex(hex.toUpperCase())).toEqual(bytes);
      }),
    );
  });

  it("refuses every other character, in either place, and half a byte", () => {
    for (let unit = 0; unit <= 0xffff; unit += 1) {
      const char = String.fromCharCode(unit);
      const isHex = /^[0-9a-fA-F]$/.test(char);
      expect(fromHex(`0${char}`) !== null, `0${char}`).toBe(isHex);
      expect(fromHex(`${char}0`) !== null, `${char}0`).toBe(isHex);
    }
    expect(fromHex("abc")).toBeNull();
  });
});
