import type { DeadLetter } from "../../../api/answers.ts";
import { ApiError } from "../../../api/api.ts";
import { relay } from "../../../api/relay.ts";

const WAIT_MS = 1_000;
const MAX_WAITS = 60;

/**
 * Sends these again, one after the other, each as a replay of its own; waits while as many replays
 * are unfinished as there may be, and throws when that takes a minute.
 */
export async function redeliverEach(path: string, letters: readonly DeadLetter[]): Promise<void> {
  for (const { id, replay } of letters) {
    if (replay === null) await redeliverSoon(`${path}/${id}/redeliver`);
  }
}

async function redeliverSoon(path: string): Promise<void> {
  for (let waits = 0; ; waits += 1) {
    try {
      await relay.post(path);
      return;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // It is gone, or under way, or was kept without its event: the list says so.
      if (error.code === "not_found" || error.code === "conflict") return;
      if (error.code !== "limit_reached" || waits === MAX_WAITS) throw error;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }
}
