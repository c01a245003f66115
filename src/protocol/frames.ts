import * as z from "zod";

import { HEARTBEAT_SECONDS } from "./codes.ts";

/*
 * The frames of the subscriber protocol, version 1: JSON texts over one WebSocket, each naming
 * itself in `op`. Prose and a worked session are in docs/protocol.md.
 */

/** Longest text a client may send: a full filter with room to spare. */
export const MAX_CLIENT_FRAME_CHARS = 64 * 1024;

/** Where a stream begins: `now`, `snapshot`, `start`, or a cursor. */
const From = z.string().min(1).max(128);

/** The filter is checked by the relay itself, so that what is wrong with it can be answered. */
export const SubscribeFrame = z.strictObject({
  op: z.literal("subscribe"),
  filter: z.unknown().optional(),
  from: From.optional(),
});
export type SubscribeFrame = z.infer<typeof SubscribeFrame>;

/** What the subscriber has taken in: everything up to the cursor. */
export const AckFrame = z.strictObject({ op: z.literal("ack"), cursor: z.string().max(128) });

/** A new token, before the old one ends. */
export const AuthFrame = z.strictObject({
  op: z.literal("auth"),
  token: z.string().min(1).max(MAX_CLIENT_FRAME_CHARS),
});

export interface ClientFrame {
  readonly op: string;
  readonly frame: unknown;
}

/** A frame we could read as far as its `op`, or null for what is no frame at all. */
export function readClientFrame(data: string | ArrayBuffer): ClientFrame | null {
  if (typeof data !== "string" || data.length > MAX_CLIENT_FRAME_CHARS) return null;
  try {
    const frame: unknown = JSON.parse(data);
    const named = z.looseObject({ op: z.string() }).safeParse(frame);
    return named.success ? { op: named.data.op, frame } : null;
  } catch {
    return null;
  }
}

export interface Hello {
  readonly connection: string;
  readonly tenant: string;
  readonly cursor: string;
  /** True: everything after the given cursor follows. False: it cannot; a gap and a snapshot follow. */
  readonly recovered: boolean | null;
  /** Events of the stream that lie after the cursor now, whatever the filter. */
  readonly behind: number;
}

export function helloFrame(hello: Hello): string {
  return JSON.stringify({ op: "hello", v: 1, ...hello, heartbeatSeconds: HEARTBEAT_SECONDS });
}

/**
 * Events and states are texts already: a body goes out as it came in. `behind` is given while a
 * subscriber is being brought up to date: the events of the stream that are still to come.
 */
export function eventsFrame(
  events: readonly string[],
  cursor: string,
  behind: number | null,
): string {
  return `{"op":"events","events":[${events.join(",")}]${placeFields(cursor, behind)}}`;
}

/** In place of events, for subscribers who see no more than availability. */
export function stateFrame(
  stations: readonly string[],
  cursor: string,
  behind: number | null,
): string {
  return `{"op":"state","stations":[${stations.join(",")}]${placeFields(cursor, behind)}}`;
}

function placeFields(cursor: string, behind: number | null): string {
  return `,"cursor":${JSON.stringify(cursor)}${behind === null ? "" : `,"behind":${behind}`}`;
}

export function snapshotFrame(stations: readonly string[], cursor: string, done: boolean): string {
  return `{"op":"snapshot","stations":[${stations.join(",")}],"cursor":${JSON.stringify(cursor)},"done":${done}}`;
}

export type GapReason = "retention" | "epoch" | "slow";

export function gapFrame(reason: GapReason, cursor: string): string {
  return JSON.stringify({ op: "gap", reason, cursor });
}

export function errorFrame(code: string, detail: string): string {
  return JSON.stringify({ op: "error", code, detail });
}

export function byeFrame(code: number, retryAfterMs: number, cursor: string): string {
  return JSON.stringify({ op: "bye", code, retryAfterMs, cursor });
}

/** What passing a server's frame on takes: its op, its place, and what follows. */
export function readServerFrame(text: string) {
  // Our own text, from the stream's object.
  const frame: {
    readonly op: string;
    readonly cursor?: string;
    readonly recovered?: boolean | null;
    readonly done?: boolean;
    readonly retryAfterMs?: number;
  } = JSON.parse(text);
  return { ...frame, cursor: frame.cursor ?? null, retryAfterMs: frame.retryAfterMs ?? null };
}
