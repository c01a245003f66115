import { err, ok, type Result } from "./result.ts";

/** `any` is for development: http and loopback destinations are allowed. */
export type DestinationPolicy = "public" | "any";

/** Names the relay that a request comes from, so that it is not sent round in circles. */
export const HOP_HEADER = "chargewire-hop";

const PUBLIC_PORTS = new Set(["", "443", "8443"]);
const INTERNAL_SUFFIXES = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "lan",
  "home",
  "corp",
  "private",
  "test",
  "example",
  "invalid",
  "onion",
  "arpa",
];

/**
 * Where the relay may send. The rules hold whenever a URL is stored and again whenever it is
 * used: the relay must not become a way into somebody's network. What is sent to is the URL
 * in the result, not the text, which another parser might read otherwise.
 */
export function checkDestination(text: string, policy: DestinationPolicy): Result<URL, string> {
  if (text.length > 2048) return err("a URL takes at most 2048 characters");
  // Parsers disagree on these: some drop them, some take a backslash for a slash.
  if (/[\s\p{Cc}\\]/u.test(text)) return err("no white space, control characters or backslashes");
  const url = URL.parse(text);
  if (url === null) return err("not a URL");
  if (url.username !== "" || url.password !== "") return err("no user or password in the URL");
  if (policy === "any") {
    return url.protocol === "https:" || url.protocol === "http:"
      ? ok(url)
      : err("only http and https");
  }
  if (url.protocol !== "https:") return err("only https");
  if (!PUBLIC_PORTS.has(url.port)) return err("only the default port or 8443");
  // URL has already decoded, lower-cased and punycoded the host, and normalised every IPv4 form.
  const host = url.hostname.replace(/\.$/, "");
  if (host.startsWith("[") || /^[\d.]+$/.test(host)) return err("no IP addresses, only names");
  const labels = host.split(".");
  if (labels.length < 2 || labels.includes("")) return err("only full domain names");
  if (INTERNAL_SUFFIXES.includes(labels.at(-1) ?? "")) return err("not a public domain name");
  return ok(url);
}

/** Whether a URL leads to the host and port that a request for the relay came to. */
export function isOwnHost(url: URL, requestUrl: string): boolean {
  const own = URL.parse(requestUrl);
  return own !== null && placeOf(url) === placeOf(own);
}

function placeOf({ hostname, port }: URL): string {
  return `${hostname.replace(/\.$/, "")}:${port}`;
}
