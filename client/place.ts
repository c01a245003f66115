import type { ContentFrame, HelloFrame } from "./server-frames.ts";

/** Up to where a stream has been received. */
export interface Place {
  /** What to ask for, unless a snapshot is under way. */
  readonly from: string;
  /** While it is due, or not all of it is here, no cursor is a place to go on from. */
  readonly snapshot: "none" | "due" | "partial";
}

export function placeAt(from: string): Place {
  return { from, snapshot: "none" };
}

/** What a new connection asks for: half a snapshot is worth nothing, so it is asked for again. */
export function resumeFrom({ from, snapshot }: Place): string {
  return snapshot === "none" ? from : "snapshot";
}

/** After the answer to having asked for `asked`. */
export function afterHello(asked: string, { cursor, recovered }: HelloFrame): Place {
  const snapshotFollows = asked === "snapshot" || recovered === false;
  return { from: cursor, snapshot: snapshotFollows ? "due" : "none" };
}

/** After a renewal of the token: what was under way goes on, but a snapshot begins anew. */
export function afterRenewal(place: Place): Place {
  return place.snapshot === "partial" ? { ...place, snapshot: "due" } : place;
}

export function afterFrame(place: Place, frame: ContentFrame): Place {
  if (frame.op === "gap") return { ...place, snapshot: "due" };
  if (frame.op !== "snapshot") return { ...place, from: frame.cursor };
  return frame.done ? placeAt(frame.cursor) : { ...place, snapshot: "partial" };
}
