import { isRecent } from "../domain/clock.ts";
import { parseCursor, resumeFrom } from "../domain/cursor.ts";
import { MAX_UNPROVEN_BYTES } from "../domain/flow.ts";
import { CloseCode } from "../protocol/codes.ts";
import { type GapReason, gapFrame, helloFrame, snapshotFrame } from "../protocol/frames.ts";
import { SILENT_EVENTS } from "./stream-groups.ts";
import type { Member } from "./stream-member.ts";
import type { Outlet } from "./stream-outlet.ts";
import { type StreamRecord, type StreamSource, seenByFilters } from "./stream-source.ts";

/**
 * A replay has no more than this under way to one who acknowledges: a tail that it can take in
 * once it is live, however long it takes over each event.
 */
const ACKNOWLEDGED_BYTES = 512 * 1024;
/** To one who does not say that anything arrives it pauses at this … */
const UNPROVEN_BYTES = MAX_UNPROVEN_BYTES;
/** … and then goes on with so much at each look, for clients that never say anything … */
const UNPROVEN_STEP_BYTES = 512 * 1024;
/** … but not for ever: one that is really stuck comes back with its cursor, and has lost nothing. */
const MAX_REPLAY_BYTES = 32 * 1024 * 1024;
/** How often a subscriber's signs of life are looked for while something waits for one. */
const LOOK_MS = 100;
/** One that was slow has taken in enough when it is not further behind than this. */
const CAUGHT_UP_BYTES = 1024 * 1024;
/** And has this long for it. */
export const HELD_MS = 30_000;
const SLOW_RETRY_MS = 1_000;
/** States that are about to follow the log are waited for, but not for ever. */
const STATES_PATIENCE_MS = 5_000;

export interface ReplayWorld {
  readonly source: StreamSource;
  readonly outlet: Outlet;
  /** False when it has gone away, or begun anew. */
  readonly isCurrent: (member: Member, generation: number) => boolean;
  /** Takes into account what the platform knows of a member's pings. */
  readonly hear: (member: Member) => void;
  /** True when its token has ended; it is then closed. */
  readonly expire: (member: Member) => boolean;
  /** It does not take in what it is sent: it begins anew with the present states. */
  readonly conflate: (member: Member) => void;
  /** Makes it one of those that get every new event. Nothing lies between its position and the head. */
  readonly goLive: (member: Member) => void;
}

/**
 * Brings subscribers up to date, each at its own pace: states if they come first, then the log
 * up to its head. It goes live in the same turn in which it has nothing left to read, so there
 * is no seam.
 */
export class Replay {
  readonly #world: ReplayWorld;

  constructor(world: ReplayWorld) {
    this.#world = world;
  }

  /** Greets, and takes the place that was asked for. */
  begin(member: Member, from: string): Promise<void> {
    const extent = this.#world.source.extent();
    member.heldSinceMs = null;
    member.restatedFrom = null;
    member.wantsSnapshot = from === "snapshot";
    member.position = from === "start" ? extent.oldest : extent.head;
    if (from === "now" || from === "snapshot" || from === "start") {
      this.greet(member, null);
      return this.proceed(member);
    }
    const resumption = resumeFrom(parseCursor(from), extent);
    if (resumption.kind === "lost") {
      this.greet(member, false);
      return this.resync(member, resumption.reason);
    }
    member.position = resumption.offset;
    member.restatedFrom = member.position;
    this.greet(member, true);
    return this.proceed(member);
  }

  greet(member: Member, recovered: boolean | null): void {
    const { source, outlet } = this.#world;
    const { connection, position, flow } = member;
    flow.beginAt(position);
    outlet.tell(
      member,
      helloFrame({
        connection,
        tenant: source.tenant,
        cursor: outlet.cursorAt(position),
        recovered,
        behind: source.extent().head - position,
      }),
    );
  }

  /** What has been missed is made good by the present states, and that is said. */
  resync(member: Member, reason: GapReason): Promise<void> {
    const { source, outlet } = this.#world;
    outlet.tell(member, gapFrame(reason, outlet.cursorAt(source.extent().head)));
    member.wantsSnapshot = true;
    return this.proceed(member);
  }

  /** Goes on where the member stands, until it is live or has begun anew. */
  async proceed(member: Member): Promise<void> {
    const { generation } = member;
    if (member.wantsSnapshot && !(await this.#snapshot(member, generation))) return;
    if (member.heldSinceMs !== null && !(await this.#hold(member, generation))) return;
    await this.#follow(member, generation);
  }

  /** All states as of one moment, in pages. False when it has ended before that. */
  async #snapshot(member: Member, generation: number): Promise<boolean> {
    const { outlet, isCurrent, expire } = this.#world;
    const taken = await this.#takeStates(member, generation);
    if (taken === null || expire(member)) return false;
    const { states, head } = taken;
    const cursor = outlet.cursorAt(head);
    let sentCount = 0;
    for (const page of outlet.statePages(states, member.visibility)) {
      if (sentCount > 0) await scheduler.wait(0);
      if (!isCurrent(member, generation)) return false;
      // Not held back: its pages share one cursor, so they can only be acknowledged as a whole.
      sentCount += page.length;
      const frame = snapshotFrame(page, cursor, sentCount === states.length);
      outlet.sendText(member, frame, head, Date.now());
    }
    member.position = head;
    member.wantsSnapshot = false;
    return true;
  }

  async #takeStates(member: Member, generation: number) {
    const { source, isCurrent } = this.#world;
    const sinceMs = Date.now();
    for (;;) {
      const { head } = source.extent();
      const isPatient = isRecent(sinceMs, Date.now(), STATES_PATIENCE_MS);
      const states = source.states(member.visibility.wantsStation, !isPatient);
      if (states !== null) {
        // They tell of what was taken out by leaving it out.
        member.restatedFrom = null;
        return { states, head };
      }
      await scheduler.wait(LOOK_MS);
      if (!isCurrent(member, generation)) return null;
    }
  }

  /** One that was slow gets nothing more until it has taken in what it got. False when it does not. */
  async #hold(member: Member, generation: number): Promise<boolean> {
    const { outlet, isCurrent, hear, expire } = this.#world;
    for (;;) {
      hear(member);
      if (expire(member)) return false;
      const nowMs = Date.now();
      if (member.flow.bytes <= CAUGHT_UP_BYTES && !member.flow.isLate(nowMs)) break;
      if (!isRecent(member.heldSinceMs ?? nowMs, nowMs, HELD_MS)) {
        outlet.bye(member, CloseCode.tooSlow, "too slow", SLOW_RETRY_MS, member.position);
        return false;
      }
      await scheduler.wait(LOOK_MS);
      if (!isCurrent(member, generation)) return false;
    }
    member.heldSinceMs = null;
    return true;
  }

  /** Replays what the log holds after the member's position; once nothing is left, it is live. */
  async #follow(member: Member, generation: number): Promise<void> {
    const { source, isCurrent, expire, goLive } = this.#world;
    // Of those who see states alone: what has changed since their position.
    const touched = new Set<string>();
    let { position } = member;
    let toldOffset = position;
    while (position < source.extent().head) {
      if (!(await this.#hasRoom(member, generation)) || expire(member)) return;
      if (position < source.extent().oldest) return this.resync(member, "retention");
      const { records, offset } = source.read(position);
      position = offset;
      const behind = source.extent().head - position;
      const { view, wants } = member.visibility;
      const wanted = records.filter((record) => wants(seenByFilters(record)));
      if (view === "state") {
        for (const { station } of wanted) touched.add(station);
        if (behind === 0) {
          this.#addRestated(member, touched);
          this.#sendStates(member, touched, position);
        }
      } else if (wanted.length > 0 || behind === 0 || position - toldOffset >= SILENT_EVENTS) {
        this.#sendEvents(member, wanted, position, behind);
        toldOffset = position;
      }
      if (behind > 0) await scheduler.wait(0);
      if (!isCurrent(member, generation)) return;
    }
    this.#addRestated(member, touched);
    if (touched.size > 0) this.#sendStates(member, touched, position);
    goLive(member);
  }

  #sendEvents(
    member: Member,
    wanted: readonly StreamRecord[],
    position: number,
    behind: number,
  ): void {
    const { outlet } = this.#world;
    const nowMs = Date.now();
    member.position = position;
    for (const frame of outlet.eventFrames(wanted, position, behind)) {
      // There is nothing to take in, and so nothing to acknowledge, in a frame that is empty.
      if (wanted.length === 0) outlet.tell(member, frame.text);
      else outlet.send(member, frame, nowMs);
    }
  }

  /** To those who see states alone; the others are told of stations by events. */
  #addRestated(member: Member, touched: Set<string>): void {
    const { restatedFrom, visibility } = member;
    member.restatedFrom = null;
    if (restatedFrom === null || visibility.view !== "state") return;
    for (const station of this.#world.source.restatedSince(restatedFrom)) {
      if (visibility.wantsStation(station)) touched.add(station);
    }
  }

  #sendStates(member: Member, touched: Set<string>, position: number): void {
    const { outlet } = this.#world;
    const nowMs = Date.now();
    for (const frame of outlet.stateFrames(touched, member.position, position, 0)) {
      outlet.send(member, frame, nowMs);
    }
    member.position = position;
    touched.clear();
  }

  /** Waits until more may be sent. False when the member has ended, or is too slow for that. */
  async #hasRoom(member: Member, generation: number): Promise<boolean> {
    const { outlet, isCurrent, hear, conflate } = this.#world;
    const { flow } = member;
    const windowBytes = () => (flow.acknowledges ? ACKNOWLEDGED_BYTES : UNPROVEN_BYTES);
    let allowedBytes = Math.max(windowBytes(), member.allowedBytes);
    for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
      hear(member);
      if (flow.isLate(Date.now())) {
        conflate(member);
        return false;
      }
      if (flow.acknowledges || flow.bytes < UNPROVEN_BYTES) allowedBytes = windowBytes();
      else if (waitedMs > 0) allowedBytes += UNPROVEN_STEP_BYTES;
      member.allowedBytes = allowedBytes;
      if (flow.bytes < allowedBytes) return true;
      if (flow.bytes > MAX_REPLAY_BYTES) {
        outlet.bye(member, CloseCode.tooSlow, "too slow", SLOW_RETRY_MS, member.position);
        return false;
      }
      await scheduler.wait(LOOK_MS);
      if (!isCurrent(member, generation)) return false;
    }
  }
}
