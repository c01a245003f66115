import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  checkDestination,
  type DestinationPolicy,
  isOwnHost,
} from "../../src/domain/destination-url.ts";
import { anyText } from "../support/arbitraries.ts";

const allows = (text: string, policy: DestinationPolicy = "public") =>
  checkDestination(text, policy).ok;

describe("checkDestination, public", () => {
  it.each([
    ["https://example.com", "https://example.com/"],
    ["https://hooks.example.com/a/b?c=d#e", "https://hooks.example.com/a/b?c=d#e"],
    ["HTTPS://Hooks.EXAMPLE.com/Path", "https://hooks.example.com/Path"],
    ["https://example.com:443/", "https://example.com/"],
    ["https://example.com:8443/", "https://example.com:8443/"],
    ["https://example.com./", "https://example.com./"],
    ["https://münchen.de/", "https://xn--mnchen-3ya.de/"],
    ["https://localhost.example.com/", "https://localhost.example.com/"],
    ["https://local.host/", "https://local.host/"],
    ["https://example.com/http://localhost/", "https://example.com/http://localhost/"],
    ["https://10.example.com/", "https://10.example.com/"],
    ["https://hooks.example2/", "https://hooks.example2/"],
  ])("allows %s", (text, href) => {
    const result = checkDestination(text, "public");
    expect(result.ok && result.value.href).toBe(href);
  });

  it.each([
    "",
    "example.com",
    "//example.com",
    "/path",
    "https://",
    "https:///",
    "https://example.com:99999",
    "https://%00.com",
    "https://xn--.com",
  ])("refuses %j, which is no URL", (text) => {
    expect(checkDestination(text, "public")).toEqual({ ok: false, error: "not a URL" });
  });

  it.each(["http", "ftp", "ws", "wss", "file", "gopher", "blob:https", "javascript", "data"])(
    "refuses the scheme %s",
    (scheme) => {
      expect(allows(`${scheme}://example.com/`)).toBe(false);
      expect(allows(`${scheme}:alert(1)`)).toBe(false);
    },
  );

  it.each([
    ["the name", "localhost"],
    ["capitals", "LocalHost"],
    ["a trailing dot", "localhost."],
    ["two trailing dots", "localhost.."],
    ["a leading dot", ".localhost"],
    ["a name below it", "relay.localhost"],
    ["a name below it and a trailing dot", "relay.localhost."],
    ["percent encoding", "%6c%6fcalhost"],
    ["an encoded dot", "localhost%2e"],
    ["full-width letters", "ｌｏｃａｌｈｏｓｔ"],
    ["circled letters", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ"],
    ["a soft hyphen", "local\u00adhost"],
    ["an ideographic full stop", "relay。localhost"],
    ["a tab within", "local\thost"],
  ])("refuses localhost as %s", (_name, host) => {
    expect(allows(`https://${host}/`)).toBe(false);
    expect(allows(`https://${host}:8443/`)).toBe(false);
  });

  it.each([
    ["dotted", "127.0.0.1"],
    ["decimal", "2130706433"],
    ["hexadecimal", "0x7f000001"],
    ["hexadecimal in parts", "0x7f.0x0.0x0.0x1"],
    ["octal", "0177.0.0.01"],
    ["octal in one", "017700000001"],
    ["short", "127.1"],
    ["very short", "0"],
    ["with a trailing dot", "127.0.0.1."],
    ["short with a trailing dot", "0x7f.1."],
    ["short with two trailing dots", "0x7f.1.."],
    ["with two trailing dots", "127.0.0.1.."],
    ["in full-width digits", "１２７.０.０.１"],
    ["with ideographic full stops", "127。0。0。1"],
    ["with percent encoding", "%31%32%37.0.0.1"],
    ["of the metadata service", "169.254.169.254"],
    ["private", "10.0.0.1"],
    ["public", "93.184.216.34"],
    ["any", "0.0.0.0"],
    ["out of range", "256.256.256.256"],
    ["of five parts", "1.2.3.4.5"],
    ["ending in a number", "example.1"],
    ["ending in a hexadecimal number", "example.0x7f"],
  ])("refuses an IPv4 address %s", (_name, host) => {
    expect(allows(`https://${host}/`)).toBe(false);
  });

  it.each([
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fd00::1]",
    "[2606:4700::1111]",
    "[v1.x]",
    "::1",
  ])("refuses the IPv6 address %s", (host) => {
    expect(allows(`https://${host}/`)).toBe(false);
    expect(allows(`https://${host}:8443/`)).toBe(false);
  });

  it.each(["intranet", "com", "a", "xn--80ak6aa92e"])("refuses the single label %s", (host) => {
    expect(allows(`https://${host}/`)).toBe(false);
    expect(allows(`https://${host}./`)).toBe(false);
  });

  it.each([
    "https://.com/",
    "https://..com/",
    "https://a..com/",
    "https://example.com../",
    "https://metadata.google.internal../",
  ])("refuses %s, which has an empty label", (text) => {
    expect(allows(text)).toBe(false);
  });

  it.each([
    "printer.local",
    "metadata.google.internal",
    "wiki.intranet",
    "nas.lan",
    "router.home",
    "router.home.arpa",
    "1.0.0.127.in-addr.arpa",
    "hq.corp",
    "x.private",
    "x.test",
    "x.example",
    "x.invalid",
    "x.onion",
  ])("refuses %s, which is no public name, in any spelling", (host) => {
    const spellings = [host, `${host}.`, host.toUpperCase(), `a.b.${host}`];
    expect(spellings.filter((spelling) => allows(`https://${spelling}/`))).toEqual([]);
  });

  it.each([1, 22, 80, 8080, 442, 444, 8442, 8444, 9443, 65_535])("refuses the port %i", (port) => {
    expect(allows(`https://example.com:${port}/`)).toBe(false);
  });

  it.each(["user@", "user:password@", ":password@", "example.com@", "a%40b@"])(
    "refuses the user info %s",
    (userInfo) => {
      expect(allows(`https://${userInfo}hooks.example.com/`)).toBe(false);
      expect(allows(`https://${userInfo}hooks.example.com/`, "any")).toBe(false);
    },
  );

  it.each([
    ["a backslash", "https://localhost\\.example.com/"],
    ["a fragment", "https://localhost#.example.com/"],
    ["a query", "https://localhost?.example.com/"],
    ["a user", "https://example.com@localhost/"],
    ["white space around it", " https://localhost/ "],
    ["a missing slash", "https:/localhost/"],
    ["missing slashes", "https:localhost"],
  ])("is not deceived by %s", (_name, text) => {
    expect(allows(text)).toBe(false);
  });

  it.each([
    ["a space in the host", "https://exa mple.com/"],
    ["a space in the path", "https://example.com/a b"],
    ["a space before it", " https://example.com/"],
    ["a line break at the end", "https://example.com/\n"],
    ["a tab in the scheme", "ht\ttps://example.com/"],
    ["a no-break space", "https://example.com/\u00a0"],
    ["a null", "https://example.com/\0"],
    ["a delete character", "https://example.com/\u007f"],
    ["a C1 control character", "https://example.com/\u0085"],
    ["a backslash", "https:\\\\example.com/"],
    ["a backslash in the path", "https://example.com/a\\b"],
  ])("refuses %s, which parsers read differently", (_name, text) => {
    for (const policy of ["public", "any"] as const) {
      expect(checkDestination(text, policy)).toEqual({
        ok: false,
        error: "no white space, control characters or backslashes",
      });
    }
  });

  it("takes a URL of 2048 characters and no more", () => {
    const urlOf = (length: number) => "https://example.com/".padEnd(length, "a");
    expect([2047, 2048].every((length) => allows(urlOf(length)))).toBe(true);
    expect(allows(urlOf(2049))).toBe(false);
    expect(allows(urlOf(2049), "any")).toBe(false);
  });
});

describe("checkDestination, any", () => {
  it.each([
    "https://hooks.example.com/",
    "http://hooks.example.com:8080/",
    "http://localhost:1234/",
    "http://127.0.0.1/",
    "https://[::1]:9/",
    "http://printer.local/",
    "http://intranet/",
  ])("allows %s", (text) => {
    expect(allows(text, "any")).toBe(true);
  });

  it.each([
    "ftp://localhost/",
    "ws://localhost/",
    "file:///etc/passwd",
    "data:,x",
    "localhost",
    "",
  ])("refuses %j", (text) => {
    expect(allows(text, "any")).toBe(false);
  });
});

describe("checkDestination, of what it refuses", () => {
  it.each([
    ["a URL takes at most 2048 characters", `https://example.com/${"a".repeat(2048)}`],
    ["no user or password in the URL", "https://user@example.com/"],
    ["only https", "http://example.com/"],
    ["only the default port or 8443", "https://example.com:8080/"],
    ["no IP addresses, only names", "https://127.0.0.1/"],
    ["no IP addresses, only names", "https://[::1]/"],
    ["only full domain names", "https://printer/"],
    ["only full domain names", "https://a..example.com/"],
    ["not a public domain name", "https://printer.local/"],
  ])("says: %s", (error, text) => {
    expect(checkDestination(text, "public")).toEqual({ ok: false, error });
  });

  it("says which schemes there are where any destination will do", () => {
    const refused = { ok: false, error: "only http and https" };
    expect(checkDestination("ftp://localhost/", "any")).toEqual(refused);
  });
});

describe("isOwnHost", () => {
  it.each([
    ["https://relay.example.com/", "https://relay.example.com/v1/routes"],
    ["https://relay.example.com:443/a", "https://relay.example.com/"],
    ["https://RELAY.example.com./", "https://relay.example.com/"],
    ["http://relay.example.com/", "https://relay.example.com/"],
    ["http://127.0.0.1:8787/", "http://127.0.0.1:8787/v1/routes"],
    ["http://0x7f.1:8787/", "http://127.0.0.1:8787/v1/routes"],
    ["https://ｒelay.example.com/", "https://relay.example.com./"],
  ])("knows %s at %s", (url, requestUrl) => {
    expect(isOwnHost(new URL(url), requestUrl)).toBe(true);
  });

  it.each([
    ["https://relay.example.com:8443/", "https://relay.example.com/"],
    ["https://a.relay.example.com/", "https://relay.example.com/"],
    ["https://example.com/", "https://relay.example.com/"],
    ["http://127.0.0.1:8788/", "http://127.0.0.1:8787/"],
    ["https://relay.example.com/", "/v1/routes"],
  ])("tells %s from %s", (url, requestUrl) => {
    expect(isOwnHost(new URL(url), requestUrl)).toBe(false);
  });
});

/** One way of many to write a number of an IPv4 address. */
function spell(number: number, base: number): string {
  if (base === 16) return `0x${number.toString(16)}`;
  return base === 8 ? `0${number.toString(8)}` : String(number);
}

describe("checkDestination", () => {
  const base = fc.constantFrom(8, 10, 16);
  const byte = fc.nat({ max: 255 });
  const dots = fc.constantFrom("", ".", "..");

  it("refuses every IPv4 address, however it is written", () => {
    const parts = fc.array(fc.tuple(byte, base), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(parts, fc.nat({ max: 3 }), dots, (numbers, joined, trailing) => {
        // The last number of an address may stand for its last bytes together.
        const kept = numbers.slice(0, 3 - joined);
        const rest = numbers.slice(3 - joined).reduce((sum, [value]) => sum * 256 + value, 0);
        const last = spell(rest, numbers[3]?.[1] ?? 10);
        const host = [...kept.map(([value, radix]) => spell(value, radix)), last].join(".");
        expect(allows(`https://${host}${trailing}/`), host + trailing).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses every host that it must, in whatever characters it is written", () => {
    const hosts = fc.constantFrom(
      ...["localhost", "a.localhost", "intranet", "printer.local", "metadata.google.internal"],
      ...["127.0.0.1", "2130706433", "0x7f.1", "0177.1", "10.0.0.1", "169.254.169.254"],
    );
    const disguise = fc.constantFrom<(character: string) => string>(
      (character) => character,
      (character) => character.toUpperCase(),
      (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
      // Full-width forms, which a URL's host is mapped from.
      (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0),
      (character) => (character === "." ? "\u3002" : `\u00ad${character}`),
      (character) => (character === "." ? "\uff61" : `${character}\u200b`),
    );
    const rests = fc.constantFrom("", "/", "/a?b#c", ":443/", ":8443/", "?@x.com", "#@x.com");
    const dotted = fc.constantFrom("", ".", "\u3002", "%2e");
    const disguises = fc.array(disguise, { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(hosts, disguises, dotted, rests, (host, masks, dot, rest) => {
        const masked = [...host].map((character, at) => masks[at]?.(character) ?? character);
        expect(allows(`https://${masked.join("")}${dot}${rest}`)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses every other port, and every user", () => {
    fc.assert(
      fc.property(fc.nat({ max: 65_535 }), (port) => {
        expect(allows(`https://hooks.example.com:${port}/`)).toBe(port === 443 || port === 8443);
      }),
      { numRuns: 500 },
    );
    const user = fc.stringMatching(/^[A-Za-z0-9%:._~-]{1,20}$/);
    fc.assert(
      fc.property(user, (text) => {
        expect(allows(`https://${text}@hooks.example.com/`)).toBe(/^:?$/.test(text));
      }),
      { numRuns: 200 },
    );
  });

  it("refuses every address of IPv4 within one of IPv6", () => {
    const prefix = fc.constantFrom("::ffff:", "::", "64:ff9b::", "::ffff:0:", "2002::");
    fc.assert(
      fc.property(prefix, fc.ipV4(), (start, address) => {
        expect(allows(`https://[${start}${address}]/`)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it("refuses every IPv6 address", () => {
    fc.assert(
      fc.property(fc.ipV6(), (host) => {
        expect(allows(`https://[${host}]/`)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it("never throws, and allows nothing but https to a full name on a public port", () => {
    const piece = fc.oneof(
      fc.constantFrom("https://", "http://", "a.b.com", "localhost", "127.0.0.1", "[::1]"),
      fc.constantFrom(".", "/", "@", ":", ":8443", ":80", "\\", "#", "?", "%2e", "。", "com"),
      anyText(5),
    );
    const pieces = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(""));
    const texts = fc.oneof(pieces, fc.webUrl(), anyText());
    fc.assert(
      fc.property(texts, fc.boolean(), (text, prefixed) => {
        const result = checkDestination(prefixed ? `https://${text}` : text, "public");
        if (!result.ok) return;
        const { protocol, port, username, password, hostname } = result.value;
        expect([protocol, username, password]).toEqual(["https:", "", ""]);
        expect(["", "8443"]).toContain(port);
        expect(hostname).toMatch(/^([^.]+\.)+[^.]*[^.\d][^.]*\.?$/);
        expect(hostname).not.toMatch(/(^|\.)localhost\.?$|[[\]]/);
      }),
      { numRuns: 1000 },
    );
  });
});
