import { type Outcome, readRetryAfter } from "../domain/outcome.ts";
import { type OutboundRequest, post } from "./post.ts";

/** The status is the answer; of its body people want the beginning, and the lane cannot wait for it. */
const BODY_PATIENCE_MS = 2_000;
const SNIPPET_CHARS = 1024;

/** One attempt at a destination. `redact` takes out of its answer what is not to be kept. Never throws. */
export async function deliver(
  request: OutboundRequest,
  redact: (text: string) => string,
): Promise<Outcome> {
  const answer = await post(request, BODY_PATIENCE_MS);
  if (answer.kind === "failed") return answer;
  const { kind, status, latencyMs } = answer;
  return {
    kind,
    status,
    retryAfterMs: readRetryAfter(answer.headers.get("retry-after"), Date.now()),
    latencyMs,
    snippet: redact(answer.text).slice(0, SNIPPET_CHARS),
  };
}
