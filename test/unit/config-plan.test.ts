import { describe, expect, it } from "vitest";

import {
  ConfigDocument,
  type PresentRoute,
  type PresentSource,
  showRoute,
  showSource,
} from "../../src/domain/config-document.ts";
import { MAX_ROUTES, MAX_SOURCES, planConfig } from "../../src/domain/config-plan.ts";
import { Filter } from "../../src/domain/filter.ts";
import { presentRoute, presentSource, ROUTE_URL as URL } from "../support/configs.ts";

interface Written {
  readonly sources?: readonly unknown[];
  readonly routes?: readonly unknown[];
}
interface There {
  readonly sources?: readonly PresentSource[];
  readonly routes?: readonly PresentRoute[];
}

function planWhole(document: Written, { sources = [], routes = [] }: There) {
  const read = ConfigDocument.parse({ sources: [], routes: [], ...document });
  return planConfig(read, { sources, routes });
}

/** A plan in short: `update billing: url, headers`. */
function plan(document: Written, there: There) {
  const planned = planWhole(document, there);
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
    const refusal = {
      code: "limit_reached",
      detail: '"eDRV" has 10 live secrets already.',
    };
    expect(planned).toEqual(expected === undefined ? refusal : [expected]);
  });

  it("looks for room in the source that gets a secret, and in no other", () => {
    const secrets = Array.from({ length: 10 }, (_, i) => ({ secret: `s${i}`, expiresAtMs: 1 }));
    const full = presentSource({ secrets });
    const left = presentSource({ id: "src_2", name: "left out", secrets });
    const there = { sources: [full, presentSource({ id: "src_3", name: "other" }), left] };
    const other = { name: "other", secret: "one more" };
    expect(plan({ sources: [{ name: "eDRV" }, other] }, there)).toEqual([
      "none eDRV",
      "update other: secret",
      "delete left out",
    ]);
    expect(plan({ sources: [{ name: "eDRV", scheme: "body" }] }, { sources: [full] })).toEqual([
      "update eDRV: scheme",
    ]);
  });

  it("tells of everything that is wrong at once", () => {
    const document = {
      sources: [{ name: "new", secret: { hint: "…cret" } }],
      routes: [{ name: "new", url: URL, auth: { type: "basic" }, edrvSecret: { hint: "…" } }],
    };
    expect(plan(document, {})).toMatchObject({
      code: "invalid_request",
      detail:
        "sources.0.secret: this secret is not here; write the secret itself, or leave it out; " +
        "routes.0.auth: this secret is not here; write the secret itself, or leave it out; " +
        "routes.0.edrvSecret: this secret is not here; write the secret itself, or leave it out",
      issues: [
        { path: "sources.0.secret" },
        { path: "routes.0.auth" },
        { path: "routes.0.edrvSecret" },
      ],
    });
  });

  it("creates a source with the settings of the document, its secret among them", () => {
    const settings = { enabled: false, scheme: "body", toleranceSeconds: 60 } as const;
    const source = { name: "new", ...settings, silentAfterSeconds: 7200, secret: "a secret" };
    const planned = planWhole({ sources: [source] }, {});
    expect(planned.ok && planned.value.sources).toEqual([
      { action: "create", name: "new", settings: source },
    ]);
  });

  it("updates a source with all of its settings, and says what they were", () => {
    const source = { name: "eDRV", scheme: "body", secret: "other-secret" };
    const planned = planWhole({ sources: [source] }, { sources: [presentSource()] });
    expect(planned.ok && planned.value.sources).toEqual([
      {
        action: "update",
        id: "src_1",
        name: "eDRV",
        settings: {
          ...source,
          enabled: true,
          toleranceSeconds: 300,
          silentAfterSeconds: 3600,
        },
        changes: [
          { field: "scheme", before: "auto", after: "body" },
          { field: "secret", before: { hint: "…cret" }, after: { hint: "…cret" } },
        ],
      },
    ]);
  });

  it("says of a first secret that there was none before", () => {
    const sources = [presentSource({ secrets: [] })];
    const planned = planWhole({ sources: [{ name: "eDRV", secret: "first-one" }] }, { sources });
    const [step] = planned.ok ? planned.value.sources : [];
    expect(step?.action === "update" && step.changes).toEqual([
      { field: "secret", before: null, after: { hint: "…-one" } },
    ]);
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

  it("refuses names that several share, and names each of them once", () => {
    const sources = ["a", "a", "b", "a"].map((name, at) => presentSource({ id: `${at}`, name }));
    const routes = ["c", "d", "d"].map((name, at) => presentRoute({ id: `${at}`, name }));
    expect(plan({}, { sources, routes })).toEqual({
      code: "conflict",
      detail:
        "A document knows things by their names; rename or delete one of " +
        'the sources named "a"; the routes named "d".',
    });
  });

  it("takes 50 sources and 100 routes, and no more", () => {
    const named = (length: number) => Array.from({ length }, (_, at) => ({ name: `${at}` }));
    const routes = (length: number) => named(length).map((route) => ({ ...route, url: URL }));
    const most = { sources: named(MAX_SOURCES), routes: routes(MAX_ROUTES) };
    expect(plan(most, {})).toHaveLength(150);
    expect(plan({ ...most, sources: named(MAX_SOURCES + 1) }, {})).toEqual({
      code: "limit_reached",
      detail: "At most 50 sources.",
    });
    expect(plan({ ...most, routes: routes(MAX_ROUTES + 1) }, {})).toEqual({
      code: "limit_reached",
      detail: "At most 100 routes.",
    });
  });
});
