import { isRecent } from "../domain/clock.ts";
import { concatBytes, sha256, toHex, toUtf8 } from "../domain/encoding.ts";
import { type SignatureScheme, verifySignature } from "../domain/signature.ts";
import { type QuarantineReason, readWebhook, type Webhook } from "../domain/webhook.ts";
import { stationName } from "../env.ts";
import type { AppendStatus } from "../objects/station.ts";
import type { IncomingEvent } from "../objects/station-journal.ts";
import { appendInLine } from "./append-line.ts";
import { type AppContext, addressOf } from "./context.ts";
import { notFound, problem, readyRefusal, refuse, tooMany } from "./problems.ts";
import { noteRefusal } from "./refusals.ts";
import { hasRoom, inRoom, refuseForNow } from "./room.ts";
import { SAFE_HEADERS } from "./safe-headers.ts";
import {
  findSource,
  refetchSource,
  type SourcePlace,
  type VerifyingSource,
} from "./source-cache.ts";
import { readBytes } from "./validation.ts";

/** eDRV's bodies are a few KiB; this is a hundred times what its samples take. */
export const MAX_WEBHOOK_BYTES = 512 * 1024;

/**
 * `POST /ingest/{sourceId}`: where eDRV's webhooks arrive. 200 with an empty body means
 * durable; eDRV disables endpoints that keep answering anything else
 * (docs.edrv.io/docs/webhooks-tutorial).
 */
export async function takeWebhook(c: AppContext): Promise<Response> {
  if (c.req.method !== "POST") {
    const response = refuse("method_not_allowed", "Webhooks are sent by POST.");
    response.headers.set("allow", "POST");
    return response;
  }
  const receivedAtMs = Date.now();
  const id = c.req.param("source") ?? "";
  const tenant = await c.get("config").ids.tenantOf("src", id);
  // What we never issued is refused without asking any object.
  if (tenant === null) return refuseUnknown(c);
  if (!hasRoom(tenant, receivedAtMs)) return refuseForNow();
  const source = await findSource(placeOf(c, tenant, id), receivedAtMs);
  if (source === null) return refuseUnknown(c);

  const body = await readBytes(c.req.raw, MAX_WEBHOOK_BYTES);
  if (body === null) {
    return refuse("body_too_large", `A webhook takes at most ${MAX_WEBHOOK_BYTES} bytes.`);
  }
  const request: SignedRequest = { tenant, sourceId: id, body, receivedAtMs };
  const scheme = await verify(c, source, request);
  if (typeof scheme !== "string") return scheme;
  const { success } = await c.env.INGEST_LIMIT.limit({ key: id });
  if (!success) return tooMany("This source sends more than 20,000 webhooks in 10 seconds.");
  noteAlive(c, source, request, scheme);
  return inRoom(c, tenant, body.length, () => accept(c, request, scheme));
}

const unverified = readyRefusal("unauthorized", "The signature could not be verified.");

interface SignedRequest {
  readonly tenant: string;
  readonly sourceId: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly receivedAtMs: number;
}

/** The scheme that verified, or the refusal. */
async function verify(
  c: AppContext,
  source: VerifyingSource,
  { tenant, sourceId, body, receivedAtMs }: SignedRequest,
): Promise<SignatureScheme | Response> {
  const header = c.req.header("edrv-signature") ?? null;
  const attempt = (by: VerifyingSource) =>
    verifySignature(
      { header, body },
      {
        scheme: by.scheme,
        toleranceMs: by.toleranceMs,
        likely: by.schemeSeen,
        keys: by.secrets
          .filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > receivedAtMs)
          .map(({ key }) => key),
      },
      receivedAtMs,
    );
  const first = await attempt(source);
  if (first.ok) return first.value;

  // The secret may be newer than what this isolate knows.
  const fresh = await refetchSource(placeOf(c, tenant, sourceId), receivedAtMs);
  if (fresh === null) return refuseUnknown(c);
  const second = fresh === source ? first : await attempt(fresh);
  if (second.ok) return second.value;

  const address = addressOf(c);
  const reason = second.error.code;
  noteRefusal(
    c.env,
    c.executionCtx,
    { tenant, source: sourceId, reason, size: body.length, address },
    receivedAtMs,
  );
  // Counted only now: no one's failures stand in the way of a request that verifies.
  const { success } = await c.env.REFUSAL_LIMIT.limit({ key: `${sourceId} ${address}` });
  if (!success) return tooMany("Too many requests that do not verify.");
  return unverified();
}

async function accept(
  c: AppContext,
  request: SignedRequest,
  scheme: SignatureScheme,
): Promise<Response> {
  const read = await readWebhook(request.body);
  if (!read.ok) return quarantine(c, request, read.error);
  const status = await append(c, request, read.value, scheme);
  switch (status) {
    case "accepted":
    case "duplicate":
      return taken();
    case "stale":
      return quarantine(c, request, "stale");
    case "gone":
      return notFound("source");
  }
}

/** Made once: an object's fields would be read and checked for each answer. */
const TAKEN: ResponseInit = { status: 200, headers: new Headers(SAFE_HEADERS) };

/** To eDRV an empty 200 means that it need not send this again. */
function taken(): Response {
  return new Response(null, TAKEN);
}

function append(
  c: AppContext,
  { tenant, sourceId, receivedAtMs }: SignedRequest,
  { id, type, station, createdAtMs, body }: Webhook,
  scheme: SignatureScheme,
): Promise<AppendStatus> {
  const name = stationName(tenant, station);
  const event: IncomingEvent = {
    id,
    type,
    source: sourceId,
    createdAtMs,
    receivedAtMs,
    body,
    replayable: scheme !== "timestamped",
  };
  return appendInLine(c, name, event);
}

/** Signed, and not to be read or placed: kept for a person, and acknowledged. */
async function quarantine(
  c: AppContext,
  { tenant, sourceId, body, receivedAtMs }: SignedRequest,
  reason: QuarantineReason,
): Promise<Response> {
  const id = await quarantineId(sourceId, body);
  const entry = { id, sourceId, reason, receivedAtMs };
  const kept = await c.env.TENANT.getByName(tenant).quarantine(entry, body);
  if (kept === "kept") return taken();
  if (kept === "gone") return notFound("source");
  return problem({
    code: "unavailable",
    detail: "The quarantine is full; nothing was taken in.",
    retryAfterSeconds: 60,
  });
}

async function quarantineId(sourceId: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await sha256(concatBytes([toUtf8(`${sourceId}\n`), body]));
  return `q_${toHex(digest.subarray(0, 16))}`;
}

/** Tells the tenant which scheme verifies and that events come in, no more often than the source asks for. */
function noteAlive(
  c: AppContext,
  source: VerifyingSource,
  { tenant, sourceId, receivedAtMs }: SignedRequest,
  scheme: SignatureScheme,
): void {
  const isNews = source.schemeSeen !== scheme;
  if (!isNews && isRecent(source.notedAtMs, receivedAtMs, source.noteEveryMs)) return;
  source.schemeSeen = scheme;
  source.notedAtMs = receivedAtMs;
  const note = () => c.env.TENANT.getByName(tenant).noteSource(sourceId, scheme, receivedAtMs);
  // Once more, because an object that restarts fails the calls under way; else with the next event.
  const noted = note()
    .catch(note)
    .catch(() => {
      source.notedAtMs = 0;
    });
  c.executionCtx.waitUntil(noted);
}

async function refuseUnknown(c: AppContext): Promise<Response> {
  const address = addressOf(c);
  const { success } = await c.env.REFUSAL_LIMIT.limit({ key: `unknown ${address}` });
  return success ? notFound("source") : tooMany("Too many requests for sources that do not exist.");
}

function placeOf(c: AppContext, tenant: string, id: string): SourcePlace {
  return { env: c.env, config: c.get("config"), tenant, id };
}
