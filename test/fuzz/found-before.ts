import { bearer, message, toBytes } from "./message.ts";
import { attemptMessage } from "./surface.ts";
import { utf8 } from "./values.ts";
import { converse, wireBytes } from "./wire-frames.ts";
import type { World } from "./world.ts";

/** In the place of a text or a list: its length compares with nothing. */
const LENGTHY = { length: { toString: 1 } };

/** Requests that were answered 500 once, and what is right. */
const MESSAGES = [
  { target: "/v1/keys", body: { name: LENGTHY, role: "reader" }, status: 400 },
  { target: "/v1/filters/test", body: { filter: { stations: LENGTHY } }, status: 400 },
];
const FRAMES = [
  { op: "subscribe", from: LENGTHY },
  { op: "subscribe", filter: { types: LENGTHY } },
  { op: "ack", cursor: LENGTHY },
  { op: "auth", token: LENGTHY },
];

/** Everything that was found, once more: it is not left to the seed. */
export async function foundBefore(world: World): Promise<string[]> {
  const key = bearer(world.changing.tenant.key);
  const complaints: string[] = [];
  for (const { target, body, status } of MESSAGES) {
    const request = message("POST", target, [key], utf8(JSON.stringify(body)));
    complaints.push(...(await attemptMessage(world, request, { statuses: [status] })).complaints);
  }
  for (const host of ["{", "*.*"]) {
    const headers = [key, ["host", host], ["accept", "text/event-stream"]] as const;
    const request = message("GET", "/v1/stations/cs1/stream", headers);
    complaints.push(...(await attemptMessage(world, request, { statuses: [200] })).complaints);
  }
  const upgrade = toBytes(message("GET", "/v1/stream", [key, ...UPGRADE]));
  for (const frame of FRAMES) {
    const bytes = wireBytes({ ...TEXT, payload: utf8(JSON.stringify(frame)) });
    const { outcome } = await converse(world.relay.port, upgrade, bytes);
    if (outcome !== "pong") complaints.push(`${outcome} after ${JSON.stringify(frame)}`);
  }
  return complaints.map((complaint) => `found before: ${complaint}`);
}

const TEXT = {
  opcode: 1,
  isFinal: true,
  reserved: 0,
  isMasked: true,
  lengthForm: "shortest",
} as const;
const UPGRADE = [
  ["connection", "Upgrade"],
  ["upgrade", "websocket"],
  ["sec-websocket-version", "13"],
  ["sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="],
] as const;
