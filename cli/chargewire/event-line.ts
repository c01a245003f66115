import type { RelayedEvent } from "../../client/client.ts";
import { detailOf } from "../relay/event-detail.ts";
import type { Paint } from "../relay/terminal.ts";
import { printable } from "./output.ts";

const STATION_WIDTH = 24;
const TYPE_WIDTH = 38;

/** An event in one line: when it came, its station, seq, type, and the one thing that tells most. */
export function eventLine(event: RelayedEvent, paint: Paint): string {
  const { type, station, seq, receivedAt, late, body } = event;
  return [
    paint("dim", receivedAt),
    paint("cyan", printable(station).padEnd(STATION_WIDTH)),
    `#${seq}`.padStart(7),
    colourOf(type, printable(type).padEnd(TYPE_WIDTH), paint),
    printable(detailOf(type, body)),
    late ? paint("yellow", "late") : "",
  ]
    .filter((part) => part !== "")
    .join("  ")
    .trimEnd();
}

function colourOf(type: string, text: string, paint: Paint): string {
  if (/\.(offline|rejected|cancelled|deleted|failing|disabled)$|_failure$/.test(type)) {
    return paint("red", text);
  }
  if (/\.(online|started|accepted|recovered)$/.test(type)) return paint("green", text);
  return text;
}
