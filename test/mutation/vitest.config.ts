import { defineConfig } from "vitest/config";

/** The unit tests of src/domain and src/store alone: those of the client, the console and the tools cost time. */
export default defineConfig({
  test: {
    name: "unit",
    environment: "node",
    include: ["test/unit/**/*.test.ts"],
    exclude: [
      "test/unit/{client,console,cli,simulator}-*.test.ts",
      "test/unit/{filter-time,layering,ledger,openapi,patience,simulator}.test.ts",
    ],
    testTimeout: 30_000,
  },
});
