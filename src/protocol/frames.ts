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
}

export function helloFrame(hello: Hello): string {
  return JSON.stringify({ op: "hello", v: 1, ...hello, heartbeatSeconds: HEARTBEAT_SECONDS });
}

/** Events and states are texts already: a body goes out as it came in. */
export function eventsFrame(events: readonly string[], cursor: string): string {
  return `{"op":"events","events":[${events.join(",")}],"cursor":${JSON.stringify(cursor)}}`;
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
