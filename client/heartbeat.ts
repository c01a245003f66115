/** A timer that is this late did not run in time: the page was frozen, or the device slept. */
const LATE_MS = 2_000;
const MIN_INTERVAL_MS = 100;

export interface Beat {
  /** A ping is out, and its time is up. */
  readonly isAwaiting: boolean;
  /** Anything has come since the ping. */
  readonly wasHeard: boolean;
  readonly lateMs: number;
  /** This ping went out because the last one's answer may have come while nothing ran. */
  readonly isSecondChance: boolean;
}

/** What to do when the timer runs out. A `probe` is a ping whose answer is wanted sooner. */
export function nextBeat(beat: Beat): "ping" | "probe" | "rest" | "cut" {
  const isLate = beat.lateMs > LATE_MS;
  if (!beat.isAwaiting) return isLate ? "probe" : "ping";
  if (beat.wasHeard) return isLate ? "probe" : "rest";
  return isLate && !beat.isSecondChance ? "probe" : "cut";
}

export interface HeartbeatOptions {
  readonly pongMs: number;
  readonly probeMs: number;
  readonly ping: () => void;
  /** The other side gives no sign of life. Called once, then the heart stands still. */
  readonly lost: () => void;
}

/** Pings at its own pace, whatever else is sent or received, and expects something in return. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #intervalMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAtMs = 0;
  #isAwaiting = false;
  #wasHeard = false;
  #isSecondChance = false;
  #restMs = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(intervalMs: number): void {
    this.#intervalMs = Math.max(MIN_INTERVAL_MS, intervalMs);
    this.#isAwaiting = false;
    this.#isSecondChance = false;
    this.#arm(this.#intervalMs);
  }

  /** Any frame is a sign of life. */
  heard(): void {
    this.#wasHeard = true;
  }

  /** Asks at once whether the other side is still there. */
  probe(): void {
    if (this.#timer !== undefined) this.#ping(this.#options.probeMs, false);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #beat(): void {
    const [isAwaiting, wasHeard] = [this.#isAwaiting, this.#wasHeard];
    const lateMs = Date.now() - this.#dueAtMs;
    const { pongMs, probeMs } = this.#options;
    switch (nextBeat({ isAwaiting, wasHeard, lateMs, isSecondChance: this.#isSecondChance })) {
      case "ping":
        this.#ping(pongMs, false);
        break;
      case "probe":
        this.#ping(probeMs, isAwaiting && !wasHeard);
        break;
      case "rest":
        this.#isAwaiting = false;
        this.#arm(this.#restMs);
        break;
      case "cut":
        this.stop();
        this.#options.lost();
    }
  }

  #ping(answerMs: number, isSecondChance: boolean): void {
    const waitMs = Math.min(answerMs, this.#intervalMs);
    this.#restMs = this.#intervalMs - waitMs;
    this.#isAwaiting = true;
    this.#wasHeard = false;
    this.#isSecondChance = isSecondChance;
    this.#arm(waitMs);
    this.#options.ping();
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#dueAtMs = Date.now() + ms;
    this.#timer = setTimeout(() => this.#beat(), ms);
  }
}
