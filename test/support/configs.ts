import type { PresentRoute, PresentSource } from "../../src/domain/config-document.ts";

export const ROUTE_URL = "https://hooks.example.com/in";

/** A source as a document finds it. */
export const presentSource = (overrides: Partial<PresentSource> = {}): PresentSource => ({
  id: "src_1",
  name: "eDRV",
  enabled: true,
  scheme: "auto",
  toleranceSeconds: 300,
  silentAfterSeconds: 3600,
  secrets: [{ secret: "first-secret", expiresAtMs: null }],
  ...overrides,
});

/** A route as a document finds it. */
export const presentRoute = (overrides: Partial<PresentRoute> = {}): PresentRoute => ({
  id: "rt_1",
  name: "billing",
  url: ROUTE_URL,
  filter: {},
  format: "raw",
  headers: {},
  auth: null,
  timeoutMs: 10_000,
  retry: { scheduleSeconds: [1] },
  onExhausted: "dead_letter",
  ratePerSecond: null,
  concurrency: null,
  edrvSecret: null,
  edrvScheme: "timestamped",
  ...overrides,
});
