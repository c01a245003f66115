import { gzipSync } from "node:zlib";
import { build } from "vite";
import { describe, expect, it } from "vitest";

const MAX_BYTES = 10_000;
/** For hangs. */
const TIMEOUT_MS = 60_000;

describe("the client as a page loads it", () => {
  it(
    "is one file of less than 10 KB, which imports nothing",
    async () => {
      const built = await build({
        configFile: "client/vite.config.ts",
        logLevel: "error",
        build: { write: false },
      });
      const outputs = [built].flat().flatMap((bundle) => ("output" in bundle ? bundle.output : []));
      expect(outputs.map(({ fileName }) => fileName)).toEqual(["client.js"]);
      const [chunk] = outputs;
      if (chunk?.type !== "chunk") throw new Error("no code");
      expect(chunk.exports).toContain("connect");
      expect([...chunk.imports, ...chunk.dynamicImports]).toEqual([]);
      expect(gzipSync(chunk.code, { level: 9 }).length).toBeLessThan(MAX_BYTES);
    },
    TIMEOUT_MS,
  );
});
