import { describe, expect, it } from "vitest";

import type { PresentRoute } from "../../src/domain/config-document.ts";
import { Filter } from "../../src/domain/filter.ts";
import { plan, planWhole } from "../support/config-plans.ts";
import { presentRoute, ROUTE_URL as URL } from "../support/configs.ts";

describe("planConfig, of routes", () => {
  it.each<[object, Partial<PresentRoute>, string]>([
    [{}, { filter: Filter.parse({ match: { a: 1, b: { $gt: 1 } } }) }, "update billing: filter"],
    [
      { filter: { match: { b: { $gt: 1 }, a: 1 } } },
      { filter: Filter.parse({ match: { a: 1, b: { $gt: 1 } } }) },
      "none billing",
    ],
    [
      { filter: { types: ["a", "b"] } },
      { filter: { types: ["b", "a"] } },
      "update billing: filter",
    ],
    [{ retry: { scheduleSeconds: [] } }, {}, "update billing: retry"],
    [{ ratePerSecond: 1, concurrency: 1 }, {}, "update billing: ratePerSecond, concurrency"],
    [{ edrvScheme: "body" }, {}, "update billing: edrvScheme"],
    [{ edrvScheme: "timestamped" }, {}, "none billing"],
    [{ auth: null, headers: {} }, {}, "none billing"],
    [{ headers: {} }, { headers: { "x-a": "1" } }, "update billing: headers"],
    [{}, { headers: { "x-a": "1" } }, "none billing"],
    [{ url: `${URL}/2` }, { headers: { "x-a": "1" } }, "update billing: url"],
    [
      { url: "https://other.example.com" },
      { headers: { "x-a": "1" }, edrvSecret: "secret" },
      "update billing: url, headers",
    ],
    [
      { url: "https://other.example.com", headers: { "x-a": "1" } },
      { headers: { "x-a": "1" } },
      "update billing: url",
    ],
  ])("of %j over %j makes: %s", (wanted, there, expected) => {
    const document = {
      routes: [{ name: "billing", url: URL, retry: { scheduleSeconds: [1] }, ...wanted }],
    };
    expect(plan(document, { routes: [presentRoute(there)] })).toEqual([expected]);
  });

  it("says of every field of a route what it was and what it will be", () => {
    const route = {
      name: "billing",
      url: URL,
      retry: { scheduleSeconds: [1] },
      headers: { "x-a": "new-value" },
      auth: null,
      concurrency: 2,
    };
    const auth = { type: "bearer", token: "a-long-token" } as const;
    const planned = planWhole({ routes: [route] }, { routes: [presentRoute({ auth })] });
    const [step] = planned.ok ? planned.value.routes : [];
    expect(step?.action === "update" && step.changes).toEqual([
      { field: "headers", before: {}, after: { "x-a": { hint: "…alue" } } },
      { field: "auth", before: { type: "bearer" }, after: null },
      { field: "concurrency", before: null, after: 2 },
    ]);
  });

  it("lets no route sign as eDRV does but a raw one", () => {
    const route = { name: "billing", url: URL, retry: { scheduleSeconds: [1] } };
    const routes = [presentRoute({ edrvSecret: "a-long-edrv-secret" })];
    expect(plan({ routes: [{ ...route, format: "event" }] }, { routes })).toEqual({
      code: "invalid_request",
      detail: "routes.0.edrvSecret: only a raw route can sign as eDRV does",
      issues: [{ path: "routes.0.edrvSecret", message: "only a raw route can sign as eDRV does" }],
    });
    expect(plan({ routes: [{ ...route, format: "event", edrvSecret: null }] }, { routes })).toEqual(
      ["update billing: format, edrvSecret"],
    );
    expect(plan({ routes: [route] }, { routes })).toEqual(["none billing"]);
  });
});
