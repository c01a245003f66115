import { jwtVerify, SignJWT } from "jose";
import * as z from "zod";

import { dueAt } from "./clock.ts";
import { MAX_CLOCK_LEAD_MS } from "./event.ts";
import { Grant } from "./grant.ts";
import { randomText } from "./ids.ts";

/**
 * Tokens and tickets: JSON Web Tokens (RFC 7519) that let a browser subscribe to what a grant
 * allows. They are signed by the relay's own key, so that the edge can refuse one without
 * asking any object; whether the API key that made one is still there is checked where the
 * stream is.
 */

/** A token opens streams until it expires; a ticket is part of a URL and opens one. */
export type TokenKind = "token" | "ticket";

export const MAX_TOKEN_SECONDS = 86_400;
/** How long a ticket can be used to open its stream. */
export const TICKET_OPENS_MS = 60_000;
/** Proxies and servers agree on about twice this for a whole URL. */
export const MAX_TICKET_CHARS = 8_000;

export interface TokenClaims {
  /** Names the ticket, so that it opens one stream and no more. */
  readonly id: string;
  readonly tenant: string;
  /** The API key that vouches for it. */
  readonly keyId: string;
  readonly grant: Grant;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

const Payload = z.object({
  jti: z.string(),
  iss: z.string(),
  sub: z.string(),
  iat: z.number(),
  exp: z.number(),
  grant: Grant,
});

export class TokenMint {
  readonly #key: CryptoKey;

  constructor(key: CryptoKey) {
    this.#key = key;
  }

  async issue(kind: TokenKind, claims: Omit<TokenClaims, "id">): Promise<string> {
    return new SignJWT({ grant: claims.grant })
      .setProtectedHeader({ alg: "HS256", typ: typeOf(kind) })
      .setJti(randomText(20))
      .setIssuer(claims.tenant)
      .setSubject(claims.keyId)
      .setIssuedAt(claims.issuedAtMs / 1000)
      .setExpirationTime(claims.expiresAtMs / 1000)
      .sign(this.#key);
  }

  /** Null for what this relay did not sign as one of this kind, and for what has expired. */
  async read(kind: TokenKind, text: string, nowMs: number): Promise<TokenClaims | null> {
    try {
      const { payload } = await jwtVerify(text, this.#key, {
        // Named here, so that no token can choose how it is verified.
        algorithms: ["HS256"],
        typ: typeOf(kind),
        currentDate: new Date(nowMs),
      });
      const read = Payload.safeParse(payload);
      if (!read.success) return null;
      const { jti, iss, sub, iat, exp, grant } = read.data;
      // Seconds, of which RFC 7519 allows fractions.
      const times = {
        issuedAtMs: Math.round(iat * 1000),
        expiresAtMs: Math.round(exp * 1000),
      };
      // Made by a clock that was ahead, it would live for longer than it was to.
      if (times.issuedAtMs > nowMs + MAX_CLOCK_LEAD_MS) return null;
      // The library looks at whole seconds.
      if (nowMs >= times.expiresAtMs) return null;
      return { id: jti, tenant: iss, keyId: sub, grant, ...times };
    } catch {
      // Whatever is wrong with a foreign text; the library tells it by throwing.
      return null;
    }
  }
}

/** When a stream ends that was opened with it: now, if it has longer to live than any. */
export function endOfToken(expiresAtMs: number, nowMs: number): number {
  return dueAt(expiresAtMs, nowMs, MAX_TOKEN_SECONDS * 1000 + MAX_CLOCK_LEAD_MS);
}

const typeOf = (kind: TokenKind) => `chargewire-${kind}+jwt`;
