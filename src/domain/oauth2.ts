import { toBase64, toUtf8 } from "./encoding.ts";
import { err, ok, type Result } from "./result.ts";
import { isObject, parseJson } from "./webhook.ts";

/** How a route gets its access tokens: OAuth 2.0 client credentials (RFC 6749, section 4.4). */
export interface ClientCredentials {
  readonly type: "oauth2";
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string | undefined;
}

export interface AccessToken {
  readonly value: string;
  /** Another is fetched from then on, a little before this one ends. */
  readonly staleAtMs: number;
}

const DEFAULT_LIFETIME_SECONDS = 300;
const MAX_LIFETIME_SECONDS = 86_400;
/** A token in its last seconds may end on the way. */
const MARGIN_SECONDS = 30;

/** The request for a token. The client names itself by HTTP Basic, its parts encoded as a form's are (2.3.1). */
export function tokenRequest({ clientId, clientSecret, scope }: ClientCredentials): {
  headers: Record<string, string>;
  body: string;
} {
  const client = `${formEncode(clientId)}:${formEncode(clientSecret)}`;
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (scope !== undefined) form.set("scope", scope);
  return {
    headers: {
      accept: "application/json",
      authorization: `Basic ${toBase64(toUtf8(client))}`,
      "content-type": "application/x-www-form-urlencoded",
      "user-agent": "chargewire",
    },
    body: form.toString(),
  };
}

/** The token in a 200 answer's body. The error says what is wrong with it and quotes nothing of it. */
export function readTokenAnswer(text: string, nowMs: number): Result<AccessToken, string> {
  const answer = parseJson(text);
  if (!isObject(answer)) return err("the answer is not a JSON object");
  const { access_token: value, token_type: type, expires_in: lifetime } = answer;
  if (typeof value !== "string" || !/^[\x21-\x7e]{1,8192}$/.test(value)) {
    return err("the answer has no usable access_token");
  }
  if (typeof type === "string" && type.toLowerCase() !== "bearer") {
    return err("the token is not a bearer token");
  }
  return ok({ value, staleAtMs: nowMs + usefulSeconds(lifetime) * 1000 });
}

/** Some servers write `expires_in` as a string. A token of no readable lifetime lives for five minutes. */
function usefulSeconds(lifetime: unknown): number {
  const isNumeric = typeof lifetime === "number" || /^\d+$/.test(String(lifetime));
  const seconds = isNumeric ? Number(lifetime) : DEFAULT_LIFETIME_SECONDS;
  const bounded = Math.min(Math.max(seconds, 0), MAX_LIFETIME_SECONDS);
  return bounded - Math.min(MARGIN_SECONDS, bounded / 10);
}

function formEncode(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}
