import type { Clause, Condition, Match } from "./match.ts";
import { isObject } from "./webhook.ts";

/** The same text for matches that differ in order, repetition or an implied `$eq` alone: itself a match. */
export function matchKey(match: Match): string {
  return `{${match.map(clauseKey).sort().join()}}`;
}

function clauseKey(clause: Clause): string {
  if (clause.kind === "group") return `"${clause.op}":${setKey(clause.matches.map(matchKey))}`;
  const { path, conditions } = clause;
  const [first, ...others] = conditions;
  const isPlain = first?.op === "$eq" && others.length === 0;
  return `${JSON.stringify(path)}:${isPlain ? valueKey(first.value) : conditionsKey(conditions)}`;
}

function conditionsKey(conditions: readonly Condition[]): string {
  return `{${conditions.map(conditionKey).sort().join()}}`;
}

/** A condition as a field of such a text. */
export function conditionKey(condition: Condition): string {
  return `"${condition.op}":${operandKey(condition)}`;
}

function operandKey(condition: Condition): string {
  if ("conditions" in condition) return conditionsKey(condition.conditions);
  if ("match" in condition) return matchKey(condition.match);
  if ("values" in condition) return setKey(condition.values.map(valueKey));
  return valueKey(condition.value);
}

function setKey(keys: readonly string[]): string {
  return `[${[...new Set(keys)].sort().join()}]`;
}

function valueKey(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueKey).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, inner]) => {
    return `${JSON.stringify(key)}:${valueKey(inner)}`;
  });
  return `{${fields.sort().join()}}`;
}
