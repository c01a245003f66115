import * as z from "zod";

/**
 * Which web pages may use a tenant's keys and tokens from a browser: origins, or all of a
 * domain's subdomains by `https://*.example.com`. None listed: any page may, which is safe as far
 * as its key is, because nothing here goes by cookies.
 */
export const AllowedOrigin = z
  .string()
  .max(255)
  .refine(isOriginPattern, "expected an origin like https://app.example.com");

export function allowsOrigin(allowed: readonly string[], origin: string | null): boolean {
  // Only browsers send one, and they cannot be made to leave it out.
  if (origin === null || allowed.length === 0) return true;
  return allowed.some((pattern) => covers(pattern, origin));
}

function covers(pattern: string, origin: string): boolean {
  const [scheme, host] = pattern.split("://*.");
  if (host === undefined) return pattern === origin;
  const [start, end] = [`${scheme}://`, `.${host}`];
  if (!origin.startsWith(start) || !origin.endsWith(end)) return false;
  return /^[a-z0-9_-][a-z0-9._-]*$/.test(origin.slice(start.length, -end.length));
}

function isOriginPattern(text: string): boolean {
  if (!/^https?:\/\/(\*\.)?[^*@]+$/.test(text)) return false;
  const concrete = text.replace("*", "any");
  try {
    return new URL(concrete).origin === concrete;
  } catch {
    return false;
  }
}
