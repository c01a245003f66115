import * as fc from "fast-check";

import { anyText } from "../support/arbitraries.ts";

/** Names that mean something to JavaScript, to a file system, to a URL or to SQL. */
const LOADED_WORDS = [
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"],
  ...["../../etc/passwd", "..%2f..", "%2e%2e/", "..\\..", "/", "//evil.example", "a/b", "a%2fb"],
  ...["%00", "%", "%zz", "%E0%A4%A", "%ED%A0%80", "%C0%AF", "%F4%90%80%80", "%EF%BB%BF"],
  ...["' OR 1=1 --", "'; DROP TABLE log; --", '"', "`", "{{7*7}}", "<script>"],
  ...["_account", "null", "undefined", "NaN", "-1", "0", "1e309", "9".repeat(20), "true", "[]"],
  ...["", " ", ".", "..", "*", "$where", "$", "?", "#", "a:b", "a b", "é", "\u{1f50c}", "\u202e"],
  ...[
    "snapshot",
    "start",
    "now",
    "src_",
    "cw_",
    "rt_",
    "aaaaaaaaaaaa.0",
    "aaaaaaaaaaaa.9".padEnd(28, "9"),
  ],
];

/** 1 KiB, and what headers, rows and frames take no more of. */
const SIZES = [128, 129, 1024, 8_000, 16_385, 65_537];

const base32 = (length: number) =>
  fc
    .array(fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz234567"), {
      minLength: length,
      maxLength: length,
    })
    .map((all) => all.join(""));

/** As the relay makes them, for a tenant that is there or not, but for the checksum. */
export function issuedLooking(prefix: "src" | "cw"): fc.Arbitrary<string> {
  const tenant = fc.oneof(fc.constantFrom("demo", "a", "-"), base32(12));
  return fc
    .tuple(tenant, fc.oneof(base32(22), base32(44)))
    .map(([name, random]) => `${prefix}_${name}_${random}`);
}

/** A text that somebody ill-disposed would send. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...LOADED_WORDS) },
  { weight: 3, arbitrary: anyText(24) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom("a", "é", "\u{1f50c}", "%41", ".", "*."), fc.constantFrom(...SIZES))
      .map(([unit, size]) => unit.repeat(Math.ceil(size / unit.length))),
  },
);

/** As text may stand in a header's line: what cannot is left out. */
export function headerValue(value: string): string {
  return value.replace(/[^\x20-\x7e\x80-\xff]/g, "");
}

/** As text may stand in a request's first line: half of the time as it is, but for what cannot. */
export const pathPart: fc.Arbitrary<string> = fc
  .tuple(text, fc.boolean())
  .map(([value, isEncoded]) =>
    isEncoded
      ? encodeURIComponent(value.toWellFormed()).slice(0, 9_000)
      : value.replace(/[^!$-;=@-_a-z|~]/g, "").slice(0, 9_000),
  );

const DEPTHS = [7, 8, 9, 17, 65, 1_000, 20_000, 100_000];

/** JSON nested that deeply, as text. */
const deepJson: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(
      ["[", "0", "]"],
      ['{"a":', "0", "}"],
      ['{"$not":', "{}", "}"],
      ['{"$and":[', "{}", "]}"],
      ['[{"__proto__":', "{}", "}]"],
    ),
    fc.constantFrom(...DEPTHS),
  )
  .map(([[open = "", inner = "", close = ""], depth]) => {
    return open.repeat(depth) + inner + close.repeat(depth);
  });

const LEAVES = [
  ...["null", "true", "false", "0", "-0", "1", "-1", "0.1", "1e308", "1e999", "-1e999", "1e-999"],
  ...["9007199254740993", "123456789012345678901234567890", '"\\ud800"', '"\\udc00\\ud800"'],
  ...['"\\u0000"', '"\\ufeff"', '"\\u2028"', '"\ufeff"', "[]", "{}", "[[]]", "[null]", '""'],
  ...['"2026-02-30T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"+275760-09-13T00:00:00.001Z"'],
  ...['"0000-01-01T00:00:00Z"', '"https://user:secret@[::1]:99999/"', '"http://127.0.0.1:9/"'],
  ...['"http://xn--/"', '"file:///etc/passwd"', '"*"', '"*.*.*.*"', '"cs1"', '"_account"'],
];
const KEYS = [
  ...["__proto__", "constructor", "prototype", "toString", "", "$where", "$regex", "$not", "$and"],
  ...["$or", "$in", "$elemMatch", "$size", "$exists", "$gt", "data", "data.a.b", "a..b", "_id"],
  ...["types", "stations", "match", "type", "\\ud800", "\\u0000", "name", "url", "0", "length"],
];

/** JSON as text, because objects of JavaScript hold neither a key twice nor 1e999. */
export const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 5, arbitrary: fc.constantFrom(...LEAVES) },
    { weight: 2, arbitrary: text.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: deepJson },
    { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 4 }).map((all) => `[${all}]`) },
    {
      weight: 4,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom(...KEYS), tie("value")), { maxLength: 4 })
        .map((all) => `{${all.map(([key, value]) => `"${key}":${value}`)}}`),
    },
  ),
})).value;

/** Where a template is changed: one of its places, or a new one by that name, and what is put there. */
export interface Change {
  readonly place: number;
  readonly name: string | null;
  readonly value: string;
}

export const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    place: fc.nat(1_000),
    name: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, fc.constantFrom(...KEYS)),
    value: jsonText,
  }),
  { maxLength: 3, size: "small" },
);

/** The template's JSON with some of its values replaced, and with fields that it does not have. */
export function changedJson(template: object, all: readonly Change[]): string {
  const copy: Record<string, unknown> = structuredClone({ ...template });
  const places = placesOf(copy);
  const replaced = all.map(({ place, name, value }, at) => {
    const hole = `\u0001${at}\u0001`;
    const [owner, key] = places[place % places.length] ?? [copy, "surprise"];
    if (name === null) owner[key] = hole;
    return { hole: JSON.stringify(hole), value };
  });
  // In the text, because an object of JavaScript does not take every name.
  const added = all.reduce(addField, JSON.stringify(copy));
  return replaced.reduce((json, { hole, value }) => json.split(hole).join(value), added);
}

function addField(json: string, { place, name, value }: Change): string {
  if (name === null) return json;
  const objects = [...json.matchAll(/\{(?!\})/g)].map(({ index }) => index + 1);
  const at = objects[place % objects.length] ?? 1;
  return `${json.slice(0, at)}"${name}":${value},${json.slice(at)}`;
}

function placesOf(owner: Record<string, unknown>): [Record<string, unknown>, string][] {
  return Object.entries(owner).flatMap(([key, value]) => {
    const isOwner = typeof value === "object" && value !== null;
    const inner = isOwner ? placesOf(value as Record<string, unknown>) : [];
    return [[owner, key] as [Record<string, unknown>, string], ...inner];
  });
}

/** What no JSON is, or not all of it. */
export const brokenBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc
    .constantFrom("\ufeff{}", "\u0000", "{} {}", "{", '"\ud800"', "NaN", "\ufffe", "[1,]", "")
    .map(utf8),
  // Overlong forms, surrogates in UTF-8, and more than Unicode has.
  fc
    .constantFrom(
      [0xc0, 0x80],
      [0xe0, 0x80, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xff],
    )
    .map((bytes) => Uint8Array.from([...utf8('{"type":"a","x":"'), ...bytes, ...utf8('"}')])),
);

export function utf8(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
