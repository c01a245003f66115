import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { asciiJson } from "../../src/domain/encoding.ts";
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
