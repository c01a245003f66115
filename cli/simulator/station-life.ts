import { receiveCommands } from "./action-life.ts";
import { chargestationBody } from "./bodies.ts";
import type { Process, Schedule } from "./schedule.ts";
import { reportStatus, serveCars } from "./session-life.ts";
import { type Station, untilOnline } from "./station.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** What eDRV may send one day. Receivers are told not to assume that only the known types exist. */
const FUTURE_TYPES = [
  { type: "session.reservation.expired", object: "reservation" },
  { type: "payment.created", object: "payment" },
] as const;

export interface StationLife {
  readonly schedule: Schedule;
  readonly userIds: readonly string[];
  /** A station set up during the run announces itself; an older one has long been known. */
  readonly isNew: boolean;
  readonly onRemoved: () => void;
}

/** Boots a station, then lets everything that happens to it happen side by side. */
export function* liveStation(station: Station, life: StationLife): Process {
  if (life.isNew) {
    emitStation(station, "chargestation.created");
    for (const _ of station.connectors) emitStation(station, "chargestation.connector.created");
    yield station.random.between(5 * SECOND, 40 * SECOND);
  }
  connect(station);
  const processes = [
    loseConnection(station),
    upkeep(station),
    receiveCommands(station),
    retire(station, life.onRemoved),
    surprise(station),
    ...station.connectors.map((connector) => serveCars(station, connector, life.userIds)),
  ];
  for (const process of processes) life.schedule.start(process, station);
}

/** The whole network restarts: offline, online, and every connector reported anew at once. */
export function* reconnectInStorm(station: Station): Process {
  yield station.random.between(0, SECOND);
  disconnect(station);
  yield station.random.between(SECOND, 5 * SECOND);
  connect(station);
}

function disconnect(station: Station): void {
  if (!station.online) return;
  station.online = false;
  station.lastDisconnectAt = station.emitter.date();
  emitStation(station, "chargestation.offline");
}

/** A station that has been switched off for good stays offline. */
function connect(station: Station): void {
  if (station.online || !station.active) return;
  station.online = true;
  station.lastConnectAt = station.emitter.date();
  emitStation(station, "chargestation.online");
  for (const connector of station.connectors) reportStatus(station, connector);
}

/** Links drop now and then; a weak one drops several times in a row. */
function* loseConnection(station: Station): Process {
  const { random, flaky } = station;
  for (;;) {
    yield MINUTE + random.exponential(flaky ? 25 * MINUTE : 4 * HOUR);
    const drops = random.chance(flaky ? 0.8 : 0.3) ? random.integer(2, 5) : 1;
    for (let drop = 0; drop < drops; drop++) {
      disconnect(station);
      const isLong = drop === 0 && random.chance(0.1);
      yield isLong ? random.between(3 * MINUTE, 20 * MINUTE) : random.between(2 * SECOND, MINUTE);
      connect(station);
      yield random.between(2 * SECOND, 30 * SECOND);
    }
  }
}

/** Operators edit stations and connectors now and then. */
function* upkeep(station: Station): Process {
  const { random } = station;
  for (;;) {
    yield MINUTE + random.exponential(45 * MINUTE);
    if (random.chance(0.5)) {
      station.firmware += 1;
      emitStation(station, "chargestation.updated");
    } else {
      random.pick(station.connectors).updatedAt = station.emitter.date();
      emitStation(station, "chargestation.connector.updated");
    }
  }
}

/** Very few stations are taken down, once their last car has left. */
function* retire(station: Station, onRemoved: () => void): Process {
  const { random, connectors } = station;
  yield 20 * MINUTE + random.exponential(120 * HOUR);
  station.closing = true;
  station.open = false;
  emitStation(station, "chargestation.updated");
  while (connectors.some(({ status }) => status !== "Available")) yield 10 * SECOND;
  yield* untilOnline(station);
  station.active = false;
  disconnect(station);
  yield random.between(5 * SECOND, MINUTE);
  for (const _ of connectors) emitStation(station, "chargestation.connector.deleted");
  emitStation(station, "chargestation.deleted");
  station.ended = true;
  onRemoved();
}

function* surprise(station: Station): Process {
  const { random, emitter } = station;
  for (;;) {
    yield random.exponential(6 * HOUR);
    const { type, object } = random.pick(FUTURE_TYPES);
    const connector = random.pick(station.connectors);
    const at = emitter.date();
    const details = { user: null, status: "created", createdAt: at, updatedAt: at };
    emitter.emit({
      type,
      object,
      station: station.id,
      data: {
        _id: emitter.mintId(),
        chargestation: station.id,
        connector: connector.id,
        ...details,
      },
    });
  }
}

function emitStation(station: Station, type: string): void {
  station.emitter.emit({
    type,
    object: "chargestation",
    station: station.id,
    data: chargestationBody(station),
  });
}
