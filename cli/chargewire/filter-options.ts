import type { Command } from "commander";

import { Filter } from "../../src/domain/filter.ts";
import { parseJson } from "../../src/domain/webhook.ts";
import { UsageError } from "../simulator/command-line.ts";
import { readList } from "./arguments.ts";

export interface FilterOptions {
  readonly types?: string[];
  readonly stations?: string[];
  readonly match?: string;
}

/** Checked as the relay checks it, so that what is wrong is said here and at once. */
export function readFilter({ types, stations, match }: FilterOptions): Filter {
  const filter = Filter.safeParse({
    ...(types !== undefined && { types }),
    ...(stations !== undefined && { stations }),
    ...(match !== undefined && { match: parseMatch(match) }),
  });
  if (filter.success) return filter.data;
  const issues = filter.error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`);
  throw new UsageError(issues.join("\n"));
}

function parseMatch(text: string): unknown {
  const match = parseJson(text);
  if (match !== undefined) return match;
  throw new UsageError(`--match: expected JSON such as '{"data.status":"Started"}', not '${text}'`);
}

/** `--types`, `--stations` and `--match`. */
export function addFilterOptions(command: Command, verb: string): Command {
  return command
    .option("--types <list>", `${verb} of these types; session.* takes all below`, readList)
    .option("--stations <list>", `${verb} of these stations`, readList)
    .option("--match <json>", `${verb} whose body matches, in Mongo query syntax`);
}
