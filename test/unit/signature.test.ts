import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { toUtf8 } from "../../src/domain/encoding.ts";
import {
  importSecret,
  SCHEME_SETTINGS,
  type SchemeSetting,
  SIGNATURE_SCHEMES,
  type SignatureScheme,
  signWebhook,
  type VerificationPolicy,
  verifySignature,
} from "../../src/domain/signature.ts";
import { anyText } from "../support/arbitraries.ts";

const NOW = 1_795_342_530_400;
const TOLERANCE = 300_000;
const SECRET = "endpoint-secret";
const TEXT = '{"_id":"644fc18f84c4b5000981ad7b","type":"session.updated","note":"Café ⚡"}';
const ZEROS = "0".repeat(64);

const hmac = (text: string, secret = SECRET) =>
  createHmac("sha256", secret).update(text, "utf8").digest("hex");
/** What each scheme's sender puts in the header, made without the code under test. */
const timestamped = (t: number | string, text = TEXT, secret = SECRET) =>
  `t=${t},v1=${hmac(`${t}.${text}`, secret)}`;
const bodyOnly = (t: number | string, text = TEXT, secret = SECRET) =>
  `t=${t},v1=${hmac(text, secret)}`;
const legacy = (text = TEXT, secret = SECRET) => `sha256=${hmac(text, secret)}`;

interface Setup extends Partial<Omit<VerificationPolicy, "keys">> {
  readonly secrets?: readonly string[];
  readonly text?: string;
  readonly nowMs?: number;
}

/** The scheme that verified, or the code of the refusal. */
async function judge(header: string | null, setup: Setup = {}): Promise<string> {
  const { secrets = [SECRET], text = TEXT, nowMs = NOW, ...rest } = setup;
  const keys = await Promise.all(secrets.map((secret) => importSecret(secret, "verify")));
  const policy = { scheme: "auto", toleranceMs: TOLERANCE, ...rest, keys } as const;
  const result = await verifySignature({ header, body: toUtf8(text) }, policy, nowMs);
  return result.ok ? result.value : result.error.code;
}

describe("verifySignature", () => {
  const headers: Record<SignatureScheme, string> = {
    timestamped: timestamped(NOW),
    body: bodyOnly(NOW),
    legacy: legacy(),
  };
  const table: [SchemeSetting, SignatureScheme, string][] = [
    ["auto", "timestamped", "timestamped"],
    ["auto", "body", "body"],
    ["auto", "legacy", "signature_malformed"],
    ["timestamped", "timestamped", "timestamped"],
    ["timestamped", "body", "signature_mismatch"],
    ["timestamped", "legacy", "signature_malformed"],
    ["body", "timestamped", "signature_mismatch"],
    ["body", "body", "body"],
    ["body", "legacy", "signature_malformed"],
    ["legacy", "timestamped", "signature_malformed"],
    ["legacy", "body", "signature_malformed"],
    ["legacy", "legacy", "legacy"],
  ];
  it.each(table)("set to %s, answers a %s signature with %s", async (scheme, sent, answer) => {
    expect(await judge(headers[sent], { scheme })).toBe(answer);
  });

  it("covers every setting and every scheme", () => {
    expect(table).toHaveLength(SCHEME_SETTINGS.length * SIGNATURE_SCHEMES.length);
  });

  it.each(SIGNATURE_SCHEMES)(
    "in auto, verifies alike when %s is the likely one",
    async (likely) => {
      expect(await judge(headers.timestamped, { likely })).toBe("timestamped");
      expect(await judge(headers.body, { likely })).toBe("body");
      expect(await judge(headers.legacy, { likely })).toBe("signature_malformed");
    },
  );

  it("does not take a legacy signature that stands beside a time", async () => {
    expect(await judge(`t=${NOW},${legacy()}`)).toBe("signature_malformed");
    expect(await judge(`${legacy()},t=${NOW},v1=${ZEROS}`)).toBe("signature_mismatch");
  });

  it("reads t as milliseconds from 1e11 on and as seconds below", async () => {
    const ms = 100_000_000_000;
    expect(await judge(timestamped(ms), { nowMs: ms, toleranceMs: 0 })).toBe("timestamped");
    const seconds = ms - 1;
    const nowMs = seconds * 1000;
    expect(await judge(timestamped(seconds), { nowMs, toleranceMs: 0 })).toBe("timestamped");
    expect(await judge(timestamped(seconds), { nowMs: seconds })).toBe(
      "timestamp_out_of_tolerance",
    );
  });

  it.each([
    ["at the edge in the past", -TOLERANCE, true],
    ["one millisecond past it", -TOLERANCE - 1, false],
    ["at the edge in the future", TOLERANCE, true],
    ["one millisecond beyond it", TOLERANCE + 1, false],
  ])("judges a time in milliseconds %s", async (_name, offsetMs, accepted) => {
    for (const header of [timestamped(NOW + offsetMs), bodyOnly(NOW + offsetMs)]) {
      const answer = await judge(header);
      expect(answer !== "timestamp_out_of_tolerance").toBe(accepted);
      expect(["timestamped", "body"].includes(answer)).toBe(accepted);
    }
  });

  it.each([
    ["at the edge in the past", -300, "timestamped"],
    ["one second past it", -301, "timestamp_out_of_tolerance"],
    ["at the edge in the future", 300, "timestamped"],
    ["one second beyond it", 301, "timestamp_out_of_tolerance"],
  ])("judges a time in seconds %s", async (_name, offset, answer) => {
    const nowMs = 1_795_342_530_000;
    expect(await judge(timestamped(nowMs / 1000 + offset), { nowMs })).toBe(answer);
  });

  it.each([
    ["of second 0", "0", "timestamp_out_of_tolerance"],
    ["of the last second that is no millisecond", "99999999999", "timestamp_out_of_tolerance"],
    ["of the first millisecond that is no second", "100000000000", "timestamp_out_of_tolerance"],
    ["with fifteen digits", "9".repeat(15), "timestamp_out_of_tolerance"],
    ["with sixteen digits", "9".repeat(16), "signature_malformed"],
    ["before 1970", "-1", "signature_malformed"],
    ["with a fraction", `${NOW}.0`, "signature_malformed"],
    ["without end", "1e999", "signature_malformed"],
    ["that is no number", "NaN", "signature_malformed"],
    ["that is empty", "", "signature_malformed"],
  ])("refuses a time %s, rightly signed", async (_name, t, answer) => {
    expect(await judge(timestamped(t))).toBe(answer);
    expect(await judge(bodyOnly(t), { toleranceMs: 3_600_000 })).toBe(answer);
  });

  it("takes second 0 when that is what the clock says", async () => {
    expect(await judge(timestamped(0), { nowMs: 0, toleranceMs: 0 })).toBe("timestamped");
    expect(await judge(timestamped(300), { nowMs: 0 })).toBe("timestamped");
    expect(await judge(timestamped(301), { nowMs: 0 })).toBe("timestamp_out_of_tolerance");
  });

  it("tells how old a refused time is, negative when it is ahead", async () => {
    const keys = [await importSecret(SECRET, "verify")];
    const policy = { scheme: "auto", toleranceMs: 1000, keys } as const;
    const request = { header: timestamped(NOW + 5000), body: toUtf8(TEXT) };
    expect(await verifySignature(request, policy, NOW)).toEqual({
      ok: false,
      error: { code: "timestamp_out_of_tolerance", ageMs: -5000 },
    });
  });

  it("sees no time in a legacy signature, however late it comes", async () => {
    expect(await judge(legacy(), { scheme: "legacy", nowMs: NOW * 10, toleranceMs: 0 })).toBe(
      "legacy",
    );
  });

  it("does not accept the time of one signature with the MAC of another", async () => {
    const mac = hmac(`${NOW - 1000}.${TEXT}`);
    expect(await judge(`t=${NOW},v1=${mac}`)).toBe("signature_mismatch");
  });

  it("signs the time as it was written, leading zeros included", async () => {
    expect(await judge(timestamped(`00${NOW}`))).toBe("timestamped");
    expect(await judge(`t=00${NOW},v1=${hmac(`${NOW}.${TEXT}`)}`)).toBe("signature_mismatch");
  });

  it("accepts any of several v1 elements, up to eight", async () => {
    const good = `v1=${hmac(`${NOW}.${TEXT}`)}`;
    const bad = Array<string>(7).fill(`v1=${ZEROS}`);
    expect(await judge([`t=${NOW}`, ...bad, good].join())).toBe("timestamped");
    expect(await judge([`t=${NOW}`, good, ...bad].join())).toBe("timestamped");
    expect(await judge([`t=${NOW}`, good, ...bad, good].join())).toBe("signature_malformed");
    expect(await judge([`t=${NOW}`, ...bad].join())).toBe("signature_mismatch");
  });

  it.each([
    ["elements it does not know", `v0=abc,${timestamped(NOW)},v2=${ZEROS},n=`],
    ["another order", timestamped(NOW).split(",").reverse().join()],
    ["spaces around elements and names", ` t = ${NOW} , v1 = ${hmac(`${NOW}.${TEXT}`)} `],
    ["upper-case hex", `t=${NOW},v1=${hmac(`${NOW}.${TEXT}`).toUpperCase()}`],
    ["an unknown element with an equals sign in its value", `x=a=b,${timestamped(NOW)}`],
    ["an element without a name", `=x,${timestamped(NOW)}`],
    ["2048 characters", `${timestamped(NOW)},x=`.padEnd(2048, "a")],
  ])("reads past %s", async (_name, header) => {
    expect(await judge(header)).toBe("timestamped");
  });

  it.each([[null], [""]])("calls %j missing", async (header) => {
    expect(await judge(header)).toBe("signature_missing");
    expect(await judge(header, { scheme: "legacy" })).toBe("signature_missing");
  });

  const mac = hmac(`${NOW}.${TEXT}`);
  it.each([
    ["no time", `v1=${mac}`],
    ["no signature", `t=${NOW}`],
    ["two times", `t=${NOW},t=${NOW},v1=${mac}`],
    ["an empty time", `t=,v1=${mac}`],
    ["a negative time", `t=-${NOW},v1=${mac}`],
    ["a fractional time", `t=${NOW}.5,v1=${mac}`],
    ["an exponent", `t=1e12,v1=${mac}`],
    ["a hexadecimal time", `t=0x1a,v1=${mac}`],
    ["a time of 16 digits", `t=1795342530400000,v1=${mac}`],
    ["other digits than ASCII ones", `t=１７９５３４２５３０４００,v1=${mac}`],
    ["an element without an equals sign", `t=${NOW},v1=${mac},x`],
    ["a trailing comma", `t=${NOW},v1=${mac},`],
    ["an empty signature", `t=${NOW},v1=`],
    ["a signature one digit short", `t=${NOW},v1=${mac.slice(1)}`],
    ["a signature one byte long", `t=${NOW},v1=${mac}00`],
    ["a signature that is not hex", `t=${NOW},v1=${mac.slice(1)}g`],
    ["one bad signature among good ones", `t=${NOW},v1=${mac},v1=zz`],
    ["a value in quotes", `t="${NOW}",v1="${mac}"`],
    ["semicolons", `t=${NOW};v1=${mac}`],
    ["upper-case names", `T=${NOW},V1=${mac}`],
    ["more than 2048 characters", `${timestamped(NOW)},x=`.padEnd(2049, "a")],
    ["a lone separator", ","],
    ["a lone equals sign", "="],
    ["white space", " "],
  ])("calls a header with %s malformed", async (_name, header) => {
    expect(await judge(header)).toBe("signature_malformed");
  });

  it.each([
    ["upper-case names", legacy().replace("sha256", "SHA256")],
    ["another algorithm", legacy().replace("sha256", "sha1")],
    ["a signature one digit short", legacy().slice(0, -1)],
    ["a signature that is not hex", `${legacy().slice(0, -1)}x`],
    ["two signatures", `${legacy()},${legacy()}`],
    ["a bare signature", hmac(TEXT)],
  ])("calls a legacy header with %s malformed", async (_name, header) => {
    expect(await judge(header, { scheme: "legacy" })).toBe("signature_malformed");
  });

  it("reads past spaces around a legacy signature", async () => {
    const header = legacy().replace("=", "= ");
    expect(await judge(`${header} `, { scheme: "legacy" })).toBe("legacy");
  });

  it("tries every secret, whichever place it has", async () => {
    const secrets = ["first", "second", "third"];
    for (const secret of secrets) {
      expect(await judge(timestamped(NOW, TEXT, secret), { secrets })).toBe("timestamped");
      expect(await judge(bodyOnly(NOW, TEXT, secret), { secrets })).toBe("body");
      expect(await judge(legacy(TEXT, secret), { secrets, scheme: "legacy" })).toBe("legacy");
    }
    expect(await judge(timestamped(NOW, TEXT, "fourth"), { secrets })).toBe("signature_mismatch");
    expect(await judge(timestamped(NOW), { secrets: [] })).toBe("signature_mismatch");
  });

  it("takes the secret as its text, not as an encoding of something else", async () => {
    for (const secret of ["ab12cd34", "whsec_AAAA", "pässwörd ⚡", "s=,"]) {
      expect(await judge(timestamped(NOW, TEXT, secret), { secrets: [secret] })).toBe(
        "timestamped",
      );
    }
  });

  it("refuses a body that differs in any one byte", async () => {
    const bytes = toUtf8(TEXT);
    const keys = [await importSecret(SECRET, "verify")];
    for (const [scheme, header] of Object.entries(headers)) {
      const setting = scheme === "legacy" ? "legacy" : "auto";
      const policy = { scheme: setting, toleranceMs: TOLERANCE, keys } as const;
      for (let at = 0; at < bytes.length; at += 1) {
        const body = bytes.slice();
        body[at] = (body[at] ?? 0) ^ 1;
        expect((await verifySignature({ header, body }, policy, NOW)).ok).toBe(false);
      }
    }
  });

  it("never throws and never verifies on a header made up without the secret", async () => {
    const element = fc.oneof(
      fc.constantFrom("t=", "v1=", "v0=", "sha256=", `t=${NOW}`, `v1=${ZEROS}`, "=", ""),
      anyText(70),
    );
    const header = fc.array(element, { maxLength: 12 }).map((elements) => elements.join());
    await fc.assert(
      fc.asyncProperty(header, fc.constantFrom(...SCHEME_SETTINGS), async (text, scheme) => {
        expect(await judge(text, { scheme })).toMatch(/^(signature|timestamp)_/);
      }),
      { numRuns: 300 },
    );
  });
});

describe("signWebhook", () => {
  it("makes what verifySignature accepts, of any body, secret and time in either unit", async () => {
    const seconds = fc.integer({ min: 1, max: 99_999_999_999 });
    const ms = fc.integer({ min: 100_000_000_000, max: 99_999_999_999_999 });
    const secret = fc.string({ unit: "grapheme", minLength: 1, maxLength: 80 });
    const scheme = fc.constantFrom(...SIGNATURE_SCHEMES);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        secret,
        scheme,
        fc.oneof(seconds, ms),
        async (bytes, text, sent, t) => {
          const body = new Uint8Array(bytes);
          const header = await signWebhook({ body, secret: text, scheme: sent, t });
          const keys = [await importSecret(text, "verify")];
          const nowMs = t >= 100_000_000_000 ? t : t * 1000;
          const policy = { scheme: sent, toleranceMs: 0, keys };
          const result = await verifySignature({ header, body }, policy, nowMs);
          expect(result).toEqual({ ok: true, value: sent });
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each([
    ["timestamped", timestamped(NOW)],
    ["body", bodyOnly(NOW)],
    ["legacy", legacy()],
  ] as const)("writes a %s header as eDRV does", async (scheme, header) => {
    const request = { body: toUtf8(TEXT), secret: SECRET, scheme, t: NOW };
    expect(await signWebhook(request)).toBe(header);
  });
});
