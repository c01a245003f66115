import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { parseDocument, stringify } from "yaml";

import { isObject } from "../../src/domain/webhook.ts";
import { UsageError } from "../simulator/command-line.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The file, or standard input for `-`, with what it refers to put in. */
export async function readDocument(file: string, env: Environment): Promise<unknown> {
  const source = file === "-" ? await text(process.stdin) : readFile(file);
  const document = parseDocument(source, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw new UsageError(`${file}: ${error.message}`);
  return putIn(document.toJS(), env);
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The document as it can be kept and applied again. */
export function writeDocument(document: unknown): string {
  return stringify(document, { lineWidth: 100 }).trimEnd();
}

const REFERENCE = /\$\{ENV:([A-Za-z_][A-Za-z0-9_]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Fields that hold secrets. A header does when its name says so. */
const SECRET_FIELDS = new Set(["secret", "edrvSecret", "password", "token", "clientSecret"]);
const SECRET_HEADER = /authorization|cookie|secret|token|key|password/i;

interface Findings {
  readonly missing: Set<string>;
  readonly literals: string[];
}

/**
 * The document with the values of environment variables where it names them: `{env: NAME}` for
 * a whole value, `${ENV:NAME}` in a text. Filters are left alone, because their fields are eDRV's.
 * A secret that is written out is refused: the document is to be kept where others read it.
 */
export function putIn(document: unknown, env: Environment): unknown {
  const findings: Findings = { missing: new Set(), literals: [] };
  const filled = fill(document, [], env, findings);
  const { missing, literals } = findings;
  if (literals.length > 0) {
    throw new UsageError(
      `Secrets do not belong in the file: ${literals.join(", ")}. Name an environment variable ` +
        "in place of each: {env: NAME}.",
    );
  }
  if (missing.size > 0) {
    throw new UsageError(
      `The document names variables that are not set: ${[...missing].join(", ")}`,
    );
  }
  return filled;
}

function fill(
  value: unknown,
  path: readonly string[],
  env: Environment,
  findings: Findings,
): unknown {
  if (path.at(-1) === "filter") return value;
  const variable = (name: string): string => {
    const found = env[name] ?? "";
    if (found === "") findings.missing.add(name);
    return found;
  };
  if (typeof value === "string") {
    if (isSecret(path) && value.search(REFERENCE) < 0) findings.literals.push(path.join("."));
    return value.replaceAll(REFERENCE, (_, name: string) => variable(name));
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => fill(item, [...path, String(index)], env, findings));
  }
  if (!isObject(value)) return value;
  const { env: name, ...others } = value;
  if (typeof name === "string" && NAME.test(name) && Object.keys(others).length === 0) {
    return variable(name);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fill(item, [...path, key], env, findings)]),
  );
}

function isSecret(path: readonly string[]): boolean {
  const field = path.at(-1) ?? "";
  return path.at(-2) === "headers" ? SECRET_HEADER.test(field) : SECRET_FIELDS.has(field);
}
