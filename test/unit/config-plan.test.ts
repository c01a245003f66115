import { describe, expect, it } from "vitest";

import {
  ConfigDocument,
  type PresentRoute,
  type PresentSource,
  showRoute,
  showSource,
} from "../../src/domain/config-document.ts";
import { planConfig } from "../../src/domain/config-plan.ts";
import { Filter } from "../../src/domain/filter.ts";

const URL = "https://hooks.example.com/in";

const presentSource = (overrides: Partial<PresentSource> = {}): PresentSource => ({
  id: "src_1",
  name: "eDRV",
  enabled: true,
  scheme: "auto",
  toleranceSeconds: 300,
  silentAfterSeconds: 3600,
  secrets: [{ secret: "first-secret", expiresAtMs: null }],
  ...overrides,
});

const presentRoute = (overrides: Partial<PresentRoute> = {}): PresentRoute => ({
  id: "rt_1",
  name: "billing",
  url: URL,
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

/** A plan in short: `update billing: url, headers`. */
function plan(
  document: { sources?: unknown[]; routes?: unknown[] },
  { sources = [], routes = [] }: { sources?: PresentSource[]; routes?: PresentRoute[] },
) {
  const read = ConfigDocument.parse({ sources: [], routes: [], ...document });
  const planned = planConfig(read, { sources, routes });
  if (!planned.ok) return planned.error;
  return [...planned.value.sources, ...planned.value.routes].map((step) => {
    const fields = step.action === "update" ? step.changes.map(({ field }) => field) : [];
    return `${step.action} ${step.name}${fields.length === 0 ? "" : `: ${fields.join(", ")}`}`;
  });
}

describe("planConfig", () => {
  it("finds nothing to do in what is shown of what is there", () => {
    const sources = [presentSource(), presentSource({ id: "src_2", name: "bare", secrets: [] })];
    const routes = [
      presentRoute({
        headers: { "x-a": "a-long-secret", "x-b": "" },
        auth: { type: "bearer", token: "a-long-token" },
        edrvSecret: "a-long-edrv-secret",
        edrvScheme: "body",
      }),
      presentRoute({ id: "rt_2", name: "plain" }),
    ];
    const document = { sources: sources.map(showSource), routes: routes.map(showRoute) };
    expect(plan(document, { sources, routes })).toEqual([
      "none eDRV",
      "none bare",
      "none billing",
      "none plain",
    ]);
  });

  it("keeps the document's order, and deletes last", () => {
    const sources = ["a", "b", "c"].map((name) => presentSource({ id: name, name }));
    expect(plan({ sources: [{ name: "d" }, { name: "c" }, { name: "a" }] }, { sources })).toEqual([
      "create d",
      "none c",
      "none a",
      "delete b",
    ]);
  });

  it("knows a source and a route of one name apart", () => {
    const present = { sources: [presentSource({ name: "x" })] };
    expect(plan({ routes: [{ name: "x", url: URL }] }, present)).toEqual(["delete x", "create x"]);
  });

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

  it.each([
    ["first-secret", null, "none eDRV"],
    ["other-secret", null, "update eDRV: secret"],
    ["first-secret", 1, "update eDRV: secret"],
    [{ hint: "…cret" }, 1, "none eDRV"],
    [undefined, null, "none eDRV"],
  ] as const)(
    "of the secret %j over one that ends at %j makes: %s",
    (secret, expiresAtMs, expected) => {
      const sources = [presentSource({ secrets: [{ secret: "first-secret", expiresAtMs }] })];
      expect(plan({ sources: [{ name: "eDRV", secret }] }, { sources })).toEqual([expected]);
    },
  );

  it("never tells a secret", () => {
    const sources = [presentSource()];
    const routes = [
      presentRoute({ headers: { "x-a": "old-value" }, edrvSecret: "old-edrv-secret" }),
    ];
    const document = ConfigDocument.parse({
      sources: [{ name: "eDRV", secret: "new-secret" }],
      routes: [
        {
          name: "billing",
          url: URL,
          headers: { "x-a": "new-value" },
          auth: { type: "bearer", token: "new-token" },
          edrvSecret: "new-edrv-secret",
        },
      ],
    });
    const planned = planConfig(document, { sources, routes });
    const told = planned.ok
      ? [...planned.value.sources, ...planned.value.routes].map((step) =>
          step.action === "update" ? step.changes : [],
        )
      : [];
    expect(told.flat().map(({ field }) => field)).toEqual([
      "secret",
      "headers",
      "auth",
      "retry",
      "edrvSecret",
    ]);
    expect(JSON.stringify(told)).not.toMatch(/(old|new|first)-/);
  });

  it.each([
    [9, "update eDRV: secret"],
    [10, undefined],
  ])("adds a secret to %i only while there is room", (count, expected) => {
    const secrets = Array.from({ length: count }, (_, i) => ({ secret: `s${i}`, expiresAtMs: 1 }));
    const sources = [presentSource({ secrets })];
    const planned = plan({ sources: [{ name: "eDRV", secret: "one more" }] }, { sources });
    if (expected !== undefined) expect(planned).toEqual([expected]);
    else expect(planned).toMatchObject({ code: "limit_reached" });
  });

  it("tells of everything that is wrong at once", () => {
    const document = {
      sources: [{ name: "new", secret: { hint: "…cret" } }],
      routes: [{ name: "new", url: URL, auth: { type: "basic" }, edrvSecret: { hint: "…" } }],
    };
    expect(plan(document, {})).toMatchObject({
      code: "invalid_request",
      issues: [
        { path: "sources.0.secret" },
        { path: "routes.0.auth" },
        { path: "routes.0.edrvSecret" },
      ],
    });
  });
});
