/** Who made a change: the id of an API key, or null when the relay did it by itself. */
export type Actor = string | null;

/** What the audit log records, named `noun.past`. */
export type AuditAction =
  | "key.created"
  | "key.deleted"
  | "source.created"
  | "source.changed"
  | "source.deleted"
  | "source.secret_added"
  | "source.secret_deleted"
  | "route.created"
  | "route.changed"
  | "route.paused"
  | "route.resumed"
  | "route.disabled"
  | "route.deleted"
  | "route.secret_rotated"
  | "lane.retried"
  | "lane.skipped"
  | "lane.resumed"
  | "replay.created"
  | "replay.cancelled"
  | "dead_letters.redelivered"
  | "dead_letter.discarded"
  | "settings.changed"
  | "secrets.resealed"
  | "station.deleted"
  | "quarantine.released"
  | "quarantine.discarded";

type Fields = Readonly<Record<string, unknown>>;

export interface Changes {
  /** The fields that differ, and the secret ones that were set. */
  readonly changed: readonly string[];
  readonly before: Fields;
  readonly after: Fields;
}

/** Values longer than this as JSON are left out, so that an entry stays small. */
const MAX_VALUE_CHARS = 2_500;

/**
 * How two views of one thing differ. Views hold no secrets; `secrets` names what was set
 * beside them, and only the names are told.
 */
export function changesBetween(
  before: Fields,
  after: Fields,
  secrets: readonly string[] = [],
): Changes {
  const differing = Object.keys(after).filter(
    (name) => name !== "updatedAt" && JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  return {
    changed: [...new Set([...differing, ...secrets])],
    before: brief(before, differing),
    after: brief(after, differing),
  };
}

/** The named fields, with a mark in place of those that are long. */
export function brief(fields: Fields, names: readonly string[] = Object.keys(fields)): Fields {
  return Object.fromEntries(
    names.map((name) => {
      const chars = JSON.stringify(fields[name] ?? null).length;
      return [name, chars > MAX_VALUE_CHARS ? `(${chars} characters)` : fields[name]];
    }),
  );
}
