import type { Clause, Condition, Match, OrderOperator } from "./match.ts";
import { isObject } from "./webhook.ts";

/**
 * Whether parsed JSON matches, as MongoDB decides it, with these rules made plain:
 * - Only what the JSON itself holds is seen: no path reaches a prototype or the length of an array.
 * - A path that meets an array goes on in each of its objects; a whole number names an element,
 *   and no field of theirs.
 * - A path that ends at an array leads to the array and to each of its elements.
 * - `null` equals null and what is not there. It is neither greater nor less than anything.
 * - Numbers and strings are greater or less than their like alone. Strings compare by UTF-16
 *   code unit, so ISO 8601 times of one form compare as times.
 * - The order of an object's fields is of no account, unlike in MongoDB.
 *
 * Never throws, however the JSON is made. Each operator looks at each value of it once at most.
 */
export type Predicate = (root: unknown) => boolean;

export function compileMatch(match: Match): Predicate {
  const clauses = match.map(compileClause);
  return (root) => clauses.every((holds) => holds(root));
}

function compileClause(clause: Clause): Predicate {
  if (clause.kind === "field") {
    const { segments } = clause;
    const holds = compileConditions(clause.conditions);
    return (root) => holds(valuesAt(root, segments), true);
  }
  const matches = clause.matches.map(compileMatch);
  switch (clause.op) {
    case "$and":
      return (root) => matches.every((one) => one(root));
    case "$or":
      return (root) => matches.some((one) => one(root));
    case "$nor":
      return (root) => !matches.some((one) => one(root));
  }
}

/**
 * The values that a path leads to: one, unless it meets arrays. A value that is not there is
 * `undefined`, which JSON does not have.
 */
export function valuesAt(root: unknown, segments: readonly string[]): readonly unknown[] {
  let values = [root];
  for (const [depth, segment] of segments.entries()) {
    const next: unknown[] = [];
    for (const value of values) {
      // What a match starts from counts as an object, though it may be an element that is an array.
      if (depth === 0 || !Array.isArray(value)) next.push(fieldOf(value, segment));
      else if (INDEX.test(segment)) {
        if (Number(segment) < value.length) next.push(value[Number(segment)]);
      } else for (const one of value) if (isObject(one)) next.push(fieldOf(one, segment));
    }
    values = next;
  }
  return values;
}

/** Of the values at a path; `spread` when their arrays stand for their elements, too. */
type Holds = (values: readonly unknown[], spread: boolean) => boolean;

const INDEX = /^(?:0|[1-9]\d{0,14})$/;

function fieldOf(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return INDEX.test(name) ? value[Number(name)] : undefined;
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

export function compileCondition(condition: Condition): Holds {
  switch (condition.op) {
    case "$eq":
      return anyOf(oneOf([condition.value]));
    case "$ne":
      return not(anyOf(oneOf([condition.value])));
    case "$in":
      return anyOf(oneOf(condition.values));
    case "$nin":
      return not(anyOf(oneOf(condition.values)));
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return anyOf(ordered(condition.op, condition.value));
    case "$exists": {
      const { value: wanted } = condition;
      return (values) => values.some((value) => value !== undefined) === wanted;
    }
    case "$size": {
      const { value: size } = condition;
      return (values) => values.some((value) => Array.isArray(value) && value.length === size);
    }
    case "$not":
      return not(compileConditions(condition.conditions));
    case "$elemMatch": {
      const isWanted = compileElement(condition);
      return (values) => values.some((value) => Array.isArray(value) && value.some(isWanted));
    }
  }
}

function compileConditions(conditions: readonly Condition[]): Holds {
  const all = conditions.map(compileCondition);
  return (values, spread) => all.every((holds) => holds(values, spread));
}

function compileElement(condition: Extract<Condition, { op: "$elemMatch" }>): Predicate {
  if ("match" in condition) {
    const matches = compileMatch(condition.match);
    return (element) => typeof element === "object" && element !== null && matches(element);
  }
  const holds = compileConditions(condition.conditions);
  return (element) => holds([element], false);
}

function anyOf(isWanted: Predicate): Holds {
  return (values, spread) =>
    values.some(
      (value) => isWanted(value) || (spread && Array.isArray(value) && value.some(isWanted)),
    );
}

function not(holds: Holds): Holds {
  return (values, spread) => !holds(values, spread);
}

function oneOf(wanted: readonly unknown[]): Predicate {
  const plain = new Set(wanted.filter((value) => !isCompound(value)));
  const compound = wanted.filter(isCompound);
  return (value) =>
    isCompound(value)
      ? compound.some((one) => isEqual(one, value))
      : plain.has(value === undefined ? null : value);
}

/** As deep as `wanted` goes, whatever `value` is. */
function isEqual(wanted: unknown, value: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(value) &&
      value.length === wanted.length &&
      wanted.every((one, at) => isEqual(one, value[at]))
    );
  }
  if (!isObject(wanted)) return wanted === value;
  if (!isObject(value)) return false;
  const names = Object.keys(wanted);
  return (
    Object.keys(value).length === names.length &&
    names.every((name) => Object.hasOwn(value, name) && isEqual(wanted[name], value[name]))
  );
}

function isCompound(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function ordered(op: OrderOperator, bound: number | string): Predicate {
  // Both of one type, so that JavaScript compares without converting.
  const compare = (value: number | string): boolean => {
    switch (op) {
      case "$gt":
        return value > bound;
      case "$gte":
        return value >= bound;
      case "$lt":
        return value < bound;
      case "$lte":
        return value <= bound;
    }
  };
  return (value) =>
    (typeof value === "number" || typeof value === "string") &&
    typeof value === typeof bound &&
    compare(value);
}
