import type { Issue } from "./problem.ts";
import { isObject } from "./webhook.ts";

/** What a `match` may say of the values at a path. */
export const FIELD_OPERATORS = [
  "$eq",
  "$ne",
  "$gt",
  "$gte",
  "$lt",
  "$lte",
  "$in",
  "$nin",
  "$exists",
  "$not",
  "$elemMatch",
  "$size",
] as const;
/** What a `match` may say of other matches. */
export const GROUP_OPERATORS = ["$and", "$or", "$nor"] as const;
/** All operators that there are. */
export const MATCH_OPERATORS = [...FIELD_OPERATORS, ...GROUP_OPERATORS] as const;

/** Counted: every operator, a value without one (it stands for `$eq`), every array or object in a list. */
export const MAX_MATCH_OPERATORS = 64;
/** Operators within operators, the innermost included; also arrays and objects within a value. */
export const MAX_MATCH_DEPTH = 8;
/** Names in a path. */
export const MAX_PATH_SEGMENTS = 16;

type GroupOperator = (typeof GROUP_OPERATORS)[number];
export type EqualityOperator = "$eq" | "$ne";
export type OrderOperator = "$gt" | "$gte" | "$lt" | "$lte";
export type ListOperator = "$in" | "$nin";

/** A match that has been read: all its clauses must hold. */
export type Match = readonly Clause[];

export type Clause =
  | { readonly kind: "group"; readonly op: GroupOperator; readonly matches: readonly Match[] }
  | {
      readonly kind: "field";
      readonly path: string;
      readonly segments: readonly string[];
      readonly conditions: readonly Condition[];
    };

/** What must hold of the values at a path. */
export type Condition =
  | { readonly op: EqualityOperator; readonly value: unknown }
  | { readonly op: OrderOperator; readonly value: number | string }
  | { readonly op: ListOperator; readonly values: readonly unknown[] }
  | { readonly op: "$exists"; readonly value: boolean }
  | { readonly op: "$size"; readonly value: number }
  | { readonly op: "$not"; readonly conditions: readonly Condition[] }
  /** Of one element: that it meets the conditions, or that, as an object, it matches. */
  | { readonly op: "$elemMatch"; readonly conditions: readonly Condition[] }
  | { readonly op: "$elemMatch"; readonly match: Match };

/** A match as read, and everything that is wrong with it. What is wrong is not in `match`. */
export interface ReadMatch {
  readonly match: Match;
  readonly issues: readonly Issue[];
}

/** Reads Mongo query syntax, whatever is given. Only without issues does `match` mean what was meant. */
export function readMatch(query: unknown): ReadMatch {
  const reader = new MatchReader();
  const match = reader.readMatch(query, [], 1);
  return { match, issues: reader.issues() };
}

type Path = readonly string[];

/** One that names what is wrong is enough: a hostile query is not answered with a longer list of it. */
const MAX_ISSUES = 10;
const SHOWN_NAME_CHARS = 60;

class MatchReader {
  readonly #issues: Issue[] = [];
  #operatorCount = 0;

  issues(): Issue[] {
    if (this.#operatorCount > MAX_MATCH_OPERATORS) {
      this.#report([], `at most ${MAX_MATCH_OPERATORS} operators, and these are more`);
    }
    return this.#issues;
  }

  readMatch(query: unknown, path: Path, depth: number): Match {
    if (!isObject(query)) {
      this.#report(path, "expected an object");
      return [];
    }
    return Object.entries(query).flatMap(([key, value]) => {
      const clause = this.#readClause(key, value, [...path, key], depth);
      return clause === null ? [] : [clause];
    });
  }

  #readClause(key: string, value: unknown, path: Path, depth: number): Clause | null {
    const op = GROUP_OPERATORS.find((name) => name === key);
    if (op !== undefined) return this.#readGroup(op, value, path, depth);
    if (FIELD_OPERATORS.some((name) => name === key)) {
      this.#report(path, `expected below a path: {"data.status": {"${key}": …}}`);
      return null;
    }
    if (key.startsWith("$")) return this.#reportUnknown(path);
    const segments = key.split(".");
    if (segments.some((segment) => segment === "" || segment.startsWith("$"))) {
      this.#report(path, "expected a path: names separated by dots, none empty or beginning in $");
      return null;
    }
    if (segments.length > MAX_PATH_SEGMENTS) {
      this.#report(path, `at most ${MAX_PATH_SEGMENTS} names in a path`);
      return null;
    }
    return { kind: "field", path: key, segments, conditions: this.#readField(value, path, depth) };
  }

  #readGroup(op: GroupOperator, value: unknown, path: Path, depth: number): Clause | null {
    if (!this.#enter(path, depth)) return null;
    if (!Array.isArray(value) || value.length === 0) {
      this.#report(path, "expected a list of one or more matches");
      return null;
    }
    const matches = value.map((one, at) => this.readMatch(one, [...path, String(at)], depth + 1));
    return { kind: "group", op, matches };
  }

  /** Operators, or a value that stands for `$eq`. */
  #readField(value: unknown, path: Path, depth: number): Condition[] {
    if (isOperators(value)) return this.#readConditions(value, path, depth);
    const equal = this.#readCondition("$eq", value, path, depth);
    return equal === null ? [] : [equal];
  }

  #readConditions(operators: Record<string, unknown>, path: Path, depth: number): Condition[] {
    return Object.entries(operators).flatMap(([op, value]) => {
      const condition = this.#readCondition(op, value, [...path, op], depth);
      return condition === null ? [] : [condition];
    });
  }

  #readCondition(op: string, value: unknown, path: Path, depth: number): Condition | null {
    if (!this.#enter(path, depth)) return null;
    switch (op) {
      case "$eq":
      case "$ne":
        return this.#isValue(value, path) ? { op, value } : null;
      case "$gt":
      case "$gte":
      case "$lt":
      case "$lte":
        if (typeof value !== "string" && typeof value !== "number") {
          this.#report(path, "expected a number or a string");
          return null;
        }
        return this.#isValue(value, path) ? { op, value } : null;
      case "$in":
      case "$nin":
        return this.#readList(op, value, path);
      case "$exists":
        if (typeof value === "boolean") return { op, value };
        this.#report(path, "expected true or false");
        return null;
      case "$size":
        if (Number.isInteger(value) && typeof value === "number" && value >= 0) {
          return { op, value };
        }
        this.#report(path, "expected a whole number, 0 or more");
        return null;
      case "$not":
        if (isOperators(value)) {
          return { op, conditions: this.#readConditions(value, path, depth + 1) };
        }
        this.#report(path, "expected operators");
        return null;
      case "$elemMatch":
        if (isOperators(value) && !GROUP_OPERATORS.some((name) => Object.hasOwn(value, name))) {
          return { op, conditions: this.#readConditions(value, path, depth + 1) };
        }
        return { op, match: this.readMatch(value, path, depth + 1) };
      default:
        return this.#reportUnknown(path);
    }
  }

  #readList(op: ListOperator, value: unknown, path: Path): Condition | null {
    if (!Array.isArray(value) || value.length === 0) {
      this.#report(path, "expected a list of one or more values");
      return null;
    }
    this.#operatorCount += value.filter((one) => typeof one === "object" && one !== null).length;
    const isList = value.every((one, at) => this.#isValue(one, [...path, String(at)]));
    return isList ? { op, values: value } : null;
  }

  /** Whether it is a value to compare with, which operators are not part of. */
  #isValue(value: unknown, path: Path, depth = 0): boolean {
    if (typeof value === "number" && !Number.isFinite(value)) {
      // JSON text of it would be null, which means something else.
      this.#report(path, "this number is too large");
      return false;
    }
    if (typeof value !== "object" || value === null) return true;
    if (depth === MAX_MATCH_DEPTH) {
      this.#report(path, `at most ${MAX_MATCH_DEPTH} levels of arrays and objects in a value`);
      return false;
    }
    return Object.entries(value).every(([key, inner]) => {
      const innerPath = [...path, key];
      if (!key.startsWith("$")) return this.#isValue(inner, innerPath, depth + 1);
      this.#report(innerPath, "no operators in a value: expected a path with dots in its place");
      return false;
    });
  }

  #enter(path: Path, depth: number): boolean {
    this.#operatorCount += 1;
    if (depth <= MAX_MATCH_DEPTH) return true;
    this.#report(path, `at most ${MAX_MATCH_DEPTH} operators within one another`);
    return false;
  }

  #reportUnknown(path: Path): null {
    const name = JSON.stringify((path.at(-1) ?? "").slice(0, SHOWN_NAME_CHARS));
    this.#report(path, `there is no ${name}; expected one of ${MATCH_OPERATORS.join(" ")}`);
    return null;
  }

  #report(path: Path, message: string): void {
    if (this.#issues.length >= MAX_ISSUES) return;
    const names = path.map((name) => name.slice(0, SHOWN_NAME_CHARS));
    this.#issues.push({ path: names.join("."), message });
  }
}

/** An object with an operator among its keys; what else is among them is reported where it is read. */
function isOperators(value: unknown): value is Record<string, unknown> {
  return isObject(value) && Object.keys(value).some((key) => key.startsWith("$"));
}
