import { type Context, Hono } from "hono";

import { NewTicket, NewToken } from "../domain/control.ts";
import { type Grant, narrowGrant } from "../domain/grant.ts";
import { MAX_TICKET_CHARS, TICKET_OPENS_MS, type TokenKind } from "../domain/subscriber-token.ts";
import { feedName } from "../env.ts";
import { type Asker, bearerOf, identify, originOf, refuseKey } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { inadmissible, refuse } from "./problems.ts";
import { invalid, readBody } from "./validation.ts";

/**
 * `/v1/tokens` and `/v1/tickets`: what a page is given in place of an API key. Any key may ask
 * for a token, which never sees more than the key; a page may ask for a ticket with its token.
 */
export const tokens = new Hono<AppEnv>();

tokens.post("/tokens", async (c) => {
  const asker = await identify(c, bearerOf(c));
  if (asker === null) return refuseKey(c, "A valid key is needed.");
  if (asker.role === null) return refuse("forbidden", "A token cannot make tokens.");
  const refusal = await refusalOf(c, asker);
  if (refusal !== null) return refusal;
  const input = await readBody(c, NewToken, {});
  if (!input.ok) return input.error;
  const { text, expiresAtMs } = await issue(c, "token", asker, input.value);
  return c.json({ token: text, expiresAt: new Date(expiresAtMs).toISOString() }, 201);
});

tokens.post("/tickets", async (c) => {
  const asker = await identify(c, bearerOf(c));
  if (asker === null) return refuseKey(c, "A valid key or token is needed.");
  const refusal = await refusalOf(c, asker);
  if (refusal !== null) return refusal;
  const input = await readBody(c, NewTicket, {});
  if (!input.ok) return input.error;
  const { text, issuedAtMs, expiresAtMs } = await issue(c, "ticket", asker, input.value);
  if (text.length > MAX_TICKET_CHARS) {
    const message =
      "a ticket is part of a URL: its types and stations, with those of the token it is made with, are too many";
    return invalid([{ path: "", message }]);
  }
  return c.json(
    {
      ticket: text,
      /** Until then it can open its stream … */
      opensBefore: new Date(issuedAtMs + TICKET_OPENS_MS).toISOString(),
      /** … and until then that stream can be continued. */
      expiresAt: new Date(expiresAtMs).toISOString(),
    },
    201,
  );
});

type TokenContext = Context<AppEnv>;

async function refusalOf(c: TokenContext, { tenant, keyId }: Asker): Promise<Response | null> {
  const feed = c.env.FEED.getByName(feedName(tenant));
  const reason = await feed.refuses(keyId, originOf(c), null);
  return reason === null ? null : inadmissible(reason);
}

async function issue(
  c: TokenContext,
  kind: TokenKind,
  asker: Asker,
  { view, types, stations, ttlSeconds }: NewToken,
) {
  const scope = {
    ...(types === undefined ? {} : { types }),
    ...(stations === undefined ? {} : { stations }),
  };
  const grant: Grant = narrowGrant(asker.grant, { view, scopes: [scope] });
  const issuedAtMs = Date.now();
  const wantedMs = issuedAtMs + ttlSeconds * 1000;
  const expiresAtMs = Math.min(wantedMs, asker.expiresAtMs ?? wantedMs);
  const { tenant, keyId } = asker;
  const claims = { tenant, keyId, grant, issuedAtMs, expiresAtMs };
  return { text: await c.var.config.tokens.issue(kind, claims), issuedAtMs, expiresAtMs };
}
