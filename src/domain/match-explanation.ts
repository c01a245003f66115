import type { Clause, Match } from "./match.ts";
import { compileCondition, compileMatch, valuesAt } from "./match-evaluation.ts";
import { conditionKey, matchKey } from "./match-key.ts";
import { isObject } from "./webhook.ts";

/** Why something does not match: at which path or group, in words of bounded length. */
export interface MatchReason {
  readonly path: string;
  readonly message: string;
}

const MAX_REASONS = 20;
const MAX_WANTED_CHARS = 160;
const MAX_FOUND_VALUES = 3;
const MAX_LISTED = 5;
const MAX_VALUE_CHARS = 60;

/** Empty if, and only if, `root` matches. */
export function explainMatch(match: Match, root: unknown): readonly MatchReason[] {
  return reasonsOf(match, root).slice(0, MAX_REASONS);
}

function reasonsOf(match: Match, root: unknown): readonly MatchReason[] {
  return match.flatMap((clause) =>
    compileMatch([clause])(root) ? [] : reasonsOfClause(clause, root),
  );
}

function reasonsOfClause(clause: Clause, root: unknown): readonly MatchReason[] {
  if (clause.kind === "field") {
    const { path, segments, conditions } = clause;
    const values = valuesAt(root, segments);
    return conditions
      .filter((condition) => !compileCondition(condition)(values, true))
      .map((condition) => {
        const wanted = shorten(conditionKey(condition), MAX_WANTED_CHARS);
        return { path, message: `wanted ${wanted}, found ${describeValues(values)}` };
      });
  }
  const { op, matches } = clause;
  switch (op) {
    case "$and":
      return matches.flatMap((one) => reasonsOf(one, root));
    case "$or":
      return [
        { path: op, message: `wanted one of ${matches.length} to hold, found none that does` },
        ...matches.flatMap((one) => reasonsOf(one, root)),
      ];
    case "$nor": {
      const holding = matches.find((one) => compileMatch(one)(root)) ?? [];
      const text = shorten(matchKey(holding), MAX_WANTED_CHARS);
      return [{ path: op, message: `wanted none of ${matches.length} to hold, found ${text}` }];
    }
  }
}

function describeValues(values: readonly unknown[]): string {
  const some = values.slice(0, MAX_FOUND_VALUES).map(describeValue).join(" and ");
  const more = values.length - MAX_FOUND_VALUES;
  if (values.length === 0) return "nothing there";
  return more > 0 ? `${some} and ${more} more` : some;
}

/** Of an array its first elements, of an object its first names; nothing of what is within those. */
function describeValue(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${listed(value.slice(0, MAX_LISTED).map(describePlain), value.length)}]`;
  }
  if (!isObject(value)) return describePlain(value);
  const names = Object.keys(value);
  return `{${listed(names.slice(0, MAX_LISTED).map(describePlain), names.length)}}`;
}

function describePlain(value: unknown): string {
  if (value === undefined) return "nothing there";
  if (Array.isArray(value)) return "[…]";
  if (isObject(value)) return "{…}";
  return typeof value === "string"
    ? JSON.stringify(shorten(value, MAX_VALUE_CHARS))
    : String(value);
}

function listed(shown: readonly string[], count: number): string {
  return [...shown, ...(count > shown.length ? ["…"] : [])].join(", ");
}

function shorten(text: string, maxChars: number): string {
  return text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text;
}
