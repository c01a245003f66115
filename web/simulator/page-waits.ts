import type { Waits } from "../../cli/simulator/pacing.ts";

export const PAGE_WAITS: Waits = {
  sleep: (waitMs, signal) =>
    new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, waitMs);
      signal.addEventListener("abort", finish);
      if (signal.aborted) finish();
    }),
  yieldToIo: () => new Promise((resolve) => setTimeout(resolve)),
};
