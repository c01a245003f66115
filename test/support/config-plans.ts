import {
  ConfigDocument,
  type PresentRoute,
  type PresentSource,
} from "../../src/domain/config-document.ts";
import { planConfig } from "../../src/domain/config-plan.ts";

interface Written {
  readonly sources?: readonly unknown[];
  readonly routes?: readonly unknown[];
}
interface There {
  readonly sources?: readonly PresentSource[];
  readonly routes?: readonly PresentRoute[];
}

/** What is planned for a document over what is there, or why nothing is. */
export function planWhole(document: Written, { sources = [], routes = [] }: There) {
  const read = ConfigDocument.parse({ sources: [], routes: [], ...document });
  return planConfig(read, { sources, routes });
}

/** The same in short: `update billing: url, headers`. */
export function plan(document: Written, there: There) {
  const planned = planWhole(document, there);
  if (!planned.ok) return planned.error;
  return [...planned.value.sources, ...planned.value.routes].map((step) => {
    const fields = step.action === "update" ? step.changes.map(({ field }) => field) : [];
    return `${step.action} ${step.name}${fields.length === 0 ? "" : `: ${fields.join(", ")}`}`;
  });
}
