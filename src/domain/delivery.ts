import { fromBase64, toBase64, toUtf8 } from "./encoding.ts";
import { type StationEvent, serializeEvent } from "./event.ts";
import type { Gap } from "./lane.ts";
import type { ClientCredentials } from "./oauth2.ts";
import { invariant } from "./result.ts";
import { type SignatureScheme, signWebhook } from "./signature.ts";
import { liveSecrets, readSigningSecret, type SigningSecret } from "./signing-secrets.ts";

export const DELIVERY_FORMATS = ["raw", "event"] as const;
export type DeliveryFormat = (typeof DELIVERY_FORMATS)[number];

/** The secret part of a route: sealed at rest, opened only for an attempt. */
export interface RouteSecrets {
  /** Newest first; each signs while it is live. */
  readonly signing: readonly SigningSecret[];
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: RouteAuth | null;
  /** With it a `raw` delivery carries a signature as eDRV makes it. */
  readonly edrvSecret: string | null;
}

export type RouteAuth =
  | { readonly type: "basic"; readonly username: string; readonly password: string }
  | { readonly type: "bearer"; readonly token: string }
  | ClientCredentials;

/** Reads opened secrets. An error must not quote them, which JSON.parse's own would. */
export function readRouteSecrets(opened: string): RouteSecrets {
  try {
    const secrets = JSON.parse(opened);
    return { ...secrets, signing: secrets.signing.map(readSigningSecret) };
  } catch {
    throw new Error("a route's sealed secrets are not readable");
  }
}

export interface DeliveryRequest {
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface AttemptFacts {
  readonly event: StationEvent;
  readonly format: DeliveryFormat;
  /** Counted from 1. */
  readonly attempt: number;
  readonly prevSeq: number | null;
  readonly gap: Gap | null;
  /** The replay that sends the event once more, or null. */
  readonly replay: string | null;
  readonly edrvScheme: SignatureScheme;
  /** An attempt that a person asked for, outside every lane. */
  readonly isTest?: boolean;
  /** Got with the route's client credentials, where it has them. */
  readonly accessToken?: string;
}

/** The request of one attempt. Each is signed anew: its time is its own, its `webhook-id` the event's. */
export async function buildDelivery(
  facts: AttemptFacts,
  secrets: RouteSecrets,
  nowMs: number,
): Promise<DeliveryRequest> {
  const { event, format, attempt, prevSeq, gap, replay } = facts;
  const body = format === "raw" ? event.body : serializeEvent(event);
  const timestamp = Math.floor(nowMs / 1000);
  const signing = liveSecrets(secrets.signing, nowMs).map(({ secret }) => secret);
  const headers: Record<string, string> = {
    "user-agent": "chargewire",
    // In one case, so that a name cannot be there twice.
    ...Object.fromEntries(
      Object.entries(secrets.headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    "content-type": "application/json",
    "webhook-id": event.id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": await standardSignature(event.id, timestamp, body, signing),
    "chargewire-station": event.station,
    "chargewire-seq": String(event.seq),
    "chargewire-type": event.type,
    "chargewire-attempt": String(attempt),
  };
  if (prevSeq !== null) headers["chargewire-prev-seq"] = String(prevSeq);
  if (gap !== null) headers["chargewire-gap"] = `${gap.first}-${gap.last}`;
  if (replay !== null) headers["chargewire-replay"] = replay;
  if (facts.isTest === true) headers["chargewire-test"] = "true";
  if (secrets.auth !== null) headers.authorization = authorization(secrets.auth, facts);
  if (format === "raw" && secrets.edrvSecret !== null) {
    headers["edrv-signature"] = await signWebhook({
      body: toUtf8(body),
      secret: secrets.edrvSecret,
      scheme: facts.edrvScheme,
      t: nowMs,
    });
  }
  return { headers, body };
}

/** Shorter ones say nothing, and would be found everywhere. */
const MIN_REDACTED_CHARS = 4;

/** An answer without the secrets that went out with the request: some destinations echo it. */
export function redact(text: string, secrets: RouteSecrets, { headers }: DeliveryRequest): string {
  const { auth } = secrets;
  const hidden = [
    ...Object.values(secrets.headers),
    headers.authorization?.replace(/^\w+ /, "") ?? "",
    auth?.type === "basic" ? auth.password : "",
  ];
  return hidden
    .filter((secret) => secret.length >= MIN_REDACTED_CHARS)
    .sort((one, other) => other.length - one.length)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .reduce((left, secret) => left.replaceAll(secret, "…"), text);
}

/** Standard Webhooks 1.0: `v1,<base64 of HMAC-SHA256 over id.timestamp.body>`, one per live secret. */
export async function standardSignature(
  id: string,
  timestamp: number,
  body: string,
  secrets: readonly string[],
): Promise<string> {
  const signed = toUtf8(`${id}.${timestamp}.${body}`);
  const signatures = secrets.map(async (secret) => {
    const bytes = fromBase64(secret.replace(/^whsec_/, "")) ?? new Uint8Array();
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytes, hmac, false, ["sign"]);
    return `v1,${toBase64(new Uint8Array(await crypto.subtle.sign("HMAC", key, signed)))}`;
  });
  return (await Promise.all(signatures)).join(" ");
}

/** A fresh signing secret, in the form that Standard Webhooks libraries take. */
export function newSigningSecret(): string {
  return `whsec_${toBase64(crypto.getRandomValues(new Uint8Array(32)))}`;
}

function authorization(auth: RouteAuth, { accessToken }: AttemptFacts): string {
  switch (auth.type) {
    case "basic":
      return `Basic ${toBase64(toUtf8(`${auth.username}:${auth.password}`))}`;
    case "bearer":
      return `Bearer ${auth.token}`;
    case "oauth2":
      invariant(accessToken !== undefined, "a route with client credentials comes with a token");
      return `Bearer ${accessToken}`;
  }
}

const RESERVED_PREFIXES = ["content-", "webhook-", "chargewire-", "edrv-", "cf-"];
const RESERVED_NAMES = new Set([
  "host",
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Headers that a route may not set: the relay's, the protocol's, and what an intermediary owns. */
export function isReservedHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return RESERVED_NAMES.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix));
}
