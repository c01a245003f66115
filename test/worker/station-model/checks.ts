import { expect } from "vitest";
import * as z from "zod";

import { alarmInMs } from "../outage-support.ts";
import { stationOf } from "../support.ts";
import { checkDeliveries } from "./deliveries.ts";
import { noteLetters } from "./people.ts";
import { storedAt, type World } from "./world.ts";

const Relayed = z.array(
  z.object({ id: z.string(), station: z.string(), seq: z.number(), type: z.string() }),
);
export type Relayed = z.infer<typeof Relayed>;

/** At any time: what the feed tells goes on seq by seq, and no event is told of twice. */
export async function checkRelayed(world: World): Promise<Relayed> {
  const events = await relayed(world);
  const ids = events.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [station, told] of Map.groupBy(events, ({ station }) => station)) {
    expect(
      told.map(({ seq }) => seq),
      `seqs of ${station}`,
    ).toEqual(told.map((_, index) => index + 1));
  }
  return events;
}

/** At any time: what was acknowledged is in its station's log, and the feed has it or will be told. */
export async function checkKept(world: World): Promise<void> {
  const acknowledged = new Set(world.acknowledged);
  // An alarm that is ringing is set no more, and what it does may take a moment.
  await expect.poll(() => notKept(world, acknowledged)).toEqual([]);
}

async function notKept(world: World, acknowledged: ReadonlySet<string>): Promise<string[]> {
  const missing: string[] = [];
  const told = new Set((await relayed(world)).map(({ id }) => id));
  const mine = world.sent.filter(({ body }) => acknowledged.has(body._id));
  for (const [station, sent] of Map.groupBy(mine, ({ station }) => station)) {
    const stored = new Set((await storedAt(world.tenant, station)).map(({ id }) => id));
    const ids = sent.map(({ body }) => body._id);
    missing.push(...ids.filter((id) => !stored.has(id)).map((id) => `${id} is not stored`));
    const untold = ids.filter((id) => !told.has(id));
    if (untold.length === 0) continue;
    const alarm = await alarmInMs(stationOf(world.tenant, station));
    if (alarm === null) missing.push(...untold.map((id) => `nobody will tell of ${id}`));
  }
  return missing;
}

/** Once all is well: everything that was acknowledged is stored, told of and delivered. */
export async function checkSettled(world: World): Promise<void> {
  const events = await checkRelayed(world);
  expect(new Set(events.map(({ id }) => id))).toEqual(
    new Set(world.sent.map(({ body }) => body._id)),
  );
  expect(world.acknowledged.size).toBe(world.sent.length);
  for (const [station, told] of Map.groupBy(events, ({ station }) => station)) {
    const stored = await storedAt(world.tenant, station);
    expect(stored).toEqual(told.map(({ seq, id }) => ({ seq, id })));
  }
  await noteLetters(world);
  for (const destination of [world.main, world.quiet]) {
    await checkDeliveries(world, destination, events);
  }
}

async function relayed(world: World): Promise<Relayed> {
  const items = await world.tenant.items("/v1/events?limit=200");
  return Relayed.parse(items).filter(({ station }) => station !== "_account");
}
