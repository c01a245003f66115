import type * as fc from "fast-check";

import { exchange } from "./exchange.ts";
import { type Message, toBytes } from "./message.ts";
import { complaintsOf, type Expectations } from "./rules.ts";
import type { World } from "./world.ts";

/** A way into the relay, and what somebody ill-disposed sends there. */
export interface Surface<T> {
  readonly name: string;
  readonly input: fc.Arbitrary<T>;
  /** Sends one input, and tells how that went. */
  readonly attempt: (world: World, input: T) => Promise<Attempt>;
}

export interface Attempt {
  /** Statuses, close codes, or what else came of it: for counting. */
  readonly outcomes: readonly string[];
  /** What was sent, as far as that can be read. */
  readonly sent: string;
  /** What is wrong with what came of it. */
  readonly complaints: readonly string[];
}

/** One request of good form, and its answer held against what is expected. */
export async function attemptMessage(
  world: World,
  message: Message,
  expected: Expectations = {},
): Promise<Attempt> {
  const bytes = toBytes(message);
  const exchanged = await exchange(world.relay.port, [bytes]);
  return {
    outcomes: exchanged.answers.map(({ status }) => String(status)),
    sent: readable(bytes),
    complaints: complaintsOf(exchanged, {
      secrets: world.secrets,
      mayBeLost: bytes.length > MANY_BYTES,
      ...expected,
    }),
  };
}

/** More than the server reads of what it has answered already. */
const MANY_BYTES = 256 * 1024;
const SHOWN_CHARS = 600;

export function readable(bytes: Uint8Array): string {
  const shown = JSON.stringify(Buffer.from(bytes.subarray(0, SHOWN_CHARS)).toString("latin1"));
  return bytes.length > SHOWN_CHARS ? `${shown} … ${bytes.length} bytes` : shown;
}
