import {
  buildDelivery,
  type DeliveryFormat,
  type RouteSecrets,
} from "../../../src/domain/delivery.ts";
import type { StationEvent } from "../../../src/domain/event.ts";
import type { Gap } from "../../../src/domain/lane.ts";
import { type Outcome, readRetryAfter } from "../../../src/domain/outcome.ts";
import type { SignatureScheme } from "../../../src/domain/signature.ts";

export interface Destination {
  readonly url: string;
  readonly format: DeliveryFormat;
  /** `whsec_…` */
  readonly secret: string;
  readonly edrvSecret: string | null;
  readonly edrvScheme: SignatureScheme;
  readonly timeoutMs: number;
}

export interface AttemptPlace {
  /** Counted from 1. */
  readonly attempt: number;
  readonly prevSeq: number | null;
  readonly gap: Gap | null;
}

/** One attempt at the local server, as the relay makes one at a route's destination. Never throws. */
export async function attempt(
  destination: Destination,
  event: StationEvent,
  place: AttemptPlace,
): Promise<Outcome> {
  const { url, format, edrvScheme, timeoutMs } = destination;
  const startMs = Date.now();
  const facts = { event, format, ...place, replay: null, edrvScheme };
  const { headers, body } = await buildDelivery(facts, secretsOf(destination), startMs);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
    const latencyMs = Date.now() - startMs;
    const snippet = await beginningOf(answer);
    const retryAfterMs = readRetryAfter(answer.headers.get("retry-after"), Date.now());
    return { kind: "answered", status: answer.status, retryAfterMs, latencyMs, snippet };
  } catch (error) {
    const latencyMs = Date.now() - startMs;
    const isTimeout = error instanceof Error && error.name === "TimeoutError";
    const kind = isTimeout ? "timeout" : "connection";
    return { kind: "failed", error: kind, detail: detailOf(error), latencyMs };
  }
}

/** The status is the answer. What is more than this of its body is not waited for. */
const MAX_BODY_BYTES = 16 * 1024;
const SNIPPET_CHARS = 200;

async function beginningOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body ?? []) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BODY_BYTES) break;
    }
  } catch {
    // It came to no end: what has come is all there is to show.
  }
  return new TextDecoder().decode(Buffer.concat(chunks)).slice(0, SNIPPET_CHARS);
}

function secretsOf({ secret, edrvSecret }: Destination): RouteSecrets {
  const signing = [{ secret, createdAtMs: null, expiresAtMs: null }];
  return { signing, headers: {}, auth: null, edrvSecret };
}

/** fetch itself says no more than that it failed; the cause says why. */
function detailOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : String(cause);
}
