import type { JsonSchema } from "./schemas.ts";

/** A field of an object in words, for people. */
export interface Field {
  /** With those of the objects around it: `retry.scheduleSeconds`, `samples[].at`. */
  readonly name: string;
  readonly type: string;
  /** The schema that the type names, if it names one. */
  readonly named: string | null;
  readonly isRequired: boolean;
  readonly limits: string;
  readonly about: string;
}

/** An object's fields, and those of the objects in it. */
export function fieldsOf(schema: JsonSchema, prefix = ""): Field[] {
  const required = listOf(schema.required);
  return Object.entries(objectOf(schema.properties)).flatMap(([key, value]) => {
    const field = objectOf(value);
    const name = prefix + key;
    const { inner, suffix } = partsOf(field);
    return [
      {
        name,
        type: typeOf(field),
        named: nameOf(inner),
        isRequired: required.includes(key),
        limits: limitsOf(field, inner),
        about: textOf(field.description),
      },
      ...variantsOf(inner).flatMap((one) => fieldsOf(one, `${name}${suffix}.`)),
    ];
  });
}

/** The type of a value, as short as it can be said. */
export function typeOf(schema: JsonSchema): string {
  const name = nameOf(schema);
  if (name !== null) return name;
  if ("const" in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) {
    return [...new Set(choices.map((one) => typeOf(objectOf(one))))].join(" | ");
  }
  if (schema.type === "array") return `list of ${typeOf(objectOf(schema.items))}`;
  if (Array.isArray(schema.type)) return schema.type.join(" | ");
  if (schema.format === "date-time") return "time";
  return textOf(schema.type) || "any";
}

/** What a value has to keep to besides its type. */
export function limitsOf(field: JsonSchema, inner: JsonSchema = field): string {
  const at = { ...inner, ...field };
  const range = (low: unknown, high: unknown, unit: string) =>
    low === undefined && high === undefined
      ? []
      : low === undefined
        ? [`at most ${high}${unit}`]
        : high === undefined
          ? [`at least ${low}${unit}`]
          : [`${low} to ${high}${unit}`];
  return [
    ...range(at.minimum, at.maximum, ""),
    ...range(at.minLength, at.maxLength, " characters"),
    ...range(at.minItems, at.maxItems, " items"),
    ...(at.default === undefined ? [] : [`default ${JSON.stringify(at.default)}`]),
  ].join(", ");
}

/** The name in the document of what is referred to. */
export function nameOf({ $ref }: JsonSchema): string | null {
  return typeof $ref === "string" ? ($ref.split("/").at(-1) ?? null) : null;
}

/** What is within a list or beside null, and how its place is written. */
function partsOf(schema: JsonSchema): { inner: JsonSchema; suffix: string } {
  if (schema.type === "array") {
    const { inner, suffix } = partsOf(objectOf(schema.items));
    return { inner, suffix: `[]${suffix}` };
  }
  const choices = listOf(schema.anyOf)
    .map(objectOf)
    .filter(({ type }) => type !== "null");
  const [only] = choices;
  return choices.length === 1 && only !== undefined ? partsOf(only) : { inner: schema, suffix: "" };
}

/** The objects that a value can be. */
function variantsOf(schema: JsonSchema): JsonSchema[] {
  const choices = listOf(schema.oneOf).map(objectOf);
  return choices.length === 0 ? [schema] : choices;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function objectOf(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
