import { HOP_HEADER } from "../domain/destination-url.ts";

/** Of an answer's body this much is read, then the connection is let go. */
export const MAX_ANSWER_BYTES = 16 * 1024;

export interface OutboundRequest {
  /** As checkDestination (domain/destination-url.ts) has passed it. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the whole of it. */
  readonly timeoutMs: number;
  /** This relay's own id, by which it knows its requests again. */
  readonly hopId: string;
}

export type Answer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Headers;
      /** As much of the body as was read; {@link isWhole} says whether that is all of it. */
      readonly text: string;
      readonly isWhole: boolean;
      /** Until the headers. */
      readonly latencyMs: number;
    }
  | {
      readonly kind: "failed";
      readonly error: "timeout" | "connection";
      readonly detail: string;
      readonly latencyMs: number;
    };

/**
 * One POST to somebody else's server. Never throws, never follows a redirect, and never waits
 * for more of the body than `bodyPatienceMs` after the headers, nor reads without end.
 */
export async function post(request: OutboundRequest, bodyPatienceMs: number): Promise<Answer> {
  const startedMs = Date.now();
  const leaving = new AbortController();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    leaving.abort();
  }, request.timeoutMs);
  try {
    const response = await fetch(request.url, {
      method: "POST",
      headers: { ...request.headers, [HOP_HEADER]: request.hopId },
      body: request.body,
      redirect: "manual",
      signal: leaving.signal,
    });
    const latencyMs = Date.now() - startedMs;
    const body = await readBeginning(response, bodyPatienceMs);
    // There is more to come that nobody reads; an object would keep the connection open for it.
    if (!body.isWhole) leaving.abort();
    const { status, headers } = response;
    return { kind: "answered", status, headers, ...body, latencyMs };
  } catch (error) {
    return {
      kind: "failed",
      error: isLate ? "timeout" : "connection",
      detail: isLate ? `no answer within ${request.timeoutMs} ms` : describeFailure(error),
      latencyMs: Date.now() - startedMs,
    };
  } finally {
    clearTimeout(timer);
  }
}

/** The runtime says no more of a name that does not resolve, or of TLS that fails. */
function describeFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  const isVague = message === "" || message.startsWith("internal error");
  return isVague ? "no connection: DNS, TLS or the network failed" : message.slice(0, 200);
}

/** The answer is the status; a body that stalls, breaks off or never ends takes nothing from it. */
async function readBeginning(
  response: Response,
  patienceMs: number,
): Promise<{ text: string; isWhole: boolean }> {
  if (response.body === null) return { text: "", isWhole: true };
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let total = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const patience = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), patienceMs);
  });
  try {
    while (total <= MAX_ANSWER_BYTES) {
      const read = await Promise.race([reader.read(), patience]);
      if (read === null) return { text, isWhole: false };
      if (read.done) return { text: text + decoder.decode(), isWhole: true };
      const room = MAX_ANSWER_BYTES - total;
      text += decoder.decode(read.value.subarray(0, room), { stream: true });
      total += read.value.length;
    }
  } catch {
    // The time is up, or the other side went away; what was read stands.
  } finally {
    clearTimeout(timer);
  }
  return { text, isWhole: false };
}
