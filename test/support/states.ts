import { expect } from "vitest";
import * as z from "zod";

import {
  EMPTY_STATE,
  type FoldableEvent,
  foldEvent,
  type StationState,
  serializeState,
} from "../../src/domain/state.ts";

export const T = Date.UTC(2026, 10, 22, 10, 15);
export const HOUR = 3_600_000;
export const iso = (ms: number) => new Date(ms).toISOString();

export const event = (type: string, offsetMs: number, data: unknown = {}): FoldableEvent => ({
  type,
  occurredAtMs: T + offsetMs,
  body: JSON.stringify({ type, data }),
});
export const online = (offsetMs: number) => event("chargestation.online", offsetMs);
export const offline = (offsetMs: number) => event("chargestation.offline", offsetMs);
export const deleted = (offsetMs: number) => event("chargestation.deleted", offsetMs);
export const connector = (offsetMs: number, status: string, id = "c1") =>
  event("chargestation.connector_status.updated", offsetMs, { connectors: [{ _id: id, status }] });
export const session = (offsetMs: number, id = "se1", status = "Started") =>
  event("session.updated", offsetMs, { _id: id, status });

export const foldOnto = (state: StationState, ...events: readonly FoldableEvent[]): StationState =>
  events.reduce(foldEvent, state);
export const fold = (...events: readonly FoldableEvent[]): StationState =>
  foldOnto(EMPTY_STATE, ...events);

const Time = z.iso.datetime();
/** What docs/protocol.md promises of a station's state, and nothing besides. */
const Shown = z.strictObject({
  station: z.string(),
  seq: z.int(),
  online: z.boolean().nullable(),
  onlineAt: Time.nullable(),
  connectors: z.array(z.strictObject({ id: z.string(), status: z.string().nullable(), at: Time })),
  sessions: z.array(
    z.strictObject({
      id: z.string(),
      connector: z.string().nullable(),
      status: z.string().nullable(),
      startedAt: Time.nullable(),
      energyWh: z.number().nullable(),
      powerW: z.number().nullable(),
      soc: z.number().nullable(),
      at: Time,
    }),
  ),
  lastEventAt: Time.nullable(),
});

/** The state as the API and the streams show it. */
export const shown = (state: StationState): z.infer<typeof Shown> =>
  Shown.parse(JSON.parse(serializeState("s1", 1, state)));
export const shownConnectors = (...events: readonly FoldableEvent[]) =>
  shown(fold(...events)).connectors;
export const shownSessions = (...events: readonly FoldableEvent[]) =>
  shown(fold(...events)).sessions;
export const idsOf = (facets: readonly { readonly id: string }[]) => facets.map(({ id }) => id);

/** What is shown of a station of which nothing is known. */
export const NOTHING = {
  station: "s1",
  seq: 1,
  online: null,
  onlineAt: null,
  connectors: [],
  sessions: [],
  lastEventAt: null,
};

/** Holds that the state shows nothing but this time, and that it remembers nothing else either. */
export function expectOnlyTime(state: StationState, atMs: number): void {
  expect(shown(state)).toEqual({ ...NOTHING, lastEventAt: iso(atMs) });
  expect(state).toEqual({ ...EMPTY_STATE, lastEventAtMs: atMs });
}

/** Holds that the station is gone, and comes back by an event of this time or later only. */
export function expectGoneUntil(state: StationState, offsetMs: number): void {
  const back = [offsetMs - 1, offsetMs].map((at) => foldEvent(state, online(at)));
  expect([state, ...back].map(({ isGone }) => isGone)).toEqual([true, true, false]);
  expect(back.map((each) => shown(each).online)).toEqual([null, true]);
}
