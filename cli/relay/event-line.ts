import type { EventTrace } from "./event-book.ts";
import { detailOf } from "./event-detail.ts";
import type { Paint } from "./terminal.ts";

const TYPE_WIDTH = 38;
/** What the other columns take, with the blanks between them. */
const OTHERS_WIDTH = 108;
const MIN_DETAIL_WIDTH = 8;
const MAX_DETAIL_WIDTH = 34;
/** Of a station's id its end is shown, which is where the ids of one fleet differ. */
const STATION_CHARS = 8;

/** One event in one line: time, station, seq, type, a detail, and how long its way took. */
export function eventLine(
  { event, frameMs, deliveryMs }: EventTrace,
  { paint, columns }: { readonly paint: Paint; readonly columns: number },
): string {
  const { type, station, seq, receivedAt, body } = event;
  const roomWidth = Math.min(Math.max(columns - OTHERS_WIDTH, MIN_DETAIL_WIDTH), MAX_DETAIL_WIDTH);
  const delivered = deliveryMs === null ? "not yet delivered" : `delivered ${deliveryMs} ms`;
  return [
    paint("dim", timeOf(receivedAt)),
    paint("cyan", shorten(station).padEnd(STATION_CHARS + 1)),
    `#${seq}`.padStart(6),
    colourOf(type, toWidth(type, TYPE_WIDTH), paint),
    toWidth(detailOf(type, body), roomWidth),
    paint("dim", `frame ${frameMs} ms, ${delivered}`),
  ].join("  ");
}

function timeOf(receivedAt: string): string {
  const time = new Date(receivedAt);
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${clock}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

function shorten(station: string): string {
  return station.length <= STATION_CHARS + 1 ? station : `…${station.slice(-STATION_CHARS)}`;
}

/** Exactly so wide, and without what a terminal would take for a command. */
function toWidth(foreign: string, width: number): string {
  const text = foreign.replaceAll(/\p{Cc}/gu, " ");
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;
}

function colourOf(type: string, text: string, paint: Paint): string {
  if (/\.(offline|rejected|cancelled|deleted)$|_failure$/.test(type)) return paint("red", text);
  if (/\.(online|started|accepted)$/.test(type)) return paint("green", text);
  return text;
}
