import { describe, expect, it } from "vitest";

import { buildConsole, firstLoadOf } from "../../bench/console-build.ts";

/** Gzipped: markup, style and code before the first page's own. */
const MAX_FIRST_BYTES = 40_000;
/** Of what one page adds, its plotting library among it. */
const MAX_CHUNK_BYTES = 45_000;
/** For hangs. */
const TIMEOUT_MS = 60_000;

describe("the console as a browser loads it", () => {
  it(
    "begins with less than 40 KB, and no page adds more than 45 KB",
    async () => {
      const files = await buildConsole();
      const first = firstLoadOf(files);
      expect(first.map(({ name }) => name)).toContain("index.html");
      expect(first.length).toBeGreaterThan(2);
      expect(first.reduce((sum, { gzipped }) => sum + gzipped, 0)).toBeLessThan(MAX_FIRST_BYTES);
      const large = files.filter(({ gzipped }) => gzipped > MAX_CHUNK_BYTES);
      expect(large.map(({ name }) => name)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    "names no other host in its markup, and has no script or style in it",
    async () => {
      const html = (await buildConsole()).find(({ name }) => name === "index.html")?.text ?? "";
      const sources = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url ?? "");
      expect(sources.length).toBeGreaterThan(3);
      expect(sources.filter((url) => !/^\/[^/]/.test(url))).toEqual([]);
      expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]* src=)/);
    },
    TIMEOUT_MS,
  );
});
