import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { PROJECT_DIR } from "../../cli/relay/relay.ts";
import { TestRelay } from "../support/relay.ts";

let relay: TestRelay;

beforeAll(async () => {
  relay = await TestRelay.start();
});

afterAll(() => relay.stop());

const ask = (path: string, method = "GET") =>
  fetch(relay.url + path, { method, redirect: "manual" });

/** By the path that it is for, what `web/public/_headers` says. */
function writtenHeaders(): Map<string, Map<string, string>> {
  const rules = new Map<string, Map<string, string>>();
  let rule = new Map<string, string>();
  const text = readFileSync(join(PROJECT_DIR, "web/public/_headers"), "utf8");
  for (const line of text.split("\n").filter((line) => line.trim() !== "")) {
    if (/^\S/.test(line)) {
      rule = new Map();
      rules.set(line, rule);
    } else {
      const [, name = "", value = ""] = /^\s+([^:]+):\s*(.*)$/.exec(line) ?? [];
      rule.set(name.toLowerCase(), value);
    }
  }
  return rules;
}

/** Of one asset that the page names. */
async function assetPath(): Promise<string> {
  const html = await (await ask("/")).text();
  return /(?:src|href)="(\/assets\/[^"]+)"/.exec(html)?.[1] ?? "no asset";
}

const SECURITY = /^(content-security-policy|cross-origin-|permissions-policy|referrer-|x-)/;

describe("the console at /", () => {
  it.each(["GET", "HEAD"])(
    "is a page with the security headers as written, to %s",
    async (method) => {
      const answer = await ask("/", method);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toMatch(/^text\/html/);
      const written = writtenHeaders().get("/") ?? new Map();
      expect(written.size).toBeGreaterThan(4);
      const sent = [...answer.headers].filter(([name]) => SECURITY.test(name));
      expect(new Map(sent)).toEqual(written);
      expect(answer.headers.get("cache-control")).toContain("must-revalidate");
    },
  );

  it("has a policy that lets in nothing but its own files", async () => {
    const policy = (await ask("/")).headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "trusted-types 'none'"]) {
      expect(policy.split("; ")).toContain(part);
    }
    expect(policy).not.toMatch(/unsafe|https?:|data:|blob:|\*/);
  });

  it("takes nothing", async () => {
    expect((await ask("/", "POST")).status).toBe(405);
    expect((await ask("/", "PUT")).status).toBe(405);
  });

  it("has one address", async () => {
    const answer = await ask("/index.html");
    expect(answer.status).toBe(307);
    expect(new URL(answer.headers.get("location") ?? "", relay.url).pathname).toBe("/");
  });

  it("has files that never change under their names", async () => {
    const answer = await ask(await assetPath());
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

describe("beside the console", () => {
  it.each([
    ["GET", "/nothing"],
    ["GET", "/nothing.html"],
    ["GET", "/assets/nothing.js"],
    ["GET", "/_headers"],
    ["GET", "/v1/nothing"],
    ["POST", "/nothing"],
    ["POST", "/ingest/nothing"],
  ])("%s %s is a problem document with 404", async (method, path) => {
    const answer = await ask(path, method);
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it.each([
    ["/health", 200, "application/json"],
    ["/docs", 200, "text/html"],
    ["/openapi.json", 200, "application/json"],
    ["/v1/routes", 401, "application/problem+json"],
  ])("%s is the Worker's", async (path, status, type) => {
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toContain(type);
    expect(answer.headers.get("etag")).toBeNull();
  });
});
