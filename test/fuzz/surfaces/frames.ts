import { deflateRawSync } from "node:zlib";
import * as fc from "fast-check";

import { type Header, message, toBytes } from "../message.ts";
import { readable, type Surface } from "../surface.ts";
import { changedJson, changes, jsonText, text, utf8 } from "../values.ts";
import { converse, type WireFrame, wireBytes } from "../wire-frames.ts";
import type { World } from "../world.ts";

const FRAMES: readonly object[] = [
  { op: "subscribe", filter: { types: ["session.*"], match: { "data.a": 1 } }, from: "now" },
  { op: "subscribe", filter: {}, from: "aaaaaaaaaaaa.1" },
  { op: "ack", cursor: "aaaaaaaaaaaa.1" },
  { op: "auth", token: "TOKEN" },
];

/** 64 MiB, for those who unpack it. */
const BOMB = new Uint8Array(deflateRawSync(Buffer.alloc(64 * 1024 * 1024, " ")));

const payload: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...FRAMES), changes)
    .map(([frame, all]) => utf8(changedJson(frame, all))),
  fc.constantFrom(...FRAMES).map((frame) => utf8(JSON.stringify(frame))),
  fc.oneof(jsonText, text).map(utf8),
  fc.uint8Array({ maxLength: 140 }),
  fc.constant(BOMB),
  fc
    .constantFrom(0, 125, 126, 65_535, 65_536, 65_537, 1_100_000, 5_000_000)
    .map((size) => new Uint8Array(size).fill(0x20)),
);

const PACKED: Header = [
  "sec-websocket-extensions",
  "permessage-deflate; server_no_context_takeover",
];
const LENGTH_FORMS = ["16", "64", "claims 2^62"] as const;

/** Text for the most part, and then everything that RFC 6455 has or forbids. */
const wireFrame: fc.Arbitrary<WireFrame> = fc.record({
  opcode: fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, fc.nat(15)),
  isFinal: fc.nat(19).map((number) => number > 0),
  reserved: fc.nat(99).map((number) => (number < 8 ? number : 0)),
  isMasked: fc.nat(49).map((number) => number > 0),
  lengthForm: fc.nat(39).map((number) => LENGTH_FORMS[number] ?? "shortest"),
  payload,
});

const CREDENTIALS = ["key", "reader", "token", "stateToken"] as const;
const PATHS = ["/v1/stream", "/v1/stations/cs1/stream", "/v1/stream?from=start"];

/** What a subscriber sends: in the end it is answered, told why not, or the socket is closed. */
export const frames: Surface<{
  credential: (typeof CREDENTIALS)[number];
  path: string;
  frames: WireFrame[];
  times: number;
  isPacked: boolean;
}> = {
  name: "frames",
  input: fc.record({
    credential: fc.constantFrom(...CREDENTIALS),
    path: fc.constantFrom(...PATHS),
    frames: fc.array(wireFrame, { minLength: 1, maxLength: 5 }),
    times: fc.constantFrom(1, 1, 1, 30),
    isPacked: fc.nat(9).map((number) => number === 0),
  }),
  attempt: async (world, { credential, path, frames: made, times, isPacked }) => {
    // The bit that says that a message is packed.
    const sent = isPacked ? made.map((frame) => ({ ...frame, reserved: 4 })) : made;
    const once = Buffer.concat(sent.map((frame) => wireBytes(frame)));
    // Many times what is small, so that there are many, and not much of it.
    const repeated = once.length > 20_000 ? [once] : Array.from({ length: times }, () => once);
    const bytes = Buffer.concat(repeated);
    const upgrade = handshake(path, credentials(world)[credential], isPacked);
    const { outcome, complaints } = await converse(world.relay.port, upgrade, bytes);
    return { outcomes: [outcome], sent: readable(bytes), complaints };
  },
};

function credentials({ main, token, stateToken }: World) {
  return { key: main.tenant.key, reader: main.reader, token, stateToken };
}

function handshake(path: string, key: string, isPacked: boolean): Uint8Array {
  return toBytes(
    message("GET", path, [
      ["connection", "Upgrade"],
      ["upgrade", "websocket"],
      ["sec-websocket-version", "13"],
      ["sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="],
      ["sec-websocket-protocol", `chargewire.v1, auth.${key}`],
      ...(isPacked ? [PACKED] : []),
    ]),
  );
}
