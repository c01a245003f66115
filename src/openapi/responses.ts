import type { Answer, Endpoint } from "./endpoint.ts";
import { type Refusal, refusal, refusalsOf } from "./problems.ts";
import type { JsonSchema, SchemaBook } from "./schemas.ts";

type Json = Readonly<Record<string, unknown>>;

/** Everything that the call is answered with. */
export function responsesOf(endpoint: Endpoint, book: SchemaBook, problem: JsonSchema): Json {
  return {
    ...mapValues(endpoint.answers, (answer) => responseOf(answer, book)),
    ...problemResponses(refusalsOf(endpoint), problem),
    "500": { $ref: "#/components/responses/internal" },
    "503": { $ref: "#/components/responses/unavailable" },
    "508": { $ref: "#/components/responses/loop_detected" },
  };
}

function responseOf(answer: Answer, book: SchemaBook): Json {
  const { about, schema, example, type = "application/json", headers } = answer;
  const media = {
    ...(schema === undefined ? {} : { schema: book.show(schema) }),
    ...(example === undefined ? {} : { example }),
  };
  const hasBody = schema !== undefined || answer.type !== undefined;
  return {
    description: about,
    ...(headers === undefined
      ? {}
      : {
          headers: mapValues(headers, (description) => ({
            description,
            schema: { type: "string" },
          })),
        }),
    ...(hasBody ? { content: { [type]: media } } : {}),
  };
}

/** By status: several codes may share one. */
function problemResponses(refusals: readonly Refusal[], schema: JsonSchema): Json {
  const statuses = [...new Set(refusals.map(({ status }) => status))];
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      problemResponse(
        refusals.filter((one) => one.status === status),
        schema,
      ),
    ]),
  );
}

function problemResponse(refusals: readonly Refusal[], schema: JsonSchema): Json {
  const lines = refusals.map(({ code, when }) => `\`${code}\`: ${when}`);
  const examples = refusals.map(({ code, example }) => [code, { value: example }]);
  const isForNow = refusals.some(({ status }) => status === 429 || status === 503);
  return {
    description: lines.join("\n\n"),
    ...(isForNow && {
      headers: {
        "retry-after": {
          description: "Seconds after which to try again.",
          schema: { type: "integer" },
        },
      },
    }),
    content: {
      "application/problem+json": { schema, examples: Object.fromEntries(examples) },
    },
  };
}

const COMMON_WHEN = {
  internal: "A fault of the relay; its log has the reason.",
  unavailable: "The platform could not do it; nothing was taken in.",
  misconfigured: "The relay's secrets are missing or unusable.",
  loop_detected: "The request comes from the relay itself.",
} as const;

/** What anything can be answered with. */
export function commonResponses(schema: JsonSchema): Json {
  const of = (...codes: (keyof typeof COMMON_WHEN)[]) =>
    problemResponse(
      codes.map((code) => refusal(code, COMMON_WHEN[code])),
      schema,
    );
  return {
    internal: of("internal"),
    unavailable: of("unavailable", "misconfigured"),
    loop_detected: of("loop_detected"),
  };
}

function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  map: (value: T) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
