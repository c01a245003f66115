import { dueAt, isRecent } from "../domain/clock.ts";
import { describeOutcome, type Outcome, snippetOf } from "../domain/outcome.ts";
import {
  afterReplayAttempt,
  MAX_REPLAY_WAIT_MS,
  nextAttemptMs,
  REPLAY_STATIONS,
} from "../domain/replay.ts";
import type { StationRoute } from "../domain/route.ts";
import { faultFields, log } from "../log.ts";
import type { Database } from "../store/database.ts";
import * as letters from "../store/dead-letter-store.ts";
import * as store from "../store/replay-store.ts";
import type { ReplayAnswer, ReplayTurn } from "./station-replay.ts";
import type { DeadLetters } from "./tenant-dead-letters.ts";
import { selectionOf } from "./tenant-views.ts";

/** When the relay itself could not make an attempt, it tries again after this; none is charged. */
const FAULT_RETRY_MS = 5_000;
/** An attempt that has not been heard of for so long is taken for lost, and made again. */
const LOST_MS = 120_000;

export interface RunnerWorld {
  readonly tenant: string;
  readonly attempt: (station: string, turn: ReplayTurn) => Promise<ReplayAnswer>;
  /** False while the route is paused or disabled, or may not be attempted for another reason. */
  readonly mayAttempt: (routeId: string) => boolean;
  readonly routeOf: (routeId: string) => StationRoute | null;
  /** The destination of the route as it was then wants nothing more. */
  readonly disableRoute: (routeId: string, asOfMs: number) => Promise<void>;
  /** A station's turns have ended, for now or for good. */
  readonly onIdle: () => void;
}

/** One attempt, and what it was made from. */
interface Attempt {
  readonly row: store.ReplayStationRow;
  readonly turn: ReplayTurn;
  /** The dead letter that is redelivered, or null. */
  readonly letter: number | null;
}

/**
 * Sends what replays have left to do: a few stations of each at a time, each station one event
 * after the other. Every step is stored, so that a restart goes on where it was.
 */
export class ReplayRunner {
  readonly #db: Database;
  readonly #deadLetters: DeadLetters;
  readonly #world: RunnerWorld;
  /** Stations at work, by replay. What memory forgets is taken up from the tables again. */
  readonly #running = new Map<string, Map<string, { aliveMs: number }>>();
  /** When each replay's newest attempt was due. */
  readonly #attemptMs = new Map<string, number>();

  constructor(db: Database, deadLetters: DeadLetters, world: RunnerWorld) {
    this.#db = db;
    this.#deadLetters = deadLetters;
    this.#world = world;
  }

  isRunning(replayId: string): boolean {
    return (this.#running.get(replayId)?.size ?? 0) > 0;
  }

  /** Puts stations whose time has come to work, as many as may be. Does not wait for them. */
  start({ id, routeId }: Pick<store.ReplayRow, "id" | "routeId">): void {
    if (!this.#world.mayAttempt(routeId)) return;
    const running = this.#running.get(id) ?? new Map<string, { aliveMs: number }>();
    this.#running.set(id, running);
    const nowMs = Date.now();
    for (const [station, { aliveMs }] of running) {
      if (!isRecent(aliveMs, nowMs, LOST_MS)) running.delete(station);
    }
    const times = { nowMs, longestMs: MAX_REPLAY_WAIT_MS };
    for (const station of store.listDueStations(this.#db, id, times, 2 * REPLAY_STATIONS)) {
      if (running.size >= REPLAY_STATIONS) return;
      if (!running.has(station)) void this.#run(id, station, running);
    }
  }

  /** Forgets replays that are over. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#attemptMs.keys()) if (!ids.has(id)) this.#attemptMs.delete(id);
    for (const [id, { size }] of this.#running) {
      if (size === 0 && !ids.has(id)) this.#running.delete(id);
    }
  }

  async #run(
    replayId: string,
    station: string,
    running: Map<string, { aliveMs: number }>,
  ): Promise<void> {
    const mark = { aliveMs: Date.now() };
    running.set(station, mark);
    try {
      while (running.get(station) === mark && (await this.#step(replayId, station))) {
        mark.aliveMs = Date.now();
      }
    } catch (error) {
      const place = { tenant: this.#world.tenant, replay: replayId, station };
      log("warn", "replay.failed", { ...place, ...faultFields(error) });
      store.putOffReplay(this.#db, replayId, station, Date.now() + FAULT_RETRY_MS);
    }
    if (running.get(station) === mark) running.delete(station);
    this.#world.onIdle();
  }

  /** One attempt. False when the station has nothing more to send, or has to wait. */
  async #step(replayId: string, station: string): Promise<boolean> {
    await this.#pace(replayId);
    const attempt = this.#next(replayId, station);
    if (attempt === null) return false;
    const answer = await this.#world.attempt(station, attempt.turn);
    if (answer === null) {
      this.#db.transaction(() => this.#end(attempt.row));
      return false;
    }
    const { seq, outcome } = answer;
    if (outcome.kind === "later") {
      // The route lets nothing through for now; no attempt was made, so none is charged.
      store.putOffReplay(this.#db, replayId, station, Date.now() + outcome.inMs);
      return false;
    }
    const kind = this.#db.transaction(() => this.#settle(attempt, seq, outcome));
    const { route } = attempt.turn;
    if (kind === "gone") await this.#world.disableRoute(route.id, route.changedAtMs);
    return kind === "delivered" || kind === "failed";
  }

  async #pace(replayId: string): Promise<void> {
    const nowMs = Date.now();
    const atMs = nextAttemptMs(this.#attemptMs.get(replayId) ?? 0, nowMs);
    this.#attemptMs.set(replayId, atMs);
    if (atMs > nowMs) await scheduler.wait(atMs - nowMs);
  }

  /** What is to be attempted now; null when nothing is, or nothing may be. */
  #next(replayId: string, station: string): Attempt | null {
    const replay = store.readReplay(this.#db, replayId);
    const row = store.readReplayStation(this.#db, replayId, station);
    if (replay === null || row === null || isWaiting(row, Date.now())) return null;
    const route = this.#world.routeOf(replay.routeId);
    if (route === null || !this.#world.mayAttempt(replay.routeId)) return null;
    const { afterSeq, untilSeq, attempts } = row;
    const turn = { replayId, route, afterSeq, attempts };
    if (replay.kind === "range") {
      const selection = selectionOf(replay, route.filter);
      return { row, letter: null, turn: { ...turn, from: { kind: "log", untilSeq, selection } } };
    }
    const letter = letters.nextDeadLetter(this.#db, route.id, replayId, station, afterSeq);
    const event = letter === null ? null : letters.readLetterEvent(this.#db, letter);
    if (event !== null) return { row, letter, turn: { ...turn, from: { kind: "event", event } } };
    // The letters that were left have gone meanwhile.
    this.#db.transaction(() => this.#end(row));
    return null;
  }

  #settle({ row, letter }: Attempt, seq: number, outcome: Outcome) {
    const { replayId, station } = row;
    const nowMs = Date.now();
    const { kind, progress } = afterReplayAttempt(row, seq, outcome, nowMs, Math.random());
    const now = store.readReplayStation(this.#db, replayId, station);
    const isOurs = now?.afterSeq === row.afterSeq && now.attempts === row.attempts;
    // After a cancellation a delivery still counts; when another attempt came first, that one did.
    if (kind === "delivered" && (isOurs || now === null)) {
      if (letter !== null) this.#deadLetters.delete(letter);
      store.noteResult(this.#db, replayId, "delivered");
    }
    if (!isOurs) return "stopped";
    if (kind === "failed") {
      store.noteResult(this.#db, replayId, "failed");
      if (letter !== null) {
        const snippet = snippetOf(outcome);
        const lastAnswer = describeOutcome(outcome);
        const attempts = row.attempts + 1;
        const failed = { number: letter, attempts, lastAnswer, snippet, atMs: nowMs };
        letters.failDeadLetter(this.#db, failed);
      }
    }
    if (progress.afterSeq >= row.untilSeq) {
      this.#end(row);
      return kind === "gone" ? "gone" : "stopped";
    }
    store.writeReplayProgress(this.#db, { replayId, station, ...progress });
    return kind;
  }

  /** Nothing is left at the station. */
  #end({ replayId, station }: store.ReplayStationRow): void {
    store.deleteReplayStation(this.#db, replayId, station);
    store.finishReplay(this.#db, replayId, Date.now());
  }
}

const isWaiting = ({ notBeforeMs }: store.ReplayStationRow, nowMs: number): boolean =>
  dueAt(notBeforeMs ?? 0, nowMs, MAX_REPLAY_WAIT_MS) > nowMs;
