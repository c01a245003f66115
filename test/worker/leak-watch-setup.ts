import { afterEach, beforeAll, expect } from "vitest";

import { takeLeaks, watch } from "./leak-watch.ts";

/* Before every file of worker tests: whatever the relay says in any of them holds no secret. */

beforeAll(() => {
  for (const method of ["debug", "log", "info", "warn", "error"] as const) {
    const print = console[method].bind(console);
    console[method] = (...words: unknown[]) => {
      watch(`console.${method}`, words.map(String).join(" "));
      print(...words);
    };
  }
});

afterEach(() => {
  expect(takeLeaks()).toEqual([]);
});
