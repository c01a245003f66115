import { isActionType } from "./catalogue.ts";
import { fromUtf8, sha256, toHex } from "./encoding.ts";
import { err, ok, type Result } from "./result.ts";
import { ACCOUNT_STATION, isStationId } from "./station-id.ts";

/** Why a correctly signed webhook is kept aside instead of relayed. */
export const QUARANTINE_REASONS = ["not_json", "not_object", "type", "station", "stale"] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** What the relay needs to know of a webhook; everything else stays in `body`, untouched. */
export interface Webhook {
  readonly id: string;
  readonly type: string;
  readonly station: string;
  /** The body's `createdAt`, or null when it cannot be read. */
  readonly createdAtMs: number | null;
  /** The text that eDRV sent: its UTF-8 bytes are the bytes received. */
  readonly body: string;
}

/**
 * Reads eDRV's envelope `{_id, type, object, data, createdAt}` (docs.edrv.io/docs/webhooks-tutorial).
 * Unknown types and unknown fields are as good as known ones. `chosen` stands for what the body
 * says of its station.
 */
export async function readWebhook(
  bytes: Uint8Array<ArrayBuffer>,
  chosen: string | null = null,
): Promise<Result<Webhook, QuarantineReason>> {
  const body = fromUtf8(bytes);
  const parsed = body === null ? undefined : parseJson(body);
  if (body === null || parsed === undefined) return err("not_json");
  if (!isObject(parsed)) return err("not_object");

  const type = parsed.type;
  if (typeof type !== "string" || !isToken(type)) return err("type");
  const station = chosen ?? stationOf(type, parsed.data);
  if (station === null) return err("station");

  const id = parsed._id;
  return ok({
    id: typeof id === "string" && isToken(id) ? id : await bodyId(bytes),
    type,
    station,
    createdAtMs: readTime(parsed.createdAt),
    body,
  });
}

/**
 * The chargestation an event belongs to, `_account` when it concerns none, null when what
 * stands in its place is not a station id.
 */
export function stationOf(type: string, data: unknown): string | null {
  if (!isObject(data)) return ACCOUNT_STATION;
  const named = data.chargestation ?? null;
  if (named !== null) return checked(isObject(named) ? named._id : named);
  // On a session or an action `_id` is that object's own, not the station's.
  if (type.startsWith("chargestation.") && !isActionType(type)) {
    const own = data._id ?? null;
    return own === null ? ACCOUNT_STATION : checked(own);
  }
  return ACCOUNT_STATION;
}

/** The times, in UTC, that ISO 8601 writes with a year of four digits: others few can read. */
const FIRST_MS = Date.parse("0000-01-01T00:00:00.000Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** Milliseconds since 1970 of an ISO 8601 time with date and zone-able clock, else null. */
export function readTime(value: unknown): number | null {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)) return null;
  const ms = Date.parse(value);
  return ms >= FIRST_MS && ms <= LAST_MS ? ms : null;
}

/** A plain object, whose fields are still unknown. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Undefined for text that is not JSON, however deeply it nests. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checked(station: unknown): string | null {
  return typeof station === "string" && isStationId(station) ? station : null;
}

/** 1 to 128 printable ASCII characters that an HTTP header carries without trimming. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(text);
}

async function bodyId(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha256:${toHex(await sha256(bytes))}`;
}
