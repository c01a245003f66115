import type { RelayedEvent } from "../src/domain/webhook-types.ts";
import type { StationState } from "./items.ts";

export interface HelloFrame {
  readonly op: "hello";
  readonly v: number;
  readonly cursor: string;
  readonly recovered: boolean | null;
  readonly behind: number;
  readonly heartbeatMs: number | null;
}

/** Frames that bring something; the cursor is the place after them. */
export type ContentFrame =
  | {
      readonly op: "events";
      readonly events: readonly RelayedEvent[];
      readonly cursor: string;
      /** Null on a live frame. */
      readonly behind: number | null;
    }
  | {
      readonly op: "state";
      readonly stations: readonly StationState[];
      readonly cursor: string;
      readonly behind: number | null;
    }
  | {
      readonly op: "snapshot";
      readonly stations: readonly StationState[];
      readonly cursor: string;
      readonly done: boolean;
    }
  | { readonly op: "gap"; readonly reason: string };

export interface ByeFrame {
  readonly op: "bye";
  readonly code: number;
  readonly retryAfterMs: number | null;
}

export interface ErrorFrame {
  readonly op: "error";
  readonly code: string;
  readonly detail: string;
}

/** `other` is a sign of life and nothing more: `pong`, or a frame of a kind not known here. */
export type ServerFrame =
  | HelloFrame
  | ContentFrame
  | ByeFrame
  | ErrorFrame
  | { readonly op: "other" };

type Fields = Readonly<Record<string, unknown>>;

/** Null for what cannot be read: it may have brought something, so passing over it may lose it. */
export function readServerFrame(text: string): ServerFrame | null {
  if (!text.startsWith("{")) return { op: "other" };
  const fields = parseObject(text);
  if (fields === null || typeof fields.op !== "string") return null;
  switch (fields.op) {
    case "hello":
      return readHello(fields);
    case "events":
    case "state":
    case "snapshot":
      return readContent(fields, fields.op);
    case "gap":
      return { op: "gap", reason: textOr(fields.reason, "unknown") };
    case "error":
      return {
        op: "error",
        code: textOr(fields.code, "unknown"),
        detail: textOr(fields.detail, ""),
      };
    case "bye":
      return {
        op: "bye",
        code: numberOr(fields.code, 0),
        retryAfterMs: readNumber(fields.retryAfterMs),
      };
    default:
      return { op: "other" };
  }
}

function readHello(fields: Fields): HelloFrame | null {
  const { cursor, recovered } = fields;
  if (typeof cursor !== "string") return null;
  const heartbeatSeconds = readNumber(fields.heartbeatSeconds);
  return {
    op: "hello",
    v: numberOr(fields.v, 1),
    cursor,
    recovered: typeof recovered === "boolean" ? recovered : null,
    behind: numberOr(fields.behind, 0),
    heartbeatMs: heartbeatSeconds === null ? null : heartbeatSeconds * 1000,
  };
}

function readContent(fields: Fields, op: "events" | "state" | "snapshot"): ContentFrame | null {
  const { cursor } = fields;
  if (typeof cursor !== "string") return null;
  const behind = readNumber(fields.behind);
  if (op === "events") {
    const events = readList<RelayedEvent>(fields.events, "type");
    return events && { op, events, cursor, behind };
  }
  const stations = readList<StationState>(fields.stations, "station");
  if (stations === null) return null;
  if (op === "state") return { op, stations, cursor, behind };
  return { op, stations, cursor, done: fields.done === true };
}

/**
 * The one place where foreign data are taken to be of a type: objects with a name are believed to
 * be the relay's events and states. What events carry is a claim of eDRV's, and checked by nobody.
 */
function readList<T extends RelayedEvent | StationState>(
  value: unknown,
  name: "type" | "station",
): readonly T[] | null {
  if (!Array.isArray(value)) return null;
  const items: readonly unknown[] = value;
  return items.every((item) => isObject(item) && typeof item[name] === "string")
    ? (items as readonly T[])
    : null;
}

function parseObject(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readNumber(value: unknown): number | null {
  return typeof value === "number" && value >= 0 ? value : null;
}

const numberOr = (value: unknown, fallback: number) => readNumber(value) ?? fallback;
const textOr = (value: unknown, fallback: string) => (typeof value === "string" ? value : fallback);
