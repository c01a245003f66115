import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

import { REGISTRY_NAME } from "../../src/env.ts";
import { takeLeaks, watch } from "./leak-watch.ts";

/* Around every file of worker tests: whatever the relay says in any of them holds no secret. */

const METHODS = ["debug", "log", "info", "warn", "error"] as const;
const untouched = { ...console };

beforeAll(() => {
  for (const method of METHODS) {
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

// The next file has the same runtime: it finds the console as it was, no object still at work and,
// since an object that has gone to sleep is not reset, no tenant in the registry.
afterAll(async () => {
  Object.assign(console, untouched);
  await env.REGISTRY.getByName(REGISTRY_NAME).isReadable();
  await reset();
});
