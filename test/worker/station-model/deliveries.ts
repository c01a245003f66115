import { expect } from "vitest";

import type { Received } from "../receiver.ts";
import type { Relayed } from "./checks.ts";
import type { Destination, World } from "./world.ts";

/** A request as its destination understands it. */
interface Delivery {
  readonly station: string;
  readonly seq: number;
  readonly id: string;
  readonly attempt: number;
  /** 0 when it names none. */
  readonly prevSeq: number;
  readonly gap: readonly [first: number, last: number] | null;
  readonly replay: string | null;
  readonly request: Received[number];
}

/** Everything that a route has sent, held to what there is. */
export async function checkDeliveries(
  world: World,
  destination: Destination,
  events: Relayed,
): Promise<void> {
  const bodies = new Map(world.sent.map(({ body }) => [body._id, JSON.stringify(body)]));
  const deliveries = (await destination.receiver.requests())
    .map(readDelivery)
    .filter(({ station }) => station !== "_account");
  const byPlace = new Map(events.map((event) => [placeOf(event), event]));
  for (const delivery of deliveries) {
    const event = byPlace.get(placeOf(delivery));
    expect(delivery.id).toBe(event?.id);
    expect(delivery.request.body).toBe(bodies.get(delivery.id));
    expect(destination.wants(event?.type ?? ""), placeOf(delivery)).not.toBe(false);
  }
  const series = Map.groupBy(deliveries, ({ station, replay }) => `${station} of ${replay}`);
  for (const each of series.values()) checkSeries(world, each);
  const ofLanes = deliveries.filter(({ replay }) => replay === null);
  const byStation = Map.groupBy(ofLanes, ({ station }) => station);
  for (const [station, own] of Map.groupBy(events, ({ station }) => station)) {
    checkLane(world, destination, own, byStation.get(station) ?? []);
  }
}

/** One after the other, and never back. */
function checkSeries(world: World, series: readonly Delivery[]): void {
  for (const [index, { request, ...delivery }] of series.entries()) {
    const before = series[index - 1];
    if (before === undefined) continue;
    expect(delivery.seq, `after ${placeOf(before)}`).toBeGreaterThanOrEqual(before.seq);
    if (world.wasAborted) continue;
    expect(before.request.endedAtMs ?? Infinity).toBeLessThanOrEqual(request.atMs);
  }
}

/** Every event is delivered or given up, and what is left out is told of. */
function checkLane(
  world: World,
  destination: Destination,
  events: Relayed,
  lane: readonly Delivery[],
): void {
  const wanted = events.filter(({ type }) => destination.wants(type) === true);
  const isGivenUp = (seq: number, station: string) =>
    destination === world.main && world.givenUp.has(placeOf({ station, seq }));
  let delivered = 0;
  for (const { seq, station, prevSeq, gap, request } of lane) {
    const place = placeOf({ station, seq });
    if (!world.wasAborted) expect(prevSeq, `before ${place}`).toBe(delivered);
    const [first, last] = gap ?? [0, 0];
    if (gap !== null) {
      expect(prevSeq < first && first <= last && last < seq, `gap before ${place}`).toBe(true);
      expect(isGivenUp(first, station) && isGivenUp(last, station), `${first}-${last}`).toBe(true);
    }
    for (const skipped of wanted.filter((one) => one.seq > prevSeq && one.seq < seq)) {
      const isTold = first <= skipped.seq && skipped.seq <= last;
      expect(isTold, `${placeOf(skipped)} is left out in silence before ${seq}`).toBe(true);
    }
    if (isOk(request)) delivered = seq;
  }
  const tries = Map.groupBy(lane, ({ seq }) => seq);
  for (const { seq, station } of wanted) {
    checkEvent(world, tries.get(seq) ?? [], isGivenUp(seq, station), placeOf({ station, seq }));
  }
}

function checkEvent(world: World, tries: readonly Delivery[], isGivenUp: boolean, place: string) {
  const count = tries.filter(({ request }) => isOk(request)).length;
  if (world.wasAborted) {
    expect(count > 0 || isGivenUp, `${place} is settled`).toBe(true);
    return;
  }
  expect(count + Number(isGivenUp), `${place} is settled once`).toBe(1);
  expect(
    tries.map(({ attempt }) => attempt),
    `attempts at ${place}`,
  ).toEqual(tries.map((_, index) => index + 1));
}

const placeOf = ({ station, seq }: { readonly station: string; readonly seq: number }) =>
  `${station} ${seq}`;
const isOk = ({ status }: Received[number]) => status === 200;

function readDelivery(request: Received[number]): Delivery {
  const { headers } = request;
  const [first, last] = (headers["chargewire-gap"] ?? "").split("-").map(Number);
  return {
    station: String(headers["chargewire-station"]),
    seq: Number(headers["chargewire-seq"]),
    id: String(headers["webhook-id"]),
    attempt: Number(headers["chargewire-attempt"]),
    prevSeq: Number(headers["chargewire-prev-seq"] ?? 0),
    gap: last === undefined ? null : [first ?? 0, last],
    replay: headers["chargewire-replay"] ?? null,
    request,
  };
}
