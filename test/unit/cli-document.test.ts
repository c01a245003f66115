import { describe, expect, it } from "vitest";

import { putIn } from "../../cli/chargewire/document.ts";

const ENV = { SECRET: "s3cret", HOST: "example.com", EMPTY: "" };
const fill = (document: unknown) => putIn(document, ENV);

describe("putIn", () => {
  it("puts variables in, whole or within a text", () => {
    expect(
      fill({
        sources: [{ name: "eDRV", secret: { env: "SECRET" } }],
        routes: [{ url: `https://\${ENV:HOST}/a/\${ENV:HOST}`, timeoutMs: 5000, auth: null }],
      }),
    ).toEqual({
      sources: [{ name: "eDRV", secret: "s3cret" }],
      routes: [{ url: "https://example.com/a/example.com", timeoutMs: 5000, auth: null }],
    });
  });

  it("leaves filters alone", () => {
    const document = {
      routes: [{ filter: { match: { env: "SECRET", "data.token": `\${ENV:X}` } } }],
    };
    expect(fill(document)).toEqual(document);
  });

  it("keeps what is no reference", () => {
    for (const value of [
      { env: "SECRET", more: 1 },
      { env: "no name" },
      { env: 1 },
      { hint: "…1" },
    ]) {
      expect(fill({ sources: [{ secret: value }] })).toEqual({ sources: [{ secret: value }] });
    }
  });

  it("names every variable that is not set, or is empty", () => {
    const document = { a: { env: "NONE" }, b: `\${ENV:EMPTY} \${ENV:SECRET}` };
    expect(() => fill(document)).toThrow("variables that are not set: NONE, EMPTY");
  });

  it.each([
    [{ sources: [{ secret: "written" }] }, "sources.0.secret"],
    [{ routes: [{ edrvSecret: "written" }] }, "routes.0.edrvSecret"],
    [
      { routes: [{ auth: { type: "basic", username: "a", password: "b" } }] },
      "routes.0.auth.password",
    ],
    [{ routes: [{ auth: { type: "bearer", token: "b" } }] }, "routes.0.auth.token"],
    [{ routes: [{ auth: { clientId: "a", clientSecret: "b" } }] }, "routes.0.auth.clientSecret"],
    [{ routes: [{ headers: { Authorization: "b" } }] }, "routes.0.headers.Authorization"],
    [{ routes: [{ headers: { "x-api-key": "b" } }] }, "routes.0.headers.x-api-key"],
  ])("takes no secret that is written out: %j", (document, place) => {
    expect(() => fill(document)).toThrow(place);
    expect(() => fill(document)).not.toThrow(/written/);
  });

  it("takes other headers as they are", () => {
    const document = { routes: [{ headers: { "x-team": "charging" } }] };
    expect(fill(document)).toEqual(document);
  });
});
