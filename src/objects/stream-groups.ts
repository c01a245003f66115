import type { Visibility } from "../domain/grant.ts";
import { GroupIndex } from "./group-index.ts";
import type { Member } from "./stream-member.ts";
import type { Outlet, SizedFrame } from "./stream-outlet.ts";
import { type StreamRecord, type StreamSource, seenByFilters } from "./stream-source.ts";

/**
 * A busy stream sends one frame per socket and interval, an idle one sends at once. A frame takes
 * the runtime 10 to 40 µs, whatever is in it (docs/performance.md), so an interval that grows with
 * the sockets keeps what sending takes to a fifth of the time, up to a limit that people do not see.
 */
const INTERVAL_PER_SOCKET_MS = 0.2;
const MAX_INTERVAL_MS = 200;
/** A subscriber whose filter lets nothing through hears its cursor this often, at least. */
export const SILENT_EVENTS = 500;

/** Subscribers who see the same: each event is matched once, each frame built once for all of them. */
interface Group {
  readonly visibility: Visibility;
  readonly members: Set<Member>;
  waiting: StreamRecord[];
  /** Stations that are to be told of as they are now, whatever waits. Only for the view `state`. */
  readonly restated: Set<string>;
  /** Where its last frame went up to. */
  heardOffset: number;
}

/** The subscribers that have caught up: every new event goes to them, gathered while it is busy. */
export class LiveGroups {
  readonly #source: StreamSource;
  readonly #outlet: Outlet;
  readonly #isSlow: (member: Member, nowMs: number) => boolean;
  readonly #onTold: (member: Member) => void;
  readonly #onFlushed: (slow: readonly Member[], nowMs: number) => void;
  readonly #groups = new Map<string, Group>();
  readonly #index = new GroupIndex<Group>();
  /** Everything in the stream up to here has been handed to the groups … */
  #handedOffset: number;
  /** … and up to here it has also been sent. */
  #sentOffset = 0;
  #sentMs = 0;
  #memberCount = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /**
   * `isSlow` looks again at one who seems to be; `onTold` gets one who has been told its place and
   * nothing else; `onFlushed` gets those who are slow, and who belong to no group any more.
   */
  constructor(
    source: StreamSource,
    outlet: Outlet,
    isSlow: (member: Member, nowMs: number) => boolean,
    onTold: (member: Member) => void,
    onFlushed: (slow: readonly Member[], nowMs: number) => void,
  ) {
    this.#source = source;
    this.#outlet = outlet;
    this.#isSlow = isSlow;
    this.#onTold = onTold;
    this.#onFlushed = onFlushed;
    this.#handedOffset = source.extent().head;
  }

  /** The place up to which live subscribers have been sent everything. */
  get position(): number {
    return this.#timer === null ? this.#handedOffset : this.#sentOffset;
  }

  /** From the head on; what waits to be sent lies before it, and goes out first. */
  join(member: Member): void {
    this.flushWaiting();
    this.#handedOffset = this.#source.extent().head;
    this.#memberCount += 1;
    const group = this.#groups.get(member.key);
    if (group !== undefined) {
      group.members.add(member);
      group.heardOffset = Math.min(group.heardOffset, member.position);
    } else {
      const fresh: Group = {
        visibility: member.visibility,
        members: new Set([member]),
        waiting: [],
        restated: new Set(),
        heardOffset: member.position,
      };
      this.#groups.set(member.key, fresh);
      this.#index.add(fresh);
    }
  }

  leave(member: Member): void {
    const group = this.#groups.get(member.key);
    if (group?.members.delete(member) !== true) return;
    this.#memberCount -= 1;
    if (group.members.size > 0) return;
    this.#groups.delete(member.key);
    this.#index.delete(group);
  }

  /** The stream has started anew. */
  clear(): void {
    this.#memberCount = 0;
    this.#groups.clear();
    this.#index.clear();
    this.#handedOffset = this.#source.extent().head;
  }

  /** In the turn in which the log has taken them in. */
  publish(records: readonly StreamRecord[], restated: ReadonlySet<string>): void {
    const sentOffset = (records[0]?.offset ?? this.#handedOffset + 1) - 1;
    this.#handedOffset = records.at(-1)?.offset ?? this.#handedOffset;
    if (records.length + restated.size === 0 || this.#groups.size === 0) return;
    for (const record of records) {
      const seen = seenByFilters(record);
      for (const { visibility, waiting } of this.#index.candidates(record.station, record.type)) {
        if (visibility.wants(seen)) waiting.push(record);
      }
    }
    if (restated.size > 0) this.#restate(restated);
    if (this.#timer !== null) return;
    this.#sentOffset = sentOffset;
    const intervalMs = this.#intervalMs();
    // No longer than that, should the clock have been set back.
    const waitMs = Math.min(intervalMs, this.#sentMs + intervalMs - Date.now());
    if (waitMs <= 0) this.#flush();
    else this.#timer = setTimeout(() => this.#flush(), waitMs);
  }

  countWanting(record: StreamRecord): number {
    const seen = seenByFilters(record);
    let count = 0;
    for (const group of this.#index.candidates(record.station, record.type)) {
      const { visibility, members } = group;
      if (visibility.wants(seen)) count += members.size;
    }
    return count;
  }

  /** Sends what waits now, so that nothing of before follows what is sent next. */
  flushWaiting(): void {
    if (this.#timer !== null) this.#flush();
  }

  #restate(stations: ReadonlySet<string>): void {
    for (const { visibility, restated } of this.#groups.values()) {
      if (visibility.view !== "state") continue;
      for (const station of stations) {
        if (visibility.wantsStation(station)) restated.add(station);
      }
    }
  }

  #intervalMs(): number {
    return Math.min(MAX_INTERVAL_MS, Math.floor(this.#memberCount * INTERVAL_PER_SOCKET_MS));
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const nowMs = Date.now();
    this.#sentMs = nowMs;
    // Not the log's own, which may have an event that is about to be handed over.
    const head = this.#handedOffset;
    const slow: Member[] = [];
    for (const group of this.#groups.values()) {
      const { waiting, restated } = group;
      group.waiting = [];
      const isNews = waiting.length + restated.size > 0;
      if (!isNews && head - group.heardOffset < SILENT_EVENTS) continue;
      group.heardOffset = head;
      const frames = this.#framesOf(group, waiting, head);
      restated.clear();
      if (isNews) slow.push(...this.#sendTo(group.members, frames, nowMs));
      else this.#tellPlace(group.members, frames, head);
    }
    this.#onFlushed(slow, nowMs);
  }

  /** With nothing in it to take in, there is nothing to acknowledge. */
  #tellPlace(members: Set<Member>, frames: readonly SizedFrame[], head: number): void {
    for (const member of members) {
      for (const { text } of frames) this.#outlet.tell(member, text);
      member.position = head;
      this.#onTold(member);
    }
  }

  /** Those who have not taken in what was sent before are taken out, and get no more of these. */
  #sendTo(members: Set<Member>, frames: readonly SizedFrame[], nowMs: number): Member[] {
    const slow: Member[] = [];
    let before = this.#sentOffset;
    for (const frame of frames) {
      for (const member of members) {
        if (member.flow.isSlow(nowMs) && this.#isSlow(member, nowMs)) {
          member.isLive = false;
          member.position = before;
          this.leave(member);
          slow.push(member);
        } else this.#outlet.send(member, frame, nowMs);
      }
      before = frame.offset;
    }
    return slow;
  }

  #framesOf(
    { visibility, restated }: Group,
    records: readonly StreamRecord[],
    head: number,
  ): readonly SizedFrame[] {
    if (visibility.view === "events") return this.#outlet.eventFrames(records, head);
    const stations = new Set([...records.map(({ station }) => station), ...restated]);
    return this.#outlet.stateFrames(stations, this.#sentOffset, head);
  }
}
