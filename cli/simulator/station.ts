import { Emitter, type World } from "./emitter.ts";
import type { Random } from "./random.ts";
import type { Process, Scope } from "./schedule.ts";
import type { Session } from "./session.ts";

export type ConnectorStatus = "Available" | "Preparing" | "Charging" | "SuspendedEV" | "Finishing";

export interface Rate {
  readonly id: string;
  readonly currency: string;
  readonly pricePerKwh: number;
  readonly pricePerMinute: number;
  readonly startFee: number;
}

export interface Connector {
  readonly id: string;
  readonly number: number;
  readonly type: string;
  readonly format: string;
  readonly powerType: string;
  readonly powerKw: number;
  readonly rate: Rate;
  readonly createdAt: string;
  status: ConnectorStatus;
  updatedAt: string;
  meterWh: number;
  session: Session | null;
}

/** A chargestation as the simulation keeps it; `bodies.ts` shows it as eDRV does. */
export interface Station extends Scope {
  readonly id: string;
  readonly emitter: Emitter;
  readonly random: Random;
  readonly protocol: "ocpp1.6" | "ocpp2.0.1";
  readonly endpoint: string;
  readonly locationId: string;
  readonly coordinates: readonly [number, number];
  readonly maker: readonly [vendor: string, model: string];
  readonly serialNumber: string;
  readonly createdAt: string;
  /** Its link drops often, several times in a row. */
  readonly flaky: boolean;
  readonly connectors: readonly Connector[];
  firmware: number;
  online: boolean;
  active: boolean;
  open: boolean;
  /** About to be removed: its connectors take no further car. */
  closing: boolean;
  lastConnectAt: string;
  lastDisconnectAt: string;
  updatedAt: string;
}

export interface StationOrigin {
  readonly world: World;
  readonly ownerIndex: number;
  readonly createdAtMs: number;
  readonly locationIds: readonly string[];
  readonly rates: readonly Rate[];
}

const MAKERS = [
  ["Alfen", "NG910-60023"],
  ["ABB", "Terra 184"],
  ["Kempower", "Satellite S-Series"],
  ["Wallbox", "Copper SB"],
  ["Autel", "MaxiCharger DC"],
] as const;

const DC_PLUGS = [
  { type: "CCS2", powerKw: 50 },
  { type: "CCS2", powerKw: 150 },
  { type: "CCS1", powerKw: 120 },
  { type: "CHADEMO|G105", powerKw: 50 },
] as const;
const AC_PLUGS = [
  { type: "Type2", powerKw: 11, powerType: "AC_3_PHASE" },
  { type: "Type2", powerKw: 22, powerType: "AC_3_PHASE" },
  { type: "J1772", powerKw: 7.4, powerType: "AC_1_PHASE" },
] as const;

/** Gives a station its hardware; it is silent until a process of `station-life.ts` speaks for it. */
export function buildStation(origin: StationOrigin): Station {
  const emitter = new Emitter(origin.world, origin.ownerIndex);
  const { random } = emitter;
  const createdAt = new Date(origin.createdAtMs).toISOString();
  const directCurrent = random.chance(0.45);
  const connectors = Array.from({ length: random.integer(1, 4) }, (_, index) =>
    buildConnector(emitter, origin, index + 1, directCurrent),
  );
  return {
    id: emitter.mintId(origin.createdAtMs),
    emitter,
    random,
    protocol: random.chance(0.25) ? "ocpp2.0.1" : "ocpp1.6",
    endpoint: `cw${origin.ownerIndex.toString(36).padStart(5, "0")}`,
    locationId: random.pick(origin.locationIds),
    coordinates: [random.between(4.3, 6.8), random.between(51.4, 53.2)],
    maker: random.pick(MAKERS),
    serialNumber: `SN${random.integer(10_000_000, 99_999_999)}`,
    createdAt,
    flaky: random.chance(0.15),
    connectors,
    firmware: random.integer(20, 60),
    online: false,
    active: true,
    open: true,
    closing: false,
    ended: false,
    lastConnectAt: createdAt,
    lastDisconnectAt: createdAt,
    updatedAt: createdAt,
  };
}

function buildConnector(
  emitter: Emitter,
  origin: StationOrigin,
  number: number,
  directCurrent: boolean,
): Connector {
  const { random } = emitter;
  const plug = directCurrent
    ? { ...random.pick(DC_PLUGS), powerType: "DC" }
    : { ...random.pick(AC_PLUGS) };
  const createdAt = new Date(origin.createdAtMs).toISOString();
  return {
    id: emitter.mintId(origin.createdAtMs),
    number,
    ...plug,
    format: directCurrent ? "Cable" : "Socket",
    rate: random.pick(origin.rates),
    createdAt,
    status: "Available",
    updatedAt: createdAt,
    meterWh: random.integer(20_000, 9_000_000),
    session: null,
  };
}

/** While the link is down nothing that the station itself would report is raised. */
export function* untilOnline(station: Station): Process {
  while (!station.online) yield 2_000;
}
