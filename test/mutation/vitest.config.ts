import { defineConfig } from "vitest/config";

/** The unit tests of src/domain and src/store alone: those of the client, the console and the tools cost time. */
export default defineConfig({
  test: {
    name: "unit",
    environment: "node",
    include: ["test/unit/**/*.test.ts"],
    exclude: [
      "test/unit/{client,console,cli,simulator}-*.test.ts",
      "test/unit/{filter-time,layering,ledger,openapi,simulator}.test.ts",
    ],
    setupFiles: ["test/mutation/properties.ts"],
    // Each mutant is tried in a worker of its own, and one is enough for all files.
    isolate: false,
    testTimeout: 30_000,
  },
});
