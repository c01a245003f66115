import type { Role } from "./control.ts";
import { FULL_GRANT, type Grant } from "./grant.ts";
import { hashKey, type IdMint } from "./ids.ts";
import type { TokenKind, TokenMint } from "./subscriber-token.ts";

/** Who is asking for a stream, and what they may see. */
export interface Admission {
  readonly tenant: string;
  /** The API key that was presented, or that vouches for the token. */
  readonly keyId: string;
  /** Null for a token: it subscribes, and does nothing else. */
  readonly role: Role | null;
  readonly grant: Grant;
  readonly issuedAtMs: number;
  /** Null for a key, which has no end. */
  readonly expiresAtMs: number | null;
  /** Of a ticket: what it is told apart by. */
  readonly ticketId: string | null;
}

export interface AdmissionWorld {
  readonly ids: IdMint;
  readonly tokens: TokenMint;
  /** Asked only for a key that this relay has issued. */
  readonly authenticate: (
    tenant: string,
    keyHash: string,
  ) => Promise<{ readonly keyId: string; readonly role: Role } | null>;
  readonly nowMs: number;
}

/** By an API key or a subscriber token; null for everything else. */
export async function admitByKeyOrToken(
  text: string,
  { ids, tokens, authenticate, nowMs }: AdmissionWorld,
): Promise<Admission | null> {
  const tenant = await ids.tenantOf("cw", text);
  if (tenant === null) return admitByToken("token", text, tokens, nowMs);
  const found = await authenticate(tenant, await hashKey(text));
  if (found === null) return null;
  const { keyId, role } = found;
  const noEnd = { issuedAtMs: nowMs, expiresAtMs: null, ticketId: null };
  return { tenant, keyId, role, grant: FULL_GRANT, ...noEnd };
}

/** Null for a token that this relay did not sign, or whose time is over. */
export async function admitByToken(
  kind: TokenKind,
  text: string,
  tokens: TokenMint,
  nowMs: number,
): Promise<Admission | null> {
  const read = await tokens.read(kind, text, nowMs);
  if (read === null) return null;
  const { id, tenant, keyId, grant, issuedAtMs, expiresAtMs } = read;
  return {
    tenant,
    keyId,
    role: null,
    grant,
    issuedAtMs,
    expiresAtMs,
    ticketId: kind === "ticket" ? id : null,
  };
}
