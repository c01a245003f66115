import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

import { TEST_LIMIT } from "./test/support/limits.ts";
import { LongFilesFirst } from "./test/support/long-files-first.ts";
import { MASTER_KEY, MASTER_KEY_PREVIOUS, OPERATOR_KEY } from "./test/support/secrets.ts";

export default defineConfig({
  test: {
    // On two cores one is the default, and most tests wait most of the time.
    maxWorkers: 2,
    sequence: { sequencer: LongFilesFirst },
    provide: {
      modelRuns: Number(process.env.CHARGEWIRE_MODEL_RUNS ?? 0),
      modelSeed: Number(process.env.CHARGEWIRE_MODEL_SEED ?? 0),
    },
    projects: [
      {
        test: {
          name: "unit",
          environment: "node",
          include: ["test/unit/**/*.test.ts"],
          sequence: { groupOrder: 0 },
          // For hangs, here as below; nothing measures speed.
          testTimeout: 30_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: { OPERATOR_KEY, MASTER_KEY, MASTER_KEY_PREVIOUS, DESTINATIONS: "any" },
              ratelimits: {
                INGEST_LIMIT: { namespace_id: "1001", simple: { limit: TEST_LIMIT, period: 10 } },
                REFUSAL_LIMIT: { namespace_id: "1002", simple: { limit: TEST_LIMIT, period: 10 } },
              },
            },
          }),
        ],
        test: {
          name: "worker",
          include: ["test/worker/**/*.test.ts"],
          globalSetup: ["test/support/receiver.ts"],
          setupFiles: ["test/worker/leak-watch-setup.ts"],
          // One runtime for many files, whose tests have tenants of their own: to start it and to
          // load the relay into it takes longer than most files do.
          isolate: false,
          maxWorkers: 3,
          // One kind of test after the other: two cores do not carry all of them at once.
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        test: {
          name: "e2e",
          environment: "node",
          include: ["test/e2e/**/*.test.ts"],
          // Each file runs a relay of its own, which idles most of the time.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "browser",
          environment: "node",
          include: ["test/browser/**/*.test.ts"],
          // A Chromium and a relay for each file.
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
