import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import { setUpRoute } from "./outage-support.ts";

afterEach(() => reset());

const calls = (routeId: string, bad: string) =>
  [
    ["GET", `/v1/routes/${bad}`],
    ["PATCH", `/v1/routes/${bad}`],
    ["DELETE", `/v1/routes/${bad}`],
    ["POST", `/v1/routes/${bad}/pause`],
    ["POST", `/v1/routes/${bad}/test`],
    ["POST", `/v1/routes/${bad}/rotate-secret`],
    ["GET", `/v1/routes/${bad}/lanes`],
    ["GET", `/v1/routes/${bad}/lanes?status=troubled`],
    ["POST", `/v1/routes/${routeId}/lanes/${bad}/retry`],
    ["POST", `/v1/routes/${routeId}/lanes/${bad}/skip`],
    ["POST", `/v1/routes/${bad}/lanes/a/skip`],
    ["GET", `/v1/routes/${routeId}/dead-letters/${bad}`],
    ["DELETE", `/v1/routes/${routeId}/dead-letters/${bad}`],
    ["POST", `/v1/routes/${routeId}/dead-letters/${bad}/redeliver`],
    ["POST", `/v1/routes/${bad}/dead-letters/redeliver`],
    ["GET", `/v1/replays/${bad}`],
    ["DELETE", `/v1/replays/${bad}`],
    ["GET", `/v1/stations/${bad}/deliveries`],
    ["GET", `/v1/stations/a/deliveries?after=${bad}`],
    ["GET", "/v1/stations/a/deliveries?after=999999999999999.rt_x"],
    ["GET", `/v1/stations/a/deliveries?route=${bad}`],
    ["GET", `/v1/routes/${routeId}/lanes?after=${bad}`],
    ["GET", `/v1/routes/${routeId}/lanes?limit=${bad}`],
    ["GET", `/v1/replays?after=${bad}`],
    ["GET", `/v1/routes/${routeId}/dead-letters?after=${bad}`],
    ["GET", `/v1/audit?after=${bad}`],
    ["GET", `/v1/quarantine/${bad}`],
    ["POST", `/v1/quarantine/${bad}/release`],
    ["DELETE", `/v1/quarantine/${bad}`],
    ["GET", `/v1/quarantine?after=${bad}`],
    ["PUT", `/v1/config?dryRun=${bad}`],
  ] as const;

const BAD_TIMES = [
  "2026-02-30T00:00:00Z",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999999999Z",
  "2026-01-01T00:00:00+99:99",
  "2026-01-01T00:00:00-23:59",
  "2026-01-01T24:00:00Z",
  "",
];

describe("the API", () => {
  it.each([
    "%00",
    "%E0%A4%A",
    "..%2f..",
    "a".repeat(3000),
    "'",
    "%F0%9F%98%80",
    "-1",
    "1e9",
    "999999999999999",
    "9999999999999999999",
    "NaN",
    "%ED%A0%80",
    "__proto__",
    "a%2Fb",
  ])("does not fail when it is asked for %s", async (bad) => {
    const { tenant, send, routeId } = await setUpRoute([{}]);
    await send("a");
    const failed: string[] = [];
    for (const [method, path] of calls(routeId, bad)) {
      const { status } = await tenant.call(method, path, method === "PATCH" ? {} : undefined);
      if (status >= 500) failed.push(`${method} ${path} ${status}`);
    }
    expect(failed).toEqual([]);
  });

  it.each(BAD_TIMES)("does not fail when a replay is to begin or end at %j", async (bad) => {
    const { tenant, send, routeId: route } = await setUpRoute([{}]);
    await send("a");
    const failed: string[] = [];
    for (const other of BAD_TIMES) {
      for (const dryRun of [true, false]) {
        for (const range of [
          { from: bad, to: other },
          { from: other, to: bad },
        ]) {
          const replay = { route, dryRun, ...range };
          const { status } = await tenant.call("POST", "/v1/replays", replay);
          if (status >= 500) failed.push(`${JSON.stringify(replay)} ${status}`);
        }
      }
    }
    expect(failed).toEqual([]);
  });
});
