import { expect } from "vitest";

import { parseCursor } from "../../../src/domain/cursor.ts";
import { availabilityOf, withoutSessions } from "../../../src/domain/state-view.ts";
import type { Fleet } from "./fleet.ts";
import type { History } from "./history.ts";
import type { Entry, Question, ServerFrame } from "./transcript.ts";
import { type Sight, showsSessions, wants, wantsStation } from "./viewers.ts";

/** What may have happened in a run, and so may be told of. */
export interface Licence {
  slow: boolean;
}

type Shown = NonNullable<ServerFrame["stations"]>[number];

/** Follows what one subscriber is told, and holds each frame to the history. */
export class Checker {
  readonly #history: History;
  readonly #fleet: Fleet;
  readonly #licence: Licence;
  #sight: Sight | null = null;
  #asked: Question[] = [];
  /** Everything up to here has been told, of what is to be seen. */
  #position = 0;
  #isOwed = false;
  #pages: Shown[] = [];
  /** Stations in `state` frames whose cursor has not moved on yet. */
  #touched = new Set<string>();
  /** How one who sees states alone believes the stations to be. */
  readonly mirror = new Map<string, Shown | "removed">();
  #mirrorsSince = 0;
  readonly #removed = new Map<string, number>();
  #isOver = false;
  /** Holes up to here were there when it asked for all that is kept. */
  #knownHoles = 0;

  constructor(history: History, fleet: Fleet, licence: Licence) {
    this.#history = history;
    this.#fleet = fleet;
    this.#licence = licence;
  }

  take(entry: Entry): void {
    if (entry.kind === "asked" || entry.kind === "renewed") {
      if (entry.kind === "asked" && entry.grant !== null) this.#isOver = false;
      this.#asked.push(entry);
    } else if (entry.kind === "dropped") {
      this.#asked = [];
      this.#pages = [];
      this.#touched.clear();
    } else if (entry.kind === "removal") {
      this.#removed.set(entry.station, entry.seq);
    } else this.#read(entry.frame, entry.text);
  }

  /** Whether everything has been told by now. */
  get isUpToDate(): boolean {
    if (this.#sight === null || this.#asked.length > 0 || this.#isOwed) return false;
    return this.#missing(this.#history.head).length === 0;
  }

  /** How far its cursor lags behind. */
  get lag(): number {
    return this.#history.head - this.#position;
  }

  /** One who sees states alone sees them as they are, or as of the last event that it wants. */
  checkMirror(present: (station: string) => string | null): void {
    const sight = this.#sight;
    if (sight?.grant.grant.view !== "state") return;
    const isWhole = sight.filter.filter.types === undefined;
    const since = this.#history.between(this.#mirrorsSince, this.#history.head);
    for (const { station, seq } of since.filter((event) => wants(sight, event))) {
      const shown = this.mirror.get(station);
      if (isWhole) {
        const state = present(station);
        const expected = state === null ? "removed" : JSON.parse(availabilityOf(state));
        expect({ station, shown }).toEqual({ station, shown: expected });
      } else if (shown !== "removed") expect(shown?.seq).toBeGreaterThanOrEqual(seq);
    }
  }

  #read(frame: ServerFrame, text: string): void {
    expect(this.#isOver).toBe(false);
    if (frame.op === "hello") this.#greet(frame);
    else if (frame.op === "events") this.#takeEvents(frame, text);
    else if (frame.op === "state") this.#takeStates(frame);
    else if (frame.op === "snapshot") this.#takeSnapshot(frame);
    else if (frame.op === "gap") this.#takeGap(frame);
    else if (frame.op === "bye") this.#takeBye(frame);
    else if (frame.op === "error") this.#takeRefusal(frame);
    else throw new Error(`unexpected: ${text}`);
  }

  #takeBye(frame: ServerFrame): void {
    if (frame.code === 4101) expect(this.#licence.slow).toBe(true);
    if (!this.#isOwed) this.#moveTo(this.#offsetOf(frame));
    this.#isOver = true;
  }

  /** It keeps what it had. */
  #takeRefusal({ code }: ServerFrame): void {
    const asked = this.#asked.shift();
    const isDoubtful = asked?.kind === "renewed" && asked.isDoubtful;
    expect({ code, isDoubtful }).toEqual({ code: "unauthorized", isDoubtful: true });
  }

  #greet(frame: ServerFrame): void {
    const asked = this.#asked.shift();
    const offset = this.#offsetOf(frame);
    if (asked === undefined) throw new Error("greeted without having asked");
    if (asked.kind === "renewed") {
      // What the old token let through has been told; what comes is for the new one.
      if (!this.#isOwed) this.#moveTo(offset);
      this.#mirrorFrom(offset);
      if (this.#sight !== null) this.#sight = { ...this.#sight, grant: asked.grant };
      return;
    }
    const isSame = this.#see(asked.filter, asked.grant ?? this.#sight?.grant);
    this.#pages = [];
    this.#touched.clear();
    this.#isOwed = asked.from === "snapshot" || frame.recovered === false;
    const cursor = parseCursor(asked.from);
    const isCursor = !["now", "snapshot", "start"].includes(asked.from);
    if (isCursor && frame.recovered === true) expect(frame.cursor).toBe(asked.from);
    else if (isCursor) this.#justifyLoss(cursor);
    else expect(frame.recovered).toBeNull();
    if (asked.from === "start") {
      expect(offset).toBeLessThanOrEqual(this.#history.expired);
      this.#knownHoles = offset + (frame.behind ?? 0);
    }
    this.#position = offset;
    if (!isCursor || !isSame) this.#mirrorFrom(offset);
  }

  /** Whether it saw the same before. */
  #see(filter: Sight["filter"], grant: Sight["grant"] | undefined): boolean {
    if (grant === undefined) throw new Error("asked without having been greeted");
    const before = this.#sight;
    this.#sight = { filter, grant };
    return before?.filter === filter && before.grant === grant;
  }

  #justifyLoss(cursor: ReturnType<typeof parseCursor>): void {
    const { epochs, expired } = this.#history;
    const wasRenewed = epochs.length > 1;
    expect(cursor === null || wasRenewed || cursor.offset < expired).toBe(true);
  }

  #mirrorFrom(offset: number): void {
    this.mirror.clear();
    this.#mirrorsSince = offset;
  }

  #takeEvents(frame: ServerFrame, text: string): void {
    expect([this.#sight?.grant.grant.view, this.#isOwed]).toEqual(["events", false]);
    const offset = this.#offsetOf(frame);
    expect(offset).toBeGreaterThanOrEqual(this.#position);
    const expected = this.#missing(offset).map(({ json }) => json);
    const begin = `{"op":"events","events":[${expected.join(",")}],"cursor":`;
    if (!text.startsWith(begin)) expect(text.slice(0, begin.length)).toBe(begin);
    this.#advance(offset);
  }

  #takeStates({ stations = [], ...frame }: ServerFrame): void {
    expect([this.#sight?.grant.grant.view, this.#isOwed]).toEqual(["state", false]);
    const offset = this.#offsetOf(frame);
    expect(offset).toBeGreaterThanOrEqual(this.#position);
    for (const shown of stations) {
      this.#touched.add(shown.station);
      this.#show(shown);
    }
    if (offset === this.#position) return;
    for (const { station, seq } of this.#missing(offset)) {
      // Its first state may be still to come.
      const isOptional = this.#fleet.mayLackState(station, seq) || this.#mayBeUnknown(station);
      expect({ station, isTold: this.#touched.has(station) || isOptional }).toMatchObject({
        isTold: true,
      });
    }
    this.#touched.clear();
    this.#advance(offset);
  }

  #mayBeUnknown(station: string): boolean {
    return this.#fleet.of(station).some(({ seq }) => this.#fleet.mayLackState(station, seq));
  }

  #show(shown: Shown): void {
    const { station, seq } = shown;
    const sight = this.#sight;
    expect(sight !== null && wantsStation(sight, station)).toBe(true);
    if (shown.removed === true) {
      this.mirror.set(station, "removed");
      return;
    }
    const event = this.#fleet.event(station, seq);
    expect(shown).toEqual(JSON.parse(availabilityOf(event?.state ?? "{}")));
    expect(seq).toBeGreaterThan(this.#removed.get(station) ?? 0);
    this.mirror.set(station, shown);
  }

  #takeSnapshot({ stations = [], done, ...frame }: ServerFrame): void {
    expect(this.#isOwed).toBe(true);
    this.#pages.push(...stations);
    if (done !== true) return;
    const offset = this.#offsetOf(frame);
    const sight = this.#sight;
    const shown = new Map(this.#pages.map((state) => [state.station, state]));
    expect(shown.size).toBe(this.#pages.length);
    if (sight !== null) this.#checkSnapshot(sight, offset, shown);
    this.#pages = [];
    this.#isOwed = false;
    this.#position = offset;
    this.#mirrorFrom(offset);
    if (sight?.grant.grant.view === "state") {
      for (const [station, state] of shown) this.mirror.set(station, state);
    }
  }

  #checkSnapshot(sight: Sight, offset: number, shown: ReadonlyMap<string, Shown>): void {
    const lastSeqs = this.#history.lastSeqsAt(offset);
    for (const [station, state] of shown) {
      expect(wantsStation(sight, station)).toBe(true);
      const last = lastSeqs.get(station) ?? 0;
      if (state.seq !== last) {
        expect([station, this.#fleet.mayLackState(station, last)]).toEqual([station, true]);
        expect(state.seq).toBeLessThan(last);
      }
      expect(state.seq).toBeGreaterThan(this.#removed.get(station) ?? 0);
      const event = this.#fleet.event(station, state.seq);
      expect(event?.isGone).toBe(false);
      expect(state).toEqual(JSON.parse(asSeen(sight, event?.state ?? "{}")));
    }
    for (const [station, last] of lastSeqs) {
      if (shown.has(station) || !wantsStation(sight, station)) continue;
      const wasRemoved = this.#history.removals.some(
        (removal) => removal.station === station && removal.seq >= last,
      );
      const isGone = this.#fleet.event(station, last)?.isGone === true;
      const mayBeMissing = wasRemoved || isGone || this.#fleet.mayLackState(station, last);
      expect({ station, last, mayBeMissing }).toMatchObject({ mayBeMissing: true });
    }
  }

  #takeGap(frame: ServerFrame): void {
    const { epochs, expired } = this.#history;
    if (frame.reason === "slow") expect(this.#licence.slow).toBe(true);
    else if (frame.reason === "epoch") expect(this.#isOwed || epochs.length > 1).toBe(true);
    else expect([frame.reason, expired > 0]).toEqual(["retention", true]);
    this.#isOwed = true;
    this.#pages = [];
  }

  /** A place is given without anything being told: there was nothing to tell. */
  #moveTo(offset: number): void {
    expect(offset).toBeGreaterThanOrEqual(this.#position);
    expect(this.#missing(offset).map(({ json }) => json)).toEqual([]);
    this.#advance(offset);
  }

  /** Nobody goes past a hole without having been told of it. */
  #advance(offset: number): void {
    const passed = this.#history.holes.filter(
      (hole) => hole > Math.max(this.#position, this.#knownHoles) && hole <= offset,
    );
    expect(passed).toEqual([]);
    this.#position = offset;
  }

  #missing(offset: number) {
    const sight = this.#sight;
    if (sight === null) return [];
    return this.#history.between(this.#position, offset).filter((event) => wants(sight, event));
  }

  #offsetOf({ cursor }: ServerFrame): number {
    const parsed = parseCursor(cursor ?? "");
    expect(this.#history.epochs).toContain(parsed?.epoch);
    const offset = parsed?.offset ?? -1;
    expect(offset).toBeLessThanOrEqual(this.#history.head);
    return offset;
  }
}

function asSeen(sight: Sight, state: string): string {
  if (sight.grant.grant.view === "state") return availabilityOf(state);
  return showsSessions(sight) ? state : withoutSessions(state);
}
