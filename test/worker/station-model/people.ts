import { expect } from "vitest";
import * as z from "zod";

import type { World } from "./world.ts";

/* What persons do about the main route meanwhile. */

const Letters = z.object({
  items: z.array(z.looseObject({ id: z.string(), station: z.string(), seq: z.number() })),
});
const Replays = z.array(z.looseObject({ id: z.string(), finishedAt: z.string().nullable() }));

/** The route is paused or resumed, or gets its present version anew. */
export async function actOnRoute(world: World, action: "pause" | "resume" | "rotate-secret") {
  expectDoneOrBrokenOff((await world.route("POST", `/${action}`)).status);
}

/** It wants sessions all the same, but it is a new version of it. */
export async function changeRoute(world: World, types: readonly string[]): Promise<void> {
  world.wasChanged = true;
  expectDoneOrBrokenOff((await world.route("PATCH", "", { filter: { types } })).status);
}

export async function actOnLane(
  world: World,
  station: string,
  action: "retry" | "skip" | "resume",
) {
  // That nothing is owed, or that it is paused, is no failure of this.
  const { status } = await world.route("POST", `/lanes/${station}/${action}`);
  expect([200, 404, 409, 500, 503]).toContain(status);
}

/** Sends what was given up once more. What is delivered so goes from the list. */
export async function redeliver(world: World): Promise<void> {
  for (const letter of await noteLetters(world)) {
    const { status } = await world.route("POST", `/dead-letters/${letter}/redeliver`);
    expect([200, 404, 409, 500, 503]).toContain(status);
  }
}

/** Sends everything once more. */
export async function replay(world: World): Promise<void> {
  const all = { from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" };
  const input = { route: world.main.routeId, ...all };
  const { status } = await world.tenant.call("POST", "/v1/replays", input);
  expect([201, 409, 500, 503]).toContain(status);
}

export async function cancelReplays(world: World): Promise<void> {
  for (const { id, finishedAt } of Replays.parse(await world.tenant.items("/v1/replays"))) {
    if (finishedAt === null) await world.tenant.call("DELETE", `/v1/replays/${id}`);
  }
}

/** Takes down which events are among the dead letters. Their ids. */
export async function noteLetters(world: World): Promise<string[]> {
  const { status, body } = await world.route("GET", "/dead-letters?limit=200");
  expectDoneOrBrokenOff(status);
  if (status !== 200) return [];
  return Letters.parse(body).items.map(({ id, station, seq }) => {
    world.givenUp.add(`${station} ${seq}`);
    return id;
  });
}

/** A call is broken off when an object that it asks is aborted. */
function expectDoneOrBrokenOff(status: number): void {
  expect([200, 500, 503]).toContain(status);
}
