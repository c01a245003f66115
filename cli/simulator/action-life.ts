import { COMMANDS, type Command } from "./actions.ts";
import type { Process } from "./schedule.ts";
import { type Connector, type Station, untilOnline } from "./station.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const REJECTED_SHARE = 0.15;

interface Action {
  readonly name: string;
  readonly connector: Connector | null;
  readonly request: object;
  readonly respond: () => object;
}

/** What the operator asks of a station: a shuffled deck of commands, dealt again when it is empty. */
export function* receiveCommands(station: Station): Process {
  const { random } = station;
  let deck: Command[] = [];
  yield random.exponential(5 * MINUTE);
  while (!station.closing) {
    yield* untilOnline(station);
    if (deck.length === 0) deck = random.shuffle(COMMANDS);
    const connector = random.pick(station.connectors);
    const next = deck.findIndex((command) => isPossible(command, connector));
    const [command] = next === -1 ? [] : deck.splice(next, 1);
    if (command !== undefined) yield* perform(station, toAction(station, command, connector));
    yield 30 * SECOND + random.exponential(10 * MINUTE);
  }
}

/** A driver holds a card to the reader. */
export function* performAuthorization(station: Station, connector: Connector): Process {
  const { random } = station;
  const idTag = random.integer(0x10000000, 0x7fffffff).toString(16).toUpperCase();
  yield* perform(station, {
    name: "chargestation.authorization",
    connector,
    request: { id_tag: idTag, token_type: "ISO14443" },
    respond: () => ({ idTagInfo: { status: "Accepted" } }),
  });
}

function isPossible(command: Command, connector: Connector): boolean {
  return command.about !== "session" || connector.session?.status === "Started";
}

function toAction(station: Station, command: Command, connector: Connector): Action {
  const { random } = station;
  const session = command.about === "session" ? { session: connector.session?.id } : {};
  return {
    name: command.name,
    connector: command.about === "chargestation" ? null : connector,
    request: { ...session, ...command.request(random, connector) },
    respond: () => command.response(random, connector),
  };
}

/** An action in its two states: requested, then accepted or rejected. */
function* perform(station: Station, action: Action): Process {
  const { random, emitter } = station;
  const base = {
    _id: emitter.mintId(),
    type: action.name,
    status: "requested",
    chargestation: station.id,
    ...(action.connector !== null && { connector: action.connector.id }),
    data: action.request,
  };
  const createdAt = emitter.date();
  const emit = (state: string, data: object) =>
    emitter.emit({
      type: `${action.name}.${state}`,
      object: "action",
      station: station.id,
      data: { ...data, createdAt, updatedAt: emitter.date() },
    });

  emit("requested", base);
  yield random.between(0.3 * SECOND, 6 * SECOND);
  yield* untilOnline(station);
  if (random.chance(REJECTED_SHARE)) {
    emit("rejected", { ...base, status: "failed", response_data: { status: "Rejected" } });
  } else {
    emit("accepted", { ...base, status: "completed", response_data: action.respond() });
  }
}
