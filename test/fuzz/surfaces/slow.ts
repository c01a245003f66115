import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";

import { exchange } from "../exchange.ts";
import { message, toBytes } from "../message.ts";
import { complaintsOf } from "../rules.ts";
import { readable, type Surface } from "../surface.ts";

interface Slow {
  readonly target: "source" | "unknown" | "document";
  readonly size: number;
  /** How many pieces it comes in. */
  readonly pieces: number;
  /** After how much of it nothing more comes, of a hundred. */
  readonly percent: number;
  readonly isChunked: boolean;
}

const GAP_MS = 2;

/** Bodies in small pieces, and bodies that break off: meanwhile everybody else is answered. */
export const slow: Surface<Slow> = {
  name: "slow and broken bodies",
  input: fc.record({
    target: fc.constantFrom("source", "unknown", "document"),
    size: fc.constantFrom(1, 100, 10_000, 524_288, 524_289),
    pieces: fc.integer({ min: 1, max: 50 }),
    percent: fc.oneof(fc.constant(100), fc.nat(100)),
    isChunked: fc.boolean(),
  }),
  attempt: async (world, made) => {
    const path = { source: world.main.source.path, unknown: "/ingest/src_x", document: "/v1/keys" };
    const parts = cut(made, path[made.target]);
    const [exchanged, meanwhile] = await Promise.all([
      exchange(world.relay.port, parts, { halfClose: true, pause: () => sleep(GAP_MS) }),
      exchange(world.relay.port, [toBytes(message("GET", "/health"))]),
    ]);
    const isBroken = made.percent < 100;
    const expected = {
      mayBeNoHttp: isBroken,
      mayBeUnavailable: isBroken && made.target === "source",
      // It may be refused, and the connection closed, before all of it has been sent.
      mayBeLost: true,
      secrets: world.secrets,
    };
    const complaints = [
      ...complaintsOf(exchanged, expected),
      ...complaintsOf(meanwhile, { statuses: [200] }).map((complaint) => `meanwhile: ${complaint}`),
    ];
    const outcomes = exchanged.answers.map(({ status }) => String(status));
    return {
      outcomes: outcomes.length === 0 ? [exchanged.end] : outcomes,
      sent: `${readable(parts[0] ?? new Uint8Array())} ${JSON.stringify(made)}`,
      complaints,
    };
  },
};

function cut({ size, pieces, percent, isChunked }: Slow, target: string): Uint8Array[] {
  const framing = isChunked ? "transfer-encoding: chunked" : `content-length: ${size}`;
  const head = `POST ${target} HTTP/1.1\r\nhost: relay.test\r\nconnection: close\r\n${framing}\r\n`;
  const signature = `t=${Math.floor(Date.now() / 1000)},v1=${"0".repeat(64)}`;
  const body = Buffer.alloc(Math.floor((size * percent) / 100), " ");
  const each = Math.max(1, Math.ceil(body.length / pieces));
  const cuts = Array.from({ length: Math.ceil(body.length / each) }, (_, index) =>
    body.subarray(index * each, (index + 1) * each),
  );
  const framed = cuts.map((piece) =>
    isChunked ? Buffer.from(`${piece.length.toString(16)}\r\n${piece.toString()}\r\n`) : piece,
  );
  const end = isChunked && percent === 100 ? [Buffer.from("0\r\n\r\n")] : [];
  return [Buffer.from(`${head}edrv-signature: ${signature}\r\n\r\n`), ...framed, ...end];
}
