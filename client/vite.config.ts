import { defineConfig } from "vite";

/** One file that a page can load as it is, with nothing left to fetch. */
export default defineConfig({
  publicDir: false,
  build: {
    target: "es2022",
    outDir: "dist/client",
    minify: false,
    lib: { entry: "client/client.ts", formats: ["es"], fileName: () => "client.js" },
    // In library mode vite keeps the whitespace of ES modules.
    rolldownOptions: { output: { minify: true } },
  },
});
