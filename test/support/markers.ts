import { toHex, toUtf8 } from "../../src/domain/encoding.ts";

/** In every text of a body that has been {@link marked}. It reads as an id, so it goes wherever ids go. */
export const MARKER = "SECRET-MARKER";

/**
 * The same JSON value with the marker at the start of every text, but for connectors' ids, which
 * are public, and statuses that are OCPP's. Numbers are replaced by ones that carry it in digits.
 */
export function marked(value: unknown): unknown {
  return mark(value, "");
}

/** As the marker reads where only digits go. */
export const MARKED_NUMBER = 7_313_131_313;

function mark(value: unknown, path: string): unknown {
  if (typeof value === "string") return isPublic(path) ? value : `${MARKER}${toHex(toUtf8(value))}`;
  if (typeof value === "number") return MARKED_NUMBER;
  if (Array.isArray(value)) return value.map((item) => mark(item, `${path}.[]`));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, mark(item, `${path}.${key}`)]);
  return Object.fromEntries(entries);
}

/** What the relay goes by, and what may be seen of it. */
function isPublic(path: string): boolean {
  return PUBLIC.has(path.replace(/^\.data(?=\.)/, "data"));
}

const PUBLIC = new Set([".type", "data.connectors.[]._id"]);
