/** How a lane's work under way is interrupted: between two attempts, never during one. */
export type Interruption = () => Promise<void>;

export interface WorkWorld {
  /** Brings a lane one event further; false when it is empty or its head has to wait. */
  readonly step: (routeId: string) => Promise<boolean>;
  /** The relay itself could not make a step: the lane rests until it is run again. */
  readonly onFault: (routeId: string, error: unknown) => void;
}

/** Sees to it that every lane has one attempt in flight, and does only one thing at a time. */
export class LaneWork {
  readonly #world: WorkWorld;
  /** Lanes at work, with what is to be done between two of their attempts. */
  readonly #running = new Map<string, Interruption[]>();
  #stopped = false;

  constructor(world: WorkWorld) {
    this.#world = world;
  }

  isRunning(routeId: string): boolean {
    return this.#running.has(routeId);
  }

  /** Works a lane off until it is empty or has to wait. What comes meanwhile is looked at again. */
  async run(routeId: string, interruption: Interruption = async () => {}): Promise<void> {
    const running = this.#running.get(routeId);
    if (running !== undefined) {
      running.push(interruption);
      return;
    }
    const interruptions = [interruption];
    this.#running.set(routeId, interruptions);
    while (!this.#stopped) {
      const next = interruptions.shift();
      if (next !== undefined) await next();
      else if (!(await this.#stepSafely(routeId)) && interruptions.length === 0) break;
    }
    this.#running.delete(routeId);
    // Whoever waits for one of these is told, even if there is nothing left to be done.
    for (const left of interruptions) await left();
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** No further step is made, of any lane. */
  stop(): void {
    this.#stopped = true;
  }

  async #stepSafely(routeId: string): Promise<boolean> {
    try {
      return await this.#world.step(routeId);
    } catch (error) {
      // What an attempt comes to after the station was emptied concerns nobody.
      if (!this.#stopped) this.#world.onFault(routeId, error);
      return false;
    }
  }
}
