import type {
  ConfigRoute,
  ConfigSource,
  PresentRoute,
  PresentSource,
  RouteSecretValues,
} from "./config-document.ts";
import type { RouteAuth } from "./delivery.ts";
import { hintOf } from "./ids.ts";

/*
 * What a document says of secrets: a text sets one, a hint (of authentication: its type) names the one
 * that is there, and what is left out stays. A hint of what is not there is refused: somebody
 * else has changed it, or the document is another tenant's.
 */

const NOT_HERE = "this secret is not here; write the secret itself, or leave it out";
const OTHER_HOST = "it was made for another host; write it anew, or leave it out to drop it";

/** The secret that the source needs beside those it has, or null. */
export function resolveSourceSecret(
  wanted: ConfigSource["secret"],
  present: PresentSource | null,
  report: (message: string) => void,
): string | null {
  if (wanted === undefined) return null;
  const live = present?.secrets ?? [];
  if (typeof wanted === "string") {
    const isThere = live.some(
      ({ secret, expiresAtMs }) => secret === wanted && expiresAtMs === null,
    );
    return isThere ? null : wanted;
  }
  if (!live.some(({ secret }) => hintOf(secret) === wanted.hint)) report(NOT_HERE);
  return null;
}

/**
 * The secrets that the route is to have. Headers and authentication belong to the host they were
 * made for: a route that moves to another origin loses what the document does not set anew.
 */
export function resolveRouteSecrets(
  wanted: ConfigRoute,
  present: PresentRoute | null,
  report: (field: string, message: string) => void,
): RouteSecretValues {
  const hasMoved = present !== null && originOf(wanted.url) !== originOf(present.url);
  const held = hasMoved ? null : present;
  const refusal = hasMoved ? OTHER_HOST : NOT_HERE;
  return {
    headers: resolveHeaders(wanted.headers, held?.headers ?? {}, (name) => {
      report(`headers.${name}`, refusal);
    }),
    auth: resolveAuth(wanted.auth, held?.auth ?? null, () => report("auth", refusal)),
    edrvSecret: resolveEdrvSecret(wanted.edrvSecret, present?.edrvSecret ?? null, () =>
      report("edrvSecret", NOT_HERE),
    ),
  };
}

function resolveHeaders(
  wanted: ConfigRoute["headers"],
  held: Readonly<Record<string, string>>,
  report: (name: string) => void,
): Readonly<Record<string, string>> {
  if (wanted === undefined) return held;
  const values = new Map(Object.entries(held));
  return Object.fromEntries(
    Object.entries(wanted).map(([name, value]) => {
      if (typeof value === "string") return [name, value];
      const kept = values.get(name);
      if (kept === undefined || hintOf(kept) !== value.hint) report(name);
      return [name, kept ?? ""];
    }),
  );
}

function resolveAuth(
  wanted: ConfigRoute["auth"],
  held: RouteAuth | null,
  report: () => void,
): RouteAuth | null {
  if (wanted === undefined) return held;
  if (wanted === null || isWhole(wanted)) return wanted;
  if (held?.type !== wanted.type) report();
  return held;
}

/** With its credentials, as {@link ConfigRoute} has checked. */
function isWhole(auth: RouteAuth | { readonly type: string }): auth is RouteAuth {
  return Object.keys(auth).length > 1;
}

function resolveEdrvSecret(
  wanted: ConfigRoute["edrvSecret"],
  held: string | null,
  report: () => void,
): string | null {
  if (wanted === undefined) return held;
  if (wanted === null || typeof wanted === "string") return wanted;
  if (held === null || hintOf(held) !== wanted.hint) report();
  return held;
}

function originOf(url: string): string | null {
  return URL.parse(url)?.origin ?? null;
}
