import { env } from "cloudflare:workers";
import { expect } from "vitest";
import * as z from "zod";

import type { Grant } from "../../src/domain/grant.ts";
import type { TokenKind } from "../../src/domain/subscriber-token.ts";
import { configOf } from "../../src/env.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { eventsOf, type Frame, seqs, type TestSocket, worker } from "./support.ts";

const Keys = z.array(z.object({ id: z.string() }));
const NewKey = z.object({ id: z.string(), apiKey: z.string() });
const NewTicket = z.object({ ticket: z.string(), opensBefore: z.string(), expiresAt: z.string() });

export async function newKey(tenant: TestTenant, role: "admin" | "reader" = "reader") {
  return NewKey.parse((await tenant.call("POST", "/v1/keys", { name: "page", role })).body);
}

export async function newTicket(tenant: TestTenant, claims: object = {}, key = tenant.key) {
  const { status, body } = await tenant.call("POST", "/v1/tickets", claims, key);
  expect([status, body]).toEqual([201, body]);
  return NewTicket.parse(body).ticket;
}

export async function firstKeyId(tenant: TestTenant): Promise<string> {
  const [key] = Keys.parse(await tenant.items("/v1/keys"));
  return key?.id ?? "";
}

/** As the relay makes it, but with times of the test's own. Of the tenant's first key. */
export async function mint(
  tenant: TestTenant,
  { kind = "token", fromMs = 0, untilMs = 3_600_000, grant = EVERYTHING }: Minting = {},
): Promise<string> {
  const { tokens } = await configOf(env);
  const nowMs = Date.now();
  return tokens.issue(kind, {
    tenant: tenant.id,
    keyId: await firstKeyId(tenant),
    grant,
    issuedAtMs: nowMs + fromMs,
    expiresAtMs: nowMs + untilMs,
  });
}

interface Minting {
  readonly kind?: TokenKind;
  /** From now. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly grant?: Grant;
}

const EVERYTHING: Grant = { view: "events", scopes: [] };

/** The whole second after the next one: a token that ends then has more than a second left. */
export const inSeconds = (count: number) => count * 1_000 + 1_000 - (Date.now() % 1_000);

export const until = (atMs: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, atMs - Date.now()));

/** One event, taken in. */
export async function send(
  tenant: TestTenant,
  path: string,
  station: string,
  type = "session.updated",
): Promise<void> {
  expect((await tenant.send(path, webhook({ station, type }))).status).toBe(200);
}

/** What answers a subscriber that asks with this token. */
export async function ask(
  tenant: TestTenant,
  path: string,
  key: string | null,
  headers: Record<string, string> = { upgrade: "websocket" },
): Promise<{ status: number; code: string | undefined; body: unknown; headers: Headers }> {
  const authorization = key === null ? {} : { authorization: `Bearer ${key}` };
  const request = new Request(tenant.origin + path, { headers: { ...authorization, ...headers } });
  const response = await worker(request);
  response.webSocket?.accept();
  response.webSocket?.close();
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (isStream) await response.body?.cancel();
  const text = isStream || response.status === 101 ? "{}" : await response.text();
  const body: unknown = JSON.parse(text);
  const { code } = z.looseObject({ code: z.string().optional() }).parse(body);
  return { status: response.status, code, body, headers: response.headers };
}

export const places = (frames: readonly Frame[]) =>
  eventsOf(frames).map(({ station, type, seq }) => `${station} ${seq} ${type}`);

/** Waits for that many events, and hands over the seqs of all that have come by then. */
export async function seqsOf({ frames }: TestSocket, count: number): Promise<number[]> {
  await expect.poll(() => seqs(frames).length).toBeGreaterThanOrEqual(count);
  return seqs(frames);
}

/** All stations in `snapshot` or `state` frames so far. */
const States = z.object({ stations: z.array(z.looseObject({ station: z.string() })) });
export function statesOf(frames: readonly Frame[], op: "snapshot" | "state") {
  return frames.filter((frame) => frame.op === op).flatMap((frame) => States.parse(frame).stations);
}
