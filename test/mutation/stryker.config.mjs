/** Shapes of the API, read by zod: the tests of the API in workerd hold them, which are too slow for this. */
const SHAPES = [
  "!src/domain/*-answers.ts",
  "!src/domain/control.ts",
  // Types and constants alone.
  "!src/domain/subscription.ts",
];

/** @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner", import.meta.resolve("./ignore-words.mjs")],
  ignorers: ["words"],
  vitest: { configFile: "test/mutation/vitest.config.ts" },
  mutate: ["src/domain/**/*.ts", "src/store/ring.ts", ...SHAPES],
  ignorePatterns: ["/*", "!/src", "!/test", "!/package.json", "!/tsconfig.json"],
  // There is none: it would be rewritten by means of an API that this version of TypeScript lacks.
  tsconfigFile: "test/mutation/none.json",
  disableTypeChecks: false,
  coverageAnalysis: "perTest",
  concurrency: 2,
  timeoutMS: 10_000,
  // What runs once, as a module is loaded (tables, shapes), is tried by all tests: with STATIC=yes,
  // which takes hours but for a few files named by `-m`.
  ignoreStatic: process.env.STATIC !== "yes",
  incremental: true,
  incrementalFile: "dist/mutation/incremental.json",
  reporters: ["clear-text", "progress-append-only", "json"],
  clearTextReporter: { logTests: false, allowColor: false },
  jsonReporter: { fileName: "dist/mutation/report.json" },
  tempDirName: "dist/mutation/sandbox",
  thresholds: { high: 95, low: 85, break: 85 },
};
