import { expect, inject } from "vitest";
import * as z from "zod";

import type { Answer } from "../support/receiver.ts";

const Received = z.array(
  z.object({
    headers: z.record(z.string(), z.string()),
    body: z.string(),
    atMs: z.number(),
    endedAtMs: z.number().nullable(),
    status: z.number().nullable(),
    sentBytes: z.number(),
  }),
);
export type Received = z.infer<typeof Received>;

/** A box of the test receiver: a destination that answers as it is told. */
export class Receiver {
  // Files run beside each other and share the receiver.
  readonly url = `${inject("receiver")}/${crypto.randomUUID()}`;

  /** The answers to come, in order; the last goes on for ever. */
  async script(...answers: Answer[]): Promise<this> {
    await (await fetch(this.url, { method: "PUT", body: JSON.stringify(answers) })).text();
    return this;
  }

  async requests(): Promise<Received> {
    return Received.parse(await (await fetch(this.url)).json());
  }

  /** The request with that number, once it has come. */
  async nth(count: number): Promise<Received[number]> {
    const received = (await this.received(count))[count - 1];
    if (received === undefined) throw new Error("no such request");
    return received;
  }

  /** Waits until that many requests have come. */
  async received(count: number, timeoutMs = 10_000): Promise<Received> {
    await expect
      .poll(async () => (await this.requests()).length, { timeout: timeoutMs })
      .toBeGreaterThanOrEqual(count);
    return this.requests();
  }
}

/** The seqs of deliveries, in the order received. */
export const seqsOf = (received: Received): number[] =>
  received.map(({ headers }) => Number(headers["chargewire-seq"]));
