import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { toUtf8 } from "../../src/domain/encoding.ts";
import { isStationId } from "../../src/domain/station-id.ts";
import { QUARANTINE_REASONS, readTime, readWebhook, stationOf } from "../../src/domain/webhook.ts";
import { anyText } from "../support/arbitraries.ts";

const STATION = "6192dea22df1431ea2c4720d";
const fixtures = new URL("../fixtures/edrv/", import.meta.url);

function envelope(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    _id: "644fc18f84c4b5000981ad7b",
    data: { _id: "62b1c19482f1fc562109c551", chargestation: STATION },
    object: "session",
    type: "session.updated",
    createdAt: "2023-05-01T13:41:35.264Z",
    ...overrides,
  };
}

const read = (text: string) => readWebhook(toUtf8(text));
const readFields = (overrides: Record<string, unknown>) =>
  read(JSON.stringify(envelope(overrides)));

/** The reason it is kept aside for, or null when it is relayed. */
async function reasonFor(input: string | Record<string, unknown>): Promise<string | null> {
  const result = await (typeof input === "string" ? read(input) : readFields(input));
  return result.ok ? null : result.error;
}

async function idOf(text: string): Promise<string> {
  const result = await read(text);
  return result.ok ? result.value.id : `quarantine: ${result.error}`;
}

describe("readWebhook", () => {
  it("reads the webhook that eDRV documents", async () => {
    const bytes = readFileSync(
      new URL("chargestation.get_composite_schedule.accepted.json", fixtures),
    );
    expect(await readWebhook(new Uint8Array(bytes))).toEqual({
      ok: true,
      value: {
        id: "644fc18f84c4b5000981ad7b",
        type: "chargestation.get_composite_schedule.accepted",
        station: "5fb24edb64345616b6f3198d",
        createdAtMs: Date.UTC(2023, 4, 1, 13, 41, 35, 264),
        body: bytes.toString("utf8"),
      },
    });
  });

  it.each(readdirSync(fixtures).filter((name) => /^(session|chargestation)\..*\.json$/.test(name)))(
    "keeps every byte of the sample %s",
    async (name) => {
      const bytes = new Uint8Array(readFileSync(new URL(name, fixtures)));
      const result = await readWebhook(bytes);
      if (name.endsWith(".data.json")) return expect(result).toMatchObject({ ok: false });
      return expect(result.ok && toUtf8(result.value.body)).toEqual(bytes);
    },
  );

  it.each([
    ["nothing", ""],
    ["white space", " \n"],
    ["a truncated object", '{"type":"session.updated"'],
    ["two values", "{}{}"],
    ["single quotes", "{'type':'x'}"],
    ["a form", "type=session.updated"],
    ["a byte order mark", `\ufeff${JSON.stringify(envelope())}`],
    ["NaN", '{"type":NaN}'],
  ])("keeps %s aside as not_json", async (_name, text) => {
    expect(await reasonFor(text)).toBe("not_json");
  });

  it.each([
    ["a lone continuation byte", [0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["half a surrogate pair", [0xed, 0xa0, 0x80]],
    ["a character cut short", [0xe2, 0x82]],
    ["Latin-1", [0xe9]],
  ])("keeps a body with %s aside as not_json", async (_name, bad) => {
    const [head, tail] = JSON.stringify(envelope({ note: "@" })).split("@");
    const bytes = new Uint8Array([...toUtf8(head ?? ""), ...bad, ...toUtf8(tail ?? "")]);
    expect(await readWebhook(bytes)).toEqual({ ok: false, error: "not_json" });
  });

  it.each(["null", "true", "1", '"session.updated"', "[]", "[{}]"])(
    "keeps %s aside as not_object",
    async (text) => {
      expect(await reasonFor(text)).toBe("not_object");
    },
  );

  it.each([
    ["missing", undefined],
    ["null", null],
    ["a number", 1],
    ["an object", { type: "x" }],
    ["empty", ""],
    ["of 129 characters", "a".repeat(129)],
    ["not ASCII", "session.ende\u0301"],
    ["with a line break", "session\r\n.updated"],
    ["with a line break at its end", "session.updated\n"],
    ["with a NUL", "session\u0000"],
    ["with DEL", "session\u007f"],
    ["with a space at its end, which a header would lose", "session "],
  ])("keeps a type that is %s aside", async (_name, type) => {
    expect(await reasonFor({ type })).toBe("type");
  });

  it.each(["a", "~", "a".repeat(128), "session.paused", "a type", "relay.lane.gap"])(
    "relays the unknown type %j",
    async (type) => {
      expect(await readFields({ type })).toMatchObject({ ok: true, value: { type } });
    },
  );

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "treats %s like any other name",
    async (name) => {
      expect(await readFields({ type: name })).toMatchObject({ ok: true, value: { type: name } });
      expect(await idOf(`{"_id":"${name}","type":"x","${name}":{"type":1}}`)).toBe(name);
      expect(await reasonFor(`{"${name}":{"type":"session.updated"}}`)).toBe("type");
      expect(stationOf("session.updated", JSON.parse(`{"${name}":{"chargestation":"s"}}`))).toBe(
        "_account",
      );
      const data = { chargestation: name };
      expect(stationOf("session.updated", data)).toBe(isStationId(name) ? name : null);
    },
  );

  it.each(["a", "x".repeat(128), "a b", '"}{', "evt_1", "sha256:x"])(
    "takes %j for an id",
    async (id) => {
      expect(await idOf(JSON.stringify(envelope({ _id: id })))).toBe(id);
    },
  );

  it.each([
    ["missing", undefined],
    ["null", null],
    ["a number", 7],
    ["an object", { $oid: "644fc18f84c4b5000981ad7b" }],
    ["empty", ""],
    ["of 129 characters", "x".repeat(129)],
    ["not ASCII", "é"],
    ["with a line break", "a\nb"],
    ["with a line break at its end", "a\n"],
  ])("names an event by its body when its id is %s", async (_name, id) => {
    const text = JSON.stringify(envelope({ _id: id }));
    expect(await idOf(text)).toBe(`sha256:${createHash("sha256").update(text).digest("hex")}`);
  });

  it("believes the last of two equal keys and keeps both", async () => {
    const text = `{"_id":"a","type":"x","type":"y","data":{"chargestation":"s1"},"data":{"chargestation":"s2"},"_id":"b"}`;
    expect(await read(text)).toMatchObject({
      ok: true,
      value: { id: "b", type: "y", station: "s2", body: text },
    });
  });

  it.each([
    ["[", "]"],
    ['{"a":', "1}"],
  ])("reads past 100,000 levels of %s", async (open, close) => {
    const nested = `${open.repeat(100_000)}${close[0] === "1" ? "1" : ""}${close.slice(-1).repeat(100_000)}`;
    const text = `{"_id":"deep","type":"x","data":{"chargestation":"s","nested":${nested}}}`;
    expect(await read(text)).toMatchObject({ ok: true, value: { id: "deep", body: text } });
    expect(await reasonFor(nested)).toBe(open === "[" ? "not_object" : "type");
    expect(await reasonFor(open.repeat(100_000))).toBe("not_json");
  });

  it("keeps the bytes of any JSON, whatever its white space and escapes", async () => {
    const spaces = fc.constantFrom("", " ", "\n\t", "\r\n  ");
    const value = fc.oneof(
      fc.jsonValue().map((any) => JSON.stringify(any)),
      fc.constantFrom("1.0", "1e3", "-0", "12345678901234567890", '"\\u00EB\\/\\ud800"', '"ë 🔌"'),
    );
    await fc.assert(
      fc.asyncProperty(value, value, spaces, async (any, other, space) => {
        const text = `${space}{"type":"x",${space}"1":${any},"0":${space}${other}}${space}`;
        const bytes = toUtf8(text);
        const result = await readWebhook(bytes);
        expect(result.ok && toUtf8(result.value.body)).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });

  it("never throws, and answers only names that are safe in headers and paths", async () => {
    const junk = fc.oneof(fc.jsonValue(), anyText(), fc.constant({ _id: {} }));
    const fields = fc.record(
      { _id: junk, type: fc.oneof(fc.constant("x"), junk), data: junk, createdAt: junk },
      { requiredKeys: [] },
    );
    const bytes = fc.oneof(
      fields.map((any) => toUtf8(JSON.stringify(any))),
      fc.record({ chargestation: junk }).map((data) => toUtf8(JSON.stringify(envelope({ data })))),
      fc.uint8Array({ maxLength: 100 }).map((any) => new Uint8Array(any)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (body) => {
        const result = await readWebhook(body);
        if (!result.ok) {
          expect(QUARANTINE_REASONS).toContain(result.error);
          return;
        }
        expect(result.value.id).toMatch(/^[\x20-\x7e]{1,128}$/);
        expect(result.value.type).toMatch(/^[\x20-\x7e]{1,128}$/);
        expect(result.value.station).toMatch(/^(_account|[A-Za-z0-9][A-Za-z0-9._:-]{0,127})$/);
        expect(toUtf8(result.value.body)).toEqual(body);
      }),
      { numRuns: 500 },
    );
  });
});

describe("readTime", () => {
  it.each([
    ["2023-05-01T13:41:35.264Z", 1_682_948_495_264],
    ["2023-05-01T13:41:35Z", 1_682_948_495_000],
    ["2023-05-01T13:41Z", 1_682_948_460_000],
    ["2023-05-01T15:41:35.264+02:00", 1_682_948_495_264],
    ["2023-05-01T13:41:35.264999Z", 1_682_948_495_264],
    ["1970-01-01T00:00:00.000Z", 0],
    ["0000-01-01T00:00:00.000Z", -62_167_219_200_000],
    ["9999-12-31T23:59:59.999Z", 253_402_300_799_999],
  ])("reads %s", (text, ms) => {
    expect(readTime(text)).toBe(ms);
  });

  it.each([
    undefined,
    null,
    1_682_948_495_264,
    "1682948495264",
    "",
    "yesterday",
    "2023-05-01",
    "May 1, 2023 13:41",
    " 2023-05-01T13:41:35Z",
    "2023-13-01T13:41:35Z",
    "2023-05-01T13:41:35Z and more",
    "+012023-05-01T13:41:35Z",
    "-000001-12-31T23:59:59Z",
    "0000-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "275760-09-13T00:00:00Z",
    Number.POSITIVE_INFINITY,
    Number.NaN,
    ["2023-05-01T13:41:35Z"],
  ])("does not read %j", (value) => {
    expect(readTime(value)).toBeNull();
  });
});
