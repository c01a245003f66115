import { spawnSync } from "node:child_process";

/* `npm run test:model`: the model tests with as many runs as a night has time for. */

const runs = process.env.CHARGEWIRE_MODEL_RUNS ?? "300";
const seed =
  process.env.CHARGEWIRE_MODEL_SEED ?? String(1 + Math.floor(Math.random() * 0x7fffffff));
const { status } = spawnSync(
  "vitest",
  ["run", "test/worker/model-", "test/unit/model-", ...process.argv.slice(2)],
  {
    stdio: "inherit",
    env: { ...process.env, CHARGEWIRE_MODEL_RUNS: runs, CHARGEWIRE_MODEL_SEED: seed },
  },
);
process.exitCode = status ?? 1;
