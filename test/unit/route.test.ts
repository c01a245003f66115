import { describe, expect, it } from "vitest";

import {
  NO_ROUTES,
  needsGate,
  routeSecretsPurpose,
  type StationRoute,
  sourceSecretPurpose,
} from "../../src/domain/route.ts";

const route = (overrides: Partial<StationRoute> = {}): StationRoute => ({
  id: "rt_1",
  url: "https://hooks.example.com/in",
  enabled: true,
  changedAtMs: 0,
  filter: {},
  format: "raw",
  timeoutMs: 10_000,
  scheduleSeconds: [1],
  onExhausted: "dead_letter",
  sealedSecrets: "",
  edrvScheme: "timestamped",
  ...overrides,
});

describe("needsGate", () => {
  it.each<[Partial<StationRoute>, boolean]>([
    [{}, false],
    [{ ratePerSecond: null, concurrency: null, authType: null }, false],
    [{ authType: "bearer" }, false],
    [{ ratePerSecond: 5 }, true],
    [{ concurrency: 1 }, true],
    [{ ratePerSecond: null, concurrency: 1 }, true],
    [{ authType: "oauth2" }, true],
  ])("says of a route with %j: %s", (overrides, needed) => {
    expect(needsGate(route(overrides))).toBe(needed);
  });
});

describe("what secrets are sealed for", () => {
  it("differs by tenant, by thing and by kind", () => {
    const purposes = [routeSecretsPurpose, sourceSecretPurpose].flatMap((purpose) => [
      purpose("t-1", "a"),
      purpose("t-1", "b"),
      purpose("t-2", "a"),
    ]);
    // State at rest is bound to these very texts.
    expect(purposes).toEqual([
      "route:t-1:a",
      "route:t-1:b",
      "route:t-2:a",
      "source:t-1:a",
      "source:t-1:b",
      "source:t-2:a",
    ]);
  });
});

describe("a station that was told of no routes", () => {
  it("has a table older than every other", () => {
    expect(NO_ROUTES).toEqual({ version: 0, routes: [], keyIds: [] });
  });
});
