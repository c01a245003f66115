import type { NewReplay } from "../../../src/domain/control.ts";

/** What a replay is to send, as its form holds it. */
export interface Selection {
  readonly route: string;
  /** Between commas or white space; empty: all. */
  readonly stations: string;
  readonly types: string;
  /** As `datetime-local` has it, in this machine's time zone. */
  readonly from: string;
  readonly to: string;
}

export function readList(text: string): string[] {
  return text.split(/[\s,]+/).filter((item) => item !== "");
}

/** `2026-11-25T13:05:00`, in the time zone of this machine, for `datetime-local`. */
export function localTime(atMs: number): string {
  const offsetMs = new Date(atMs).getTimezoneOffset() * 60_000;
  return new Date(atMs - offsetMs).toISOString().slice(0, 19);
}

/** What a link asks for, the last hour where it does not say. */
export function selectionOf(query: URLSearchParams, nowMs: number): Selection {
  const time = (name: string, otherwiseMs: number) => {
    const given = Date.parse(query.get(name) ?? "");
    return localTime(Number.isNaN(given) ? otherwiseMs : given);
  };
  return {
    route: query.get("route") ?? "",
    stations: query.get("stations") ?? "",
    types: query.get("types") ?? "",
    from: time("from", nowMs - 3_600_000),
    to: time("to", nowMs),
  };
}

/** Null for a time that is not filled in. */
export function isoTime(local: string): string | null {
  const ms = Date.parse(local);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

export function requestOf(selection: Selection, dryRun: boolean): NewReplay {
  const stations = readList(selection.stations);
  const types = readList(selection.types);
  return {
    route: selection.route,
    ...(stations.length > 0 && { stations }),
    ...(types.length > 0 && { types }),
    from: isoTime(selection.from) ?? "",
    to: isoTime(selection.to) ?? "",
    dryRun,
  };
}
