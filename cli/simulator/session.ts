import type { Connector, Rate, Station } from "./station.ts";

export type TargetKind = "cost" | "time" | "power" | "soc";

export interface Target {
  readonly kind: TargetKind;
  /** In currency units, seconds, watt hours or percent. */
  readonly value: number;
}

export interface Activity {
  readonly startTime: string;
  endTime: string;
  readonly status: string;
}

/** A charging session as the simulation keeps it; energy and time only ever grow. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: string;
  readonly target: Target | null;
  readonly batteryWh: number;
  readonly plannedWh: number;
  readonly meterStartWh: number;
  readonly withRawReport: boolean;
  status: "created" | "Started" | "Ended" | "cancelled";
  startedAt: string | null;
  endedAt: string | null;
  stopReason: string | null;
  periodMs: number;
  consumedWh: number;
  powerKw: number;
  stateOfCharge: number;
  targetReached: boolean;
  charged: boolean;
  activity: Activity[];
  /** Energy charged in each half hour, the rows of the bill. */
  energyByBlockWh: number[];
}

const BLOCK_MS = 30 * 60_000;

export function openSession(station: Station, connector: Connector, userId: string): Session {
  const { random, emitter } = station;
  const directCurrent = connector.powerType === "DC";
  const batteryWh = random.integer(38, 95) * 1000;
  const stateOfCharge = random.integer(8, 65);
  const minutes = directCurrent ? random.between(8, 35) : random.between(20, 150);
  return {
    id: emitter.mintId(),
    userId,
    createdAt: emitter.date(),
    target: random.chance(0.4) ? chooseTarget(station, connector, stateOfCharge) : null,
    batteryWh,
    plannedWh: (connector.powerKw * 1000 * minutes) / 60,
    meterStartWh: connector.meterWh,
    withRawReport: random.chance(0.3),
    status: "created",
    startedAt: null,
    endedAt: null,
    stopReason: null,
    periodMs: 0,
    consumedWh: 0,
    powerKw: 0,
    stateOfCharge,
    targetReached: false,
    charged: false,
    activity: [],
    energyByBlockWh: [],
  };
}

function chooseTarget(station: Station, connector: Connector, stateOfCharge: number): Target {
  const { random } = station;
  const kind = random.pick(["cost", "time", "power", "soc"] as const);
  switch (kind) {
    case "cost":
      return { kind, value: random.integer(2, 9) };
    case "time":
      return { kind, value: random.integer(8, 40) * 60 };
    case "power":
      return { kind, value: Math.round(connector.powerKw * random.between(100, 500)) };
    case "soc":
      return { kind, value: Math.min(99, stateOfCharge + random.integer(4, 30)) };
  }
}

/** Lets the car draw power for a while. A full battery takes less, and in the end nothing. */
export function charge(session: Session, connector: Connector, elapsedMs: number): void {
  const headroomWh = ((100 - session.stateOfCharge) / 100) * session.batteryWh;
  const taper = Math.min(1, Math.max(0.12, (100 - session.stateOfCharge) / 25));
  const drawnWh = Math.min(headroomWh, (connector.powerKw * 1000 * taper * elapsedMs) / 3_600_000);
  const block = Math.floor(session.periodMs / BLOCK_MS);
  session.energyByBlockWh[block] = (session.energyByBlockWh[block] ?? 0) + drawnWh;
  session.periodMs += elapsedMs;
  session.consumedWh += drawnWh;
  session.powerKw = (drawnWh * 3600) / elapsedMs;
  session.stateOfCharge += (drawnWh / session.batteryWh) * 100;
  session.charged = session.stateOfCharge >= 99.5;
  connector.meterWh += drawnWh;
}

/** The session goes on without power: the clock and the current half hour of the bill move on. */
export function pause(session: Session, elapsedMs: number): void {
  const block = Math.floor(session.periodMs / BLOCK_MS);
  session.energyByBlockWh[block] ??= 0;
  session.periodMs += elapsedMs;
  session.powerKw = 0;
}

/** Adds a row to the activity, or lengthens the last one while nothing has changed. */
export function noteActivity(session: Session, status: string, at: string): void {
  const last = session.activity.at(-1);
  if (last !== undefined) last.endTime = at;
  if (last?.status === status) return;
  session.activity.push({ startTime: at, endTime: at, status });
}

/** What the driver owes so far; nothing before the car has drawn power. */
export function costAmount(rate: Rate, session: Session): number {
  if (session.startedAt === null) return 0;
  const minutes = Math.floor(session.periodMs / 60_000);
  const energy = (session.consumedWh / 1000) * rate.pricePerKwh;
  return roundMoney(rate.startFee + energy + minutes * rate.pricePerMinute);
}

export function roundMoney(amount: number): number {
  return Math.round(amount * 1000) / 1000;
}

export function targetIsMet(session: Session, rate: Rate): boolean {
  const { target } = session;
  switch (target?.kind) {
    case undefined:
      return false;
    case "cost":
      return costAmount(rate, session) >= target.value;
    case "time":
      return session.periodMs >= target.value * 1000;
    case "power":
      return session.consumedWh >= target.value;
    case "soc":
      return session.stateOfCharge >= target.value;
  }
}
