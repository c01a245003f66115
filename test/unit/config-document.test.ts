import { describe, expect, it } from "vitest";

import { ConfigDocument, showRoute, showSource } from "../../src/domain/config-document.ts";
import { presentRoute, presentSource, ROUTE_URL } from "../support/configs.ts";

const route = (overrides: object = {}) => ({ name: "billing", url: ROUTE_URL, ...overrides });

function issuesOf(document: object) {
  const { error } = ConfigDocument.safeParse({ sources: [], routes: [], ...document });
  return error?.issues.map(({ path, message }) => [path.join("."), message]);
}

describe("ConfigDocument", () => {
  it("refuses every name that comes again within its list", () => {
    const names = ["a", "b", "a", "a"];
    const sources = names.map((name) => ({ name }));
    const routes = ["b", "b"].map((name) => route({ name }));
    expect(issuesOf({ sources, routes })).toEqual([
      ["sources.2.name", 'there is another one named "a"'],
      ["sources.3.name", 'there is another one named "a"'],
      ["routes.1.name", 'there is another one named "b"'],
    ]);
  });

  it("takes one name for a source and a route", () => {
    expect(issuesOf({ sources: [{ name: "a" }], routes: [route({ name: "a" })] })).toBeUndefined();
  });

  it("takes 20 headers and no more", () => {
    const headers = (length: number) =>
      Object.fromEntries(Array.from({ length }, (_, at) => [`x-${at}`, "1"]));
    expect(issuesOf({ routes: [route({ headers: headers(20) })] })).toBeUndefined();
    expect(issuesOf({ routes: [route({ headers: headers(21) })] })).toEqual([
      ["routes.0.headers", "at most 20 headers"],
    ]);
  });
});

describe("showSource", () => {
  it("shows the newest secret alone, by its hint", () => {
    const secrets = ["newest-one", "older-two"].map((secret) => ({ secret, expiresAtMs: null }));
    const { id: _, secrets: __, ...settings } = presentSource();
    expect(showSource(presentSource({ secrets }))).toEqual({
      ...settings,
      secret: { hint: "…-one" },
    });
    expect(showSource(presentSource({ secrets: [] }))).toEqual(settings);
  });
});

describe("showRoute", () => {
  it("shows of secrets names, types and hints", () => {
    const shown = showRoute(
      presentRoute({
        headers: { "x-a": "a-long-secret", "x-b": "short" },
        auth: { type: "bearer", token: "a-long-token" },
        edrvSecret: "a-long-edrv-secret",
      }),
    );
    const { id: _, ...settings } = presentRoute();
    expect(shown).toEqual({
      ...settings,
      headers: { "x-a": { hint: "…cret" }, "x-b": { hint: "…" } },
      auth: { type: "bearer" },
      edrvSecret: { hint: "…cret" },
    });
  });

  it("shows no scheme of eDRV's where there is no secret to sign with", () => {
    const { id: _, edrvScheme: __, ...settings } = presentRoute();
    expect(showRoute(presentRoute())).toEqual(settings);
  });
});
