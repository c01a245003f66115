import { describe, expect, it } from "vitest";

import { showRoute, showSource } from "../../src/domain/config-document.ts";
import { MAX_ROUTES, MAX_SOURCES } from "../../src/domain/config-plan.ts";
import { plan, planWhole } from "../support/config-plans.ts";
import { presentRoute, presentSource, ROUTE_URL as URL } from "../support/configs.ts";

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

  it("never tells a secret", () => {
    const sources = [presentSource()];
    const routes = [
      presentRoute({ headers: { "x-a": "old-value" }, edrvSecret: "old-edrv-secret" }),
    ];
    const document = {
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
    };
    const planned = planWhole(document, { sources, routes });
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
