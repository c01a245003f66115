import { Database } from "../../../src/store/database.ts";

/** A database whose disk is full from some statement on. */
export class FailingDatabase extends Database {
  #left = Number.POSITIVE_INFINITY;

  /** Runs this with so many statements to go that write. False when it failed. */
  within(writes: number, action: () => void): boolean {
    this.#left = writes;
    try {
      action();
      return true;
    } catch (error) {
      if (error !== DISK_FULL) throw error;
      return false;
    } finally {
      this.#left = Number.POSITIVE_INFINITY;
    }
  }

  override run(...query: Parameters<Database["run"]>): void {
    if (this.#left === 0) throw DISK_FULL;
    this.#left -= 1;
    super.run(...query);
  }
}

const DISK_FULL = new Error("the disk is full");
