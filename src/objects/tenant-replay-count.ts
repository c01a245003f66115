import { compileFilter } from "../domain/filter.ts";
import type { ReplaySelection } from "../domain/replay.ts";
import type { StationRoute } from "../domain/route.ts";
import { faultFields, log } from "../log.ts";
import type { Database } from "../store/database.ts";
import * as store from "../store/replay-store.ts";
import type { ReplayCount } from "./station-replay.ts";
import { selectionOf, stationsOf } from "./tenant-views.ts";

/** Stations that are asked together what they have. */
const COUNTED_TOGETHER = 50;

export interface CountWorld {
  readonly tenant: string;
  readonly routeOf: (routeId: string) => StationRoute | null;
  /** Names of all stations, in order, after the given one. */
  readonly stationNames: (after: string, limit: number) => Promise<string[]>;
  readonly count: (station: string, selection: ReplaySelection) => Promise<ReplayCount>;
  /** Some stations are counted, or all. */
  readonly onCounted: () => void;
  /** Counting has stopped and is to be started again later. */
  readonly onFault: () => void;
}

type Counted = ReplayCount & { readonly station: string };

/** Asks the stations, a group at a time, what a replay has to send of them. */
export class ReplayCounter {
  readonly #db: Database;
  readonly #world: CountWorld;
  readonly #counting = new Map<string, Promise<void>>();

  constructor(db: Database, world: CountWorld) {
    this.#db = db;
    this.#world = world;
  }

  isCounting(replayId: string): boolean {
    return this.#counting.has(replayId);
  }

  /** Counts and stores nothing. */
  async dryRun(
    replay: Omit<store.ReplayRow, "number">,
  ): Promise<{ matched: number; stations: number }> {
    let [matched, stations] = [0, 0];
    for (let after: string | null = ""; after !== null; ) {
      const group = await this.#countGroup({ ...replay, countedTo: after });
      for (const count of group.counts) matched += count.matched;
      stations += group.counts.length;
      after = group.countedTo;
    }
    return { matched, stations };
  }

  /** Goes on counting from where it stood; what is counted so far is stored. Never rejects. */
  count(replayId: string): Promise<void> {
    const running = this.#counting.get(replayId);
    if (running !== undefined) return running;
    const counted = this.#countAll(replayId);
    this.#counting.set(replayId, counted);
    return counted;
  }

  async #countAll(replayId: string): Promise<void> {
    try {
      while (await this.#countSome(replayId)) this.#world.onCounted();
      this.#counting.delete(replayId);
      this.#world.onCounted();
    } catch (error) {
      this.#counting.delete(replayId);
      const { tenant } = this.#world;
      log("warn", "replay.failed", { tenant, replay: replayId, ...faultFields(error) });
      this.#world.onFault();
    }
  }

  /** True while there is more to be counted. */
  async #countSome(replayId: string): Promise<boolean> {
    const before = store.readReplay(this.#db, replayId);
    if (before === null) return false;
    const { counts, countedTo } = await this.#countGroup(before);
    const now = store.readReplay(this.#db, replayId);
    // It may have been cancelled meanwhile.
    if (now === null || now.finishedAtMs !== null) return false;
    this.#db.transaction(() => {
      let matched = 0;
      for (const count of counts) {
        store.insertReplayStation(this.#db, {
          replayId,
          station: count.station,
          place: 0,
          afterSeq: count.firstSeq - 1,
          untilSeq: count.lastSeq,
        });
        matched += count.matched;
      }
      store.noteCounted(this.#db, replayId, countedTo, matched);
      store.finishReplay(this.#db, replayId, Date.now());
    });
    return countedTo !== null;
  }

  /** The next stations that have anything to send, and up to which name all are asked. */
  async #countGroup(
    replay: Omit<store.ReplayRow, "number">,
  ): Promise<{ counts: Counted[]; countedTo: string | null }> {
    const route = this.#world.routeOf(replay.routeId);
    if (route === null || replay.countedTo === null) return { counts: [], countedTo: null };
    const names = await this.#namesAfter(stationsOf(replay), replay.countedTo);
    const { wantsStation } = compileFilter(route.filter);
    const selection = selectionOf(replay, route.filter);
    const counts = await Promise.all(
      names.filter(wantsStation).map(async (station) => ({
        station,
        ...(await this.#world.count(station, selection)),
      })),
    );
    return {
      counts: counts.filter(({ matched }) => matched > 0),
      countedTo: names.length < COUNTED_TOGETHER ? null : (names.at(-1) ?? null),
    };
  }

  async #namesAfter(stations: readonly string[] | null, after: string): Promise<string[]> {
    if (stations === null) return this.#world.stationNames(after, COUNTED_TOGETHER);
    return stations.filter((name) => name > after).slice(0, COUNTED_TOGETHER);
  }
}
