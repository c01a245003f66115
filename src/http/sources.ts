import { Hono } from "hono";

import { NewSecret, NewSource, SourcePatch } from "../domain/control.ts";
import { tenantOnly } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { ifMatchOf, refuseChanged, tagged } from "./preconditions.ts";
import { notFound, refuse } from "./problems.ts";
import { forgetSource } from "./source-cache.ts";
import { actorOf, tenantOf } from "./tenant-object.ts";
import { readBody, readNumberedPage, readPage } from "./validation.ts";

/** `/v1/sources`: the tenant's ingest URLs and their signing secrets. */
export const sources = new Hono<AppEnv>();
sources.use(tenantOnly);

sources.get("/", async (c) => {
  const page = readPage(c);
  if (!page.ok) return page.error;
  return c.json(await tenantOf(c).listSources(page.value.after ?? "", page.value.limit));
});

sources.post("/", async (c) => {
  const input = await readBody(c, NewSource);
  if (!input.ok) return input.error;
  const source = await tenantOf(c).createSource(input.value, actorOf(c));
  return source === null ? refuse("limit_reached", "At most 50 sources.") : tagged(c, source, 201);
});

sources.get("/:id", async (c) => {
  const source = await tenantOf(c).getSource(c.req.param("id"));
  return source === null ? notFound("source") : tagged(c, source);
});

sources.patch("/:id", async (c) => {
  const input = await readBody(c, SourcePatch);
  if (!input.ok) return input.error;
  const id = c.req.param("id");
  const source = await tenantOf(c).updateSource(id, input.value, actorOf(c), ifMatchOf(c));
  forgetSource(id);
  if (source === "precondition_failed") return refuseChanged("source");
  return source === null ? notFound("source") : tagged(c, source);
});

sources.delete("/:id", async (c) => {
  const deleted = await tenantOf(c).deleteSource(c.req.param("id"), actorOf(c), ifMatchOf(c));
  forgetSource(c.req.param("id"));
  if (deleted === "precondition_failed") return refuseChanged("source");
  return deleted ? c.body(null, 204) : notFound("source");
});

/** Rotation: the new secret works at once, those before it until they expire. */
sources.post("/:id/secrets", async (c) => {
  const input = await readBody(c, NewSecret);
  if (!input.ok) return input.error;
  const secret = await tenantOf(c).addSecret(c.req.param("id"), input.value, actorOf(c));
  forgetSource(c.req.param("id"));
  if (secret === "not_found") return notFound("source");
  if (secret === "limit_reached") return refuse("limit_reached", "At most 10 live secrets.");
  return c.json(secret, 201);
});

sources.delete("/:id/secrets/:secret", async (c) => {
  const { id, secret } = c.req.param();
  const deleted = await tenantOf(c).deleteSecret(id, secret, actorOf(c));
  forgetSource(id);
  return deleted ? c.body(null, 204) : notFound("secret");
});

/** Newest first: how many requests were refused, why, and a few of them. */
sources.get("/:id/refusals", async (c) => {
  const page = readNumberedPage(c, Number.MAX_SAFE_INTEGER);
  if (!page.ok) return page.error;
  const { after, limit } = page.value;
  const refusals = await tenantOf(c).listRefusals(c.req.param("id"), after, limit);
  return refusals === null ? notFound("source") : c.json(refusals);
});
