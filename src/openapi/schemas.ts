import * as z from "zod";

import * as accountAnswers from "../domain/account-answers.ts";
import * as auditAnswers from "../domain/audit-answers.ts";
import * as configAnswers from "../domain/config-answers.ts";
import * as configDocument from "../domain/config-document.ts";
import * as control from "../domain/control.ts";
import * as eventAnswers from "../domain/event-answers.ts";
import { Filter } from "../domain/filter.ts";
import { FilterTrial } from "../domain/filter-trial.ts";
import * as metricsAnswers from "../domain/metrics-answers.ts";
import * as quarantineAnswers from "../domain/quarantine-answers.ts";
import * as routeAnswers from "../domain/route-answers.ts";
import * as sourceAnswers from "../domain/source-answers.ts";
import * as usageAnswers from "../domain/usage-answers.ts";
import { Webhook } from "./webhook-schema.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What the document names, by the name that it has in the code. */
const NAMED: Readonly<Record<string, unknown>> = {
  ...control,
  ...accountAnswers,
  ...auditAnswers,
  ...configAnswers,
  ...configDocument,
  ...eventAnswers,
  ...metricsAnswers,
  ...quarantineAnswers,
  ...routeAnswers,
  ...sourceAnswers,
  ...usageAnswers,
  Filter,
  FilterTrial,
  Webhook,
};

/** Parts of others that are better read where they are. */
const UNNAMED = [
  "Time",
  "Next",
  "TenantId",
  "Secret",
  "HeaderName",
  "HeaderValue",
  "ConfigQuery",
  "LanesQuery",
];

const REF = "#/components/schemas/";

/** JSON Schemas out of the ones that check: each named one once, and references to it. */
export class SchemaBook {
  readonly #components = new Map<string, JsonSchema>();
  readonly #shown = new Map<z.ZodType, JsonSchema>();

  constructor() {
    for (const [id, schema] of Object.entries(NAMED)) {
      if (!(schema instanceof z.ZodType) || UNNAMED.includes(id)) continue;
      z.globalRegistry.add(schema, { ...schema.meta(), id });
    }
  }

  /** The schema as the document shows it: a reference, if it has a name. */
  show(schema: z.ZodType): JsonSchema {
    const known = this.#shown.get(schema);
    if (known !== undefined) return known;
    const { $schema: _dialect, $defs = {}, ...shown } = convert(schema);
    for (const [name, { id: _id, ...definition }] of Object.entries($defs)) {
      this.#components.set(name, definition);
    }
    this.#shown.set(schema, shown);
    return shown;
  }

  /** All that was shown so far and has a name. */
  components(): Readonly<Record<string, JsonSchema>> {
    const sorted = [...this.#components].sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(sorted);
  }
}

/**
 * As input, also of answers, whose fields are neither defaulted nor transformed: as output every
 * object would be closed, and clients made of it would break when an answer gets another field.
 */
function convert(schema: z.ZodType) {
  const json = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      // The format says it; the pattern is for machines that know no formats.
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  const text = JSON.stringify(json).replaceAll('"#/$defs/', `"${REF}`);
  // Our own text.
  const rewritten: Record<string, unknown> & { $defs?: Record<string, JsonSchema> } =
    JSON.parse(text);
  return rewritten;
}
