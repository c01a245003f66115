import { fromHex, toHex, toUtf8 } from "./encoding.ts";
import { err, ok, type Result } from "./result.ts";

/**
 * What an eDRV signature covers. eDRV's page (docs.edrv.io/docs/secure-webhooks) shows the
 * header but not the signed text, so both readings are known here:
 * `timestamped` signs `${t}.${body}`, `body` the body alone, both sent as `t=…,v1=<hex>`;
 * `legacy` is the older `sha256=<hex>` over the body, without a time.
 */
export const SIGNATURE_SCHEMES = ["timestamped", "body", "legacy"] as const;
export type SignatureScheme = (typeof SIGNATURE_SCHEMES)[number];

/** A source's setting: one scheme alone, or `auto`, which takes either of the first two. */
export const SCHEME_SETTINGS = ["auto", ...SIGNATURE_SCHEMES] as const;
export type SchemeSetting = (typeof SCHEME_SETTINGS)[number];

/** Seconds a webhook's time may be off, either way, unless the source says otherwise. */
export const DEFAULT_TOLERANCE_SECONDS = 300;

/** Bounds on what an unauthenticated header can make us compute. */
const MAX_HEADER_LENGTH = 2048;
const MAX_SIGNATURES = 8;
const FULL_STOP = 0x2e;

/** eDRV's `t` has no documented unit; no plausible time in seconds reaches this, none in ms is below. */
const SMALLEST_MS_TIMESTAMP = 100_000_000_000;

export type SignatureRefusal =
  | { readonly code: "signature_missing" }
  | { readonly code: "signature_malformed" }
  | { readonly code: "signature_mismatch" }
  | { readonly code: "timestamp_out_of_tolerance"; readonly ageMs: number };

export interface SignedRequest {
  /** The `edrv-signature` header, or null when absent. */
  readonly header: string | null;
  /** The exact bytes received. Re-serialised JSON does not verify. */
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface VerificationPolicy {
  readonly scheme: SchemeSetting;
  readonly toleranceMs: number;
  /** Every live secret; all are tried, so a rotated secret and its successor both work. */
  readonly keys: readonly CryptoKey[];
  /** In `auto`, the scheme to try first: the one that verified last. */
  readonly likely?: SignatureScheme | null;
}

/** Which scheme verified, or why none did. The clock is an argument: same inputs, same answer. */
export async function verifySignature(
  { header, body }: SignedRequest,
  policy: VerificationPolicy,
  nowMs: number,
): Promise<Result<SignatureScheme, SignatureRefusal>> {
  if (header === null || header === "") return err({ code: "signature_missing" });
  const parsed = policy.scheme === "legacy" ? parseLegacyHeader(header) : parseHeader(header);
  if (parsed === null) return err({ code: "signature_malformed" });

  if (parsed.sentAtMs !== null) {
    const ageMs = nowMs - parsed.sentAtMs;
    if (Math.abs(ageMs) > policy.toleranceMs) {
      return err({ code: "timestamp_out_of_tolerance", ageMs });
    }
  }
  for (const scheme of schemesToTry(policy)) {
    const signed = scheme === "timestamped" ? prefixed(parsed.t, body) : body;
    for (const key of policy.keys) {
      for (const mac of parsed.macs) {
        // subtle.verify compares in constant time; comparing hex strings would not.
        if (await crypto.subtle.verify("HMAC", key, mac, signed)) return ok(scheme);
      }
    }
  }
  return err({ code: "signature_mismatch" });
}

/** The `edrv-signature` value that eDRV would send. `t` is put in as it is, in either unit. */
export async function signWebhook(request: {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly secret: string;
  readonly scheme: SignatureScheme;
  readonly t: number;
}): Promise<string> {
  const { body, secret, scheme, t } = request;
  const signed = scheme === "timestamped" ? prefixed(String(t), body) : body;
  const mac = await crypto.subtle.sign("HMAC", await importSecret(secret, "sign"), signed);
  const hex = toHex(new Uint8Array(mac));
  return scheme === "legacy" ? `sha256=${hex}` : `t=${t},v1=${hex}`;
}

/** The secret is the text as eDRV's dashboard shows it, not an encoding of something else. */
export function importSecret(secret: string, usage: "sign" | "verify"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", toUtf8(secret), { name: "HMAC", hash: "SHA-256" }, false, [
    usage,
  ]);
}

function schemesToTry({ scheme, likely }: VerificationPolicy): readonly SignatureScheme[] {
  if (scheme !== "auto") return [scheme];
  return likely === "body" ? ["body", "timestamped"] : ["timestamped", "body"];
}

interface ParsedHeader {
  /** As sent, because it is part of the signed text. */
  readonly t: string;
  readonly sentAtMs: number | null;
  readonly macs: readonly Uint8Array<ArrayBuffer>[];
}

function parseHeader(header: string): ParsedHeader | null {
  if (header.length > MAX_HEADER_LENGTH) return null;
  let t: string | null = null;
  const macs: Uint8Array<ArrayBuffer>[] = [];
  for (const element of header.split(",")) {
    const split = element.indexOf("=");
    if (split < 0) return null;
    const name = element.slice(0, split).trim();
    const value = element.slice(split + 1).trim();
    if (name === "t") {
      if (t !== null || !/^\d{1,15}$/.test(value)) return null;
      t = value;
    } else if (name === "v1") {
      const mac = parseMac(value);
      if (mac === null) return null;
      macs.push(mac);
    }
  }
  if (t === null || macs.length === 0 || macs.length > MAX_SIGNATURES) return null;
  const time = Number(t);
  return { t, sentAtMs: time >= SMALLEST_MS_TIMESTAMP ? time : time * 1000, macs };
}

function parseLegacyHeader(header: string): ParsedHeader | null {
  if (!header.startsWith("sha256=")) return null;
  const mac = parseMac(header.slice("sha256=".length).trim());
  return mac === null ? null : { t: "", sentAtMs: null, macs: [mac] };
}

function parseMac(hex: string): Uint8Array<ArrayBuffer> | null {
  return hex.length === 64 ? fromHex(hex) : null;
}

function prefixed(t: string, body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const signed = new Uint8Array(t.length + 1 + body.length);
  // Digits only, so a character is a byte.
  for (let index = 0; index < t.length; index += 1) signed[index] = t.charCodeAt(index);
  signed[t.length] = FULL_STOP;
  signed.set(body, t.length + 1);
  return signed;
}
