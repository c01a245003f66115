import { defineConfig } from "vite";

/** Static files that the Worker serves at `/` (wrangler.toml, `[assets]`). */
export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    outDir: "../dist/console",
    emptyOutDir: true,
    // Inlined as `data:` they would be against the page's own policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
