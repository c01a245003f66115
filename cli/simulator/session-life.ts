import { performAuthorization } from "./action-life.ts";
import { chargestationBody, sessionBody } from "./bodies.ts";
import type { Process } from "./schedule.ts";
import { charge, noteActivity, openSession, pause, type Session, targetIsMet } from "./session.ts";
import { type Connector, type ConnectorStatus, type Station, untilOnline } from "./station.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** How long eDRV waits for a session to start before it cancels it. */
const START_TIMEOUT_MS = 120 * SECOND;

/** One connector and the cars that come to it, one after the other. */
export function* serveCars(
  station: Station,
  connector: Connector,
  userIds: readonly string[],
): Process {
  const { random } = station;
  yield random.chance(0.5)
    ? random.between(5 * SECOND, 2 * MINUTE)
    : random.exponential(12 * MINUTE);
  while (!station.closing) {
    yield* untilOnline(station);
    yield* receiveCar(station, connector, random.pick(userIds));
    yield MINUTE + random.exponential(25 * MINUTE);
  }
}

export function reportStatus(station: Station, connector: Connector): void {
  connector.updatedAt = station.emitter.date();
  station.emitter.emit({
    type: "chargestation.connector_status.updated",
    object: "chargestation",
    station: station.id,
    data: chargestationBody(station, connector),
  });
}

function* receiveCar(station: Station, connector: Connector, userId: string): Process {
  const { random } = station;
  changeStatus(station, connector, "Preparing");
  yield random.between(3 * SECOND, 20 * SECOND);
  if (random.chance(0.4)) yield* performAuthorization(station, connector);
  const session = openSession(station, connector, userId);
  connector.session = session;
  emitSession(station, connector, "session.created");
  yield* liveThrough(station, connector, session);
  connector.session = null;
  yield* untilOnline(station);
  changeStatus(station, connector, "Finishing");
  yield random.between(5 * SECOND, 3 * MINUTE);
  yield* untilOnline(station);
  changeStatus(station, connector, "Available");
}

/** Most sessions start, charge and end; a few never start. */
function* liveThrough(station: Station, connector: Connector, session: Session): Process {
  const { random } = station;
  const fate = random.next();
  if (fate < 0.03) {
    yield START_TIMEOUT_MS;
    session.status = "cancelled";
    emitSession(station, connector, "session.cancelled");
  } else if (fate < 0.06) {
    yield random.between(2 * SECOND, 15 * SECOND);
    yield* untilOnline(station);
    emitSession(station, connector, "session.start_failure");
  } else {
    yield random.between(SECOND, 6 * SECOND);
    yield* untilOnline(station);
    startCharging(station, connector, session);
    yield* chargeCar(station, connector, session);
    yield* stopCharging(station, connector, session);
  }
}

function startCharging(station: Station, connector: Connector, session: Session): void {
  session.status = "Started";
  session.startedAt = station.emitter.date();
  emitSession(station, connector, "session.started");
  changeStatus(station, connector, "Charging");
  noteActivity(session, "Charging", station.emitter.date());
}

/** Meter values every half minute to a minute, until the driver has what they came for. */
function* chargeCar(station: Station, connector: Connector, session: Session): Process {
  const { random, emitter } = station;
  let isPaused = false;
  for (let isDone = false; !isDone; ) {
    const waitMs = random.integer(30 * SECOND, 60 * SECOND);
    yield waitMs;
    if (isPaused) pause(session, waitMs);
    else charge(session, connector, waitMs);
    isDone = session.charged || session.consumedWh >= session.plannedWh;
    isPaused = !isDone && random.chance(isPaused ? 0.3 : 0.025);
    noteActivity(session, isPaused ? "SuspendedEVSE" : "Charging", emitter.date());
    if (!station.online) continue;
    emitSession(station, connector, "session.updated");
    isDone ||= announceTarget(station, connector, session);
  }
  session.stopReason = session.targetReached ? "Remote" : "EVDisconnected";
}

/** True when the driver's target was reached just now; the session then ends. */
function announceTarget(station: Station, connector: Connector, session: Session): boolean {
  if (session.target === null || !targetIsMet(session, connector.rate)) return false;
  session.targetReached = true;
  emitSession(station, connector, `session.target.${session.target.kind}.reached`);
  return true;
}

function* stopCharging(station: Station, connector: Connector, session: Session): Process {
  const { random, emitter } = station;
  yield* untilOnline(station);
  if (session.charged) {
    emitSession(station, connector, "session.ev_charged");
    changeStatus(station, connector, "SuspendedEV");
    noteActivity(session, "SuspendedEV", emitter.date());
    yield random.between(20 * SECOND, 6 * MINUTE);
    session.stopReason = "Local";
  }
  if (random.chance(0.04)) {
    yield* untilOnline(station);
    emitSession(station, connector, "session.stop_failure");
    yield random.between(5 * SECOND, 30 * SECOND);
  }
  yield* untilOnline(station);
  session.status = "Ended";
  session.endedAt = emitter.date();
  session.powerKw = 0;
  noteActivity(session, "Finishing", session.endedAt);
  emitSession(station, connector, "session.ended");
}

function changeStatus(station: Station, connector: Connector, status: ConnectorStatus): void {
  connector.status = status;
  reportStatus(station, connector);
}

function emitSession(station: Station, connector: Connector, type: string): void {
  const { session } = connector;
  if (session === null) return;
  station.emitter.emit({
    type,
    object: "session",
    station: station.id,
    data: sessionBody(station, connector, session),
  });
}
