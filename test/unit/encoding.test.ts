import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  asciiJson,
  concatBytes,
  equalBytes,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64Url,
  toHex,
  toUtf8,
} from "../../src/domain/encoding.ts";
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

const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array(bytes));

describe("hex, base64 and base64url", () => {
  it("give back the bytes they were made of", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString("hex"));
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
        expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
      }),
    );
  });

  // The last ones are of the alphabet, and yet no base64.
  it.each(["YQ==\n", " YQ==", "Y Q==", "YQ-_", "YQ==YQ==", "é", "Y", "YQ=", "=", "YWJj="])(
    "read no base64 in %j",
    (text) => {
      expect(fromBase64(text)).toBeNull();
    },
  );

  it.each(["YQ==", "+/", "/+8", "YQ ", " YQ", "Y\nQ", "é", "Y"])(
    "read no base64url in %j",
    (text) => {
      expect(fromBase64Url(text)).toBeNull();
    },
  );
});

describe("fromUtf8", () => {
  it("reads what toUtf8 wrote, a byte order mark included", () => {
    for (const text of ["", "aé€😀", "\ufeffa"]) expect(fromUtf8(toUtf8(text))).toBe(text);
  });

  it.each([[[0xff]], [[0xc3]], [[0xc0, 0x80]], [[0xed, 0xa0, 0x80]], [[0x61, 0xe2, 0x82]]])(
    "reads nothing from the bytes %j",
    (bytes) => {
      expect(fromUtf8(new Uint8Array(bytes))).toBeNull();
    },
  );
});

describe("concatBytes", () => {
  it("puts all parts in one, in their order", () => {
    fc.assert(
      fc.property(fc.array(anyBytes), (parts) => {
        expect([...concatBytes(parts)]).toEqual(parts.flatMap((part) => [...part]));
      }),
    );
  });
});

describe("equalBytes", () => {
  it.each([
    ["", "", true],
    ["ab", "ab", true],
    ["ab", "ac", false],
    ["ab", "bb", false],
    ["ab", "ba", false],
    ["ab", "a", false],
    ["a", "ab", false],
    ["", "a", false],
    ["a", "a\0", false],
    ["a\0", "a", false],
  ])("answers for %j and %j: %s", (one, other, equal) => {
    expect(equalBytes(toUtf8(one), toUtf8(other))).toBe(equal);
  });
});
