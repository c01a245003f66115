import { setImmediate, setTimeout } from "node:timers/promises";

import type { Waits } from "./pacing.ts";

export const NODE_WAITS: Waits = {
  async sleep(waitMs, signal) {
    try {
      await setTimeout(waitMs, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
  yieldToIo: () => setImmediate(),
};
