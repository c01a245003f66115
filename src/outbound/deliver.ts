import { type Outcome, readRetryAfter } from "../domain/outcome.ts";

/** Of an answer's body this much is read, then the connection is let go. */
const MAX_ANSWER_BYTES = 16 * 1024;
const SNIPPET_CHARS = 1024;

export interface OutboundRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** One POST to a destination. Never throws, never follows a redirect, never reads without end. */
export async function deliver(request: OutboundRequest): Promise<Outcome> {
  const startedMs = Date.now();
  const signal = AbortSignal.timeout(request.timeoutMs);
  try {
    const response = await fetch(request.url, {
      method: "POST",
      headers: request.headers,
      body: request.body,
      redirect: "manual",
      signal,
    });
    const nowMs = Date.now();
    return {
      kind: "answered",
      status: response.status,
      retryAfterMs: readRetryAfter(response.headers.get("retry-after"), nowMs),
      latencyMs: nowMs - startedMs,
      snippet: await readSnippet(response),
    };
  } catch (error) {
    return {
      kind: "failed",
      error: signal.aborted ? "timeout" : "connection",
      detail: error instanceof Error ? error.message.slice(0, 200) : "",
      latencyMs: Date.now() - startedMs,
    };
  }
}

/** The answer is the status; a body that stalls or breaks off takes nothing from it. */
async function readSnippet(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let total = 0;
  try {
    while (total < MAX_ANSWER_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      if (text.length < SNIPPET_CHARS) text += decoder.decode(value, { stream: true });
      total += value.length;
    }
    if (total >= MAX_ANSWER_BYTES) await reader.cancel();
  } catch {
    // The time is up, or the other side went away; what was read stands.
  }
  return text.slice(0, SNIPPET_CHARS);
}
