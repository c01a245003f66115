import {
  type AccessToken,
  type ClientCredentials,
  readTokenAnswer,
  tokenRequest,
} from "../domain/oauth2.ts";
import type { FailedOutcome } from "../domain/outcome.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { type OutboundRequest, post } from "./post.ts";

/**
 * One request for an access token. Never throws. What the token endpoint says beyond its
 * status stays here: it may quote what it was sent.
 */
export async function fetchToken(
  client: ClientCredentials,
  target: Pick<OutboundRequest, "url" | "timeoutMs" | "hopId">,
): Promise<Result<AccessToken, FailedOutcome>> {
  const answer = await post({ ...target, ...tokenRequest(client) }, target.timeoutMs);
  const failed = (why: string) => err(noToken(why, answer.latencyMs));
  if (answer.kind === "failed") return failed(answer.error);
  const { status, text, isWhole } = answer;
  if (status < 200 || status > 299) return failed(`HTTP ${status}`);
  if (!isWhole) return failed("the answer is too long, or broke off");
  const token = readTokenAnswer(text, Date.now());
  return token.ok ? ok(token.value) : failed(token.error);
}

/** What an attempt comes to for which there is no token. */
export function noToken(why: string, latencyMs: number): FailedOutcome {
  return { kind: "failed", error: "token", detail: `token endpoint: ${why}`, latencyMs };
}
