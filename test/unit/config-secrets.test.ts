import { describe, expect, it } from "vitest";

import { ConfigRoute } from "../../src/domain/config-document.ts";
import { resolveRouteSecrets, resolveSourceSecret } from "../../src/domain/config-secrets.ts";
import { presentRoute, presentSource, ROUTE_URL } from "../support/configs.ts";

const NOT_HERE = "this secret is not here; write the secret itself, or leave it out";
const OTHER_HOST = "it was made for another host; write it anew, or leave it out to drop it";

describe("resolveSourceSecret", () => {
  const present = presentSource({
    secrets: [
      { secret: "newest-one", expiresAtMs: null },
      { secret: "ending-two", expiresAtMs: 1 },
      { secret: "older-three", expiresAtMs: null },
    ],
  });
  const resolve = (wanted: string | { hint: string } | undefined, before = present) => {
    const reports: string[] = [];
    const added = resolveSourceSecret(wanted, before, (message) => reports.push(message));
    return { added, reports };
  };

  it.each([
    ["newest-one", null],
    ["older-three", null],
    ["ending-two", "ending-two"],
    ["another", "another"],
    [undefined, null],
    [{ hint: "…-two" }, null],
    [{ hint: "…hree" }, null],
  ])("adds for %j: %j", (wanted, added) => {
    expect(resolve(wanted)).toEqual({ added, reports: [] });
  });

  it("refuses the hint of a secret that is not there", () => {
    const refused = { added: null, reports: [NOT_HERE] };
    expect(resolve({ hint: "…beef" })).toEqual(refused);
    expect(resolve({ hint: "…-one" }, presentSource({ secrets: [] }))).toEqual(refused);
  });
});

describe("resolveRouteSecrets", () => {
  const secrets = {
    headers: { "x-a": "header-a", "x-b": "header-b" },
    auth: { type: "bearer", token: "a-long-token" } as const,
    edrvSecret: "edrv-secret",
  };
  const resolve = (wanted: object, present: object | null = secrets) => {
    const reports: string[] = [];
    const route = ConfigRoute.parse({ name: "billing", url: ROUTE_URL, ...wanted });
    const before = present === null ? null : presentRoute(present);
    const resolved = resolveRouteSecrets(route, before, (field, message) => {
      reports.push(`${field}: ${message}`);
    });
    return { resolved, reports };
  };

  it("keeps what is left out, and what is named by its hint or type", () => {
    const named = {
      headers: { "x-b": { hint: "…er-b" }, "x-c": "header-c" },
      auth: { type: "bearer" },
      edrvSecret: { hint: "…cret" },
    };
    expect(resolve({})).toEqual({ resolved: secrets, reports: [] });
    expect(resolve(named)).toEqual({
      resolved: { ...secrets, headers: { "x-b": "header-b", "x-c": "header-c" } },
      reports: [],
    });
  });

  it.each([
    [{ headers: { "x-a": { hint: "…er-b" } } }, "headers.x-a"],
    [{ headers: { "x-c": { hint: "…er-a" } } }, "headers.x-c"],
    [{ headers: { "x-c": { hint: "…" } } }, "headers.x-c"],
    [{ auth: { type: "basic" } }, "auth"],
    [{ edrvSecret: { hint: "…beef" } }, "edrvSecret"],
  ])("refuses %j, which is not there", (wanted, field) => {
    expect(resolve(wanted).reports).toEqual([`${field}: ${NOT_HERE}`]);
  });

  it.each([
    [{ headers: { "x-a": { hint: "…er-a" } } }, "headers.x-a"],
    [{ auth: { type: "bearer" } }, "auth"],
    [{ edrvSecret: { hint: "…cret" } }, "edrvSecret"],
  ])("refuses %j of a route that is new", (wanted, field) => {
    expect(resolve(wanted, null).reports).toEqual([`${field}: ${NOT_HERE}`]);
  });

  it("lets headers and authentication go to no other origin, and the secret to any", () => {
    const url = "https://hooks.example.com:8443/in";
    expect(resolve({ url })).toEqual({
      resolved: { ...secrets, headers: {}, auth: null },
      reports: [],
    });
    const held = { headers: { "x-a": { hint: "…er-a" } }, auth: { type: "bearer" } };
    expect(resolve({ url, ...held }).reports).toEqual([
      `headers.x-a: ${OTHER_HOST}`,
      `auth: ${OTHER_HOST}`,
    ]);
    expect(resolve({ url: `${ROUTE_URL}/other?path` })).toEqual({ resolved: secrets, reports: [] });
  });
});
