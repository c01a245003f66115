import { describe, expect, it } from "vitest";

import { AllowedOrigin, allowsOrigin } from "../../src/domain/origin.ts";

const ANY_SUBDOMAIN = "https://*.example.com";

describe("allowsOrigin", () => {
  it.each([
    ["https://app.example.com", "https://app.example.com", true],
    ["https://app.example.com", "http://app.example.com", false],
    ["https://app.example.com", "https://app.example.com:8443", false],
    ["https://app.example.com", "https://app.example.com.evil.test", false],
    ["https://app.example.com", "https://evil.test/https://app.example.com", false],
    ["https://app.example.com", "https://APP.example.com", false],
    ["https://app.example.com", "https://app.example.co", false],
    ["https://app.example.com", "", false],
    ["https://app.example.com", "null", false],
    ["http://localhost:5173", "http://localhost:5173", true],
    ["http://localhost:5173", "http://localhost:5174", false],
    ["http://localhost:5173", "http://localhost", false],
    ["http://[::1]:8080", "http://[::1]:8080", true],
    [ANY_SUBDOMAIN, "https://a.example.com", true],
    [ANY_SUBDOMAIN, "https://a.b.example.com", true],
    [ANY_SUBDOMAIN, "https://example.com", false],
    [ANY_SUBDOMAIN, "https://evil-example.com", false],
    [ANY_SUBDOMAIN, "https://a.example.com.evil.test", false],
    [ANY_SUBDOMAIN, "https://evil.test/.example.com", false],
    [ANY_SUBDOMAIN, "https://evil.test#.example.com", false],
    [ANY_SUBDOMAIN, "https://evil.test?.example.com", false],
    [ANY_SUBDOMAIN, "https://evil.test\\.example.com", false],
    [ANY_SUBDOMAIN, "https://.example.com", false],
    [ANY_SUBDOMAIN, "https://user@a.example.com", false],
    [ANY_SUBDOMAIN, "http://a.example.com", false],
    [ANY_SUBDOMAIN, "https://a.example.com:8443", false],
    [ANY_SUBDOMAIN, "https://A.EXAMPLE.COM", false],
    [ANY_SUBDOMAIN, "null", false],
    ["https://*.example.com:8443", "https://a.example.com:8443", true],
    ["https://*.example.com:8443", "https://a.example.com", false],
    ["https://*.example.com:8443", "https://example.com:8443", false],
  ])("lets a page in by %s from %s: %s", (pattern, origin, is) => {
    expect(allowsOrigin([pattern], origin)).toBe(is);
  });

  it("lets any page in when none is listed, and everybody who is no page", () => {
    expect(allowsOrigin([], "https://anything.test")).toBe(true);
    expect(allowsOrigin([], "null")).toBe(true);
    expect(allowsOrigin(["https://app.example.com"], null)).toBe(true);
  });

  it("lets a page in by any one of the list", () => {
    const list = ["https://a.test", ANY_SUBDOMAIN];
    expect(allowsOrigin(list, "https://x.example.com")).toBe(true);
    expect(allowsOrigin(list, "https://a.test")).toBe(true);
    expect(allowsOrigin(list, "https://b.test")).toBe(false);
  });
});

describe("AllowedOrigin", () => {
  it.each([
    "https://app.example.com",
    "http://localhost:5173",
    "http://127.0.0.1:8080",
    "http://[::1]",
    "https://xn--bcher-kva.example",
    ANY_SUBDOMAIN,
    "https://*.example.com:8443",
  ])("takes %s", (text) => {
    expect(AllowedOrigin.safeParse(text).success).toBe(true);
  });

  it.each([
    "",
    "*",
    "null",
    "example.com",
    "https://",
    "https://*",
    "https://*.",
    "https://*.*.com",
    "https://a.*.com",
    "https://*a.example.com",
    "https://*.10.0.0.1",
    "https://app.example.com/",
    "https://app.example.com/path",
    "https://app.example.com?x",
    "https://app.example.com#x",
    "https://user@app.example.com",
    "https://app.example.com:443",
    "http://app.example.com:80",
    "https://App.Example.com",
    "https://bücher.example",
    "ftp://app.example.com",
    "javascript://app.example.com",
    "https://app.example.com ",
    " https://app.example.com",
    "https://app.example.com\nhttps://evil.test",
    `https://${"a".repeat(250)}.test`,
  ])("refuses %j, which no browser sends", (text) => {
    expect(AllowedOrigin.safeParse(text).success).toBe(false);
  });
});
