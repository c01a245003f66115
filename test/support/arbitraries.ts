import * as fc from "fast-check";

/** Any text, control characters and lone surrogates included. fast-check's own takes a second to set up. */
export function anyText(maxLength = 12): fc.Arbitrary<string> {
  const unit = fc.oneof(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 0xffff }));
  return fc.array(unit, { maxLength }).map((units) => String.fromCharCode(...units));
}
