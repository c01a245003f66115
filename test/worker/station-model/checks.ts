import { expect } from "vitest";
import * as z from "zod";

import type { Received } from "../receiver.ts";
import { seqsStored, type World } from "./world.ts";

const Relayed = z.array(z.object({ id: z.string(), station: z.string(), seq: z.number() }));
type Relayed = z.infer<typeof Relayed>;

/** At any time: what the feed tells goes on seq by seq, and no event is told of twice. */
export async function checkRelayed(world: World): Promise<Relayed> {
  const items = await world.tenant.items("/v1/events?limit=200");
  const events = Relayed.parse(items).filter(({ station }) => station !== "_account");
  const ids = events.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [station, seqs] of seqsByStation(events)) {
    expect(seqs, `seqs of ${station}`).toEqual(seqs.map((_, index) => index + 1));
  }
  return events;
}

/** Once all is well: everything that was acknowledged is stored, told of and delivered. */
export async function checkSettled(world: World): Promise<void> {
  const events = await checkRelayed(world);
  expect(new Set(events.map(({ id }) => id))).toEqual(new Set(world.sent.map(({ _id }) => _id)));
  expect(world.acknowledged.size).toBe(world.sent.length);
  for (const [station, seqs] of seqsByStation(events)) {
    expect(await seqsStored(world.tenant, station)).toEqual(seqs);
  }
  const received = (await world.receiver.requests()).filter(
    ({ headers }) => headers["chargewire-station"] !== "_account",
  );
  checkDeliveries(world, events, received);
}

function checkDeliveries(world: World, events: Relayed, received: Received): void {
  const idsBySeq = new Map(events.map(({ id, station, seq }) => [`${station} ${seq}`, id]));
  const tried = new Set<string>();
  const newest = new Map<string, Received[number]>();
  for (const request of received) {
    const station = String(request.headers["chargewire-station"]);
    const place = `${station} ${request.headers["chargewire-seq"]}`;
    expect(request.headers["webhook-id"]).toBe(idsBySeq.get(place));
    tried.add(place);
    const before = newest.get(station);
    if (before !== undefined) {
      const [from, to] = [before, request].map(({ headers }) => Number(headers["chargewire-seq"]));
      expect(to, `${station} after ${from}`).toBeGreaterThanOrEqual(from ?? 0);
      // One in flight: the one before has been answered.
      if (!world.wasAborted) expect(before.endedAtMs ?? Infinity).toBeLessThanOrEqual(request.atMs);
    }
    newest.set(station, request);
  }
  expect(tried).toEqual(new Set(idsBySeq.keys()));
}

function seqsByStation(events: Relayed): Map<string, number[]> {
  const seqs = new Map<string, number[]>();
  for (const { station, seq } of events) {
    seqs.set(station, [...(seqs.get(station) ?? []), seq]);
  }
  return seqs;
}
