import { Problem } from "../domain/account-answers.ts";
import { deliveryOf } from "./delivery.ts";
import { type Endpoint, methodOf, parametersOf, pathOf } from "./endpoint.ts";
import { PATH_EXAMPLES } from "./examples.ts";
import { commonResponses, responsesOf } from "./responses.ts";
import { type JsonSchema, SchemaBook } from "./schemas.ts";
import { SECTIONS } from "./sections.ts";
import { SECURITY, SECURITY_SCHEMES } from "./security.ts";

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of the whole API (https://spec.openapis.org/oas/v3.1.1). */
export function openApiDocument(version: string): Json {
  const book = new SchemaBook();
  const problem = book.show(Problem);
  const paths: Record<string, Record<string, Json>> = {};
  for (const section of SECTIONS) {
    for (const endpoint of section.endpoints) {
      const operation = operationOf(section.name, endpoint, book, problem);
      const path = pathOf(endpoint);
      paths[path] = { ...paths[path], [methodOf(endpoint).toLowerCase()]: operation };
    }
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Chargewire",
      version,
      summary: "A relay for eDRV webhooks.",
      description: ABOUT,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "The relay that serves this document." }],
    tags: SECTIONS.map(({ name, about }) => ({ name, description: about })),
    paths,
    webhooks: { delivery: { post: deliveryOf(book) } },
    components: {
      schemas: book.components(),
      securitySchemes: SECURITY_SCHEMES,
      responses: commonResponses(problem),
    },
  };
}

const ABOUT = [
  "JSON in camelCase; ids are opaque. Lists are paged: `limit` and `after` in, `items` and `next` out.",
  "What does not exist, or belongs to another tenant, is 404. Unknown fields in a request are refused;",
  "answers may get further fields, which a client ignores. Every answer but 2xx is a problem document",
  "(RFC 9457) with a stable `code`; on 503 and 429 `retry-after` says when to try again.",
].join(" ");

function operationOf(tag: string, endpoint: Endpoint, book: SchemaBook, problem: JsonSchema): Json {
  const { id, summary, about, access, body } = endpoint;
  const parameters = [
    ...pathParameters(endpoint),
    ...queryParameters(endpoint, book),
    ...headerParameters(endpoint),
  ];
  return {
    tags: [tag],
    operationId: id,
    summary,
    ...(about === undefined ? {} : { description: about }),
    security: SECURITY[access],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.optional !== true,
            content: {
              "application/json": { schema: book.show(body.schema), example: body.example },
            },
          },
        }),
    responses: responsesOf(endpoint, book, problem),
  };
}

function pathParameters(endpoint: Endpoint): Json[] {
  const path = pathOf(endpoint);
  return parametersOf(endpoint).map((name) => {
    const until = path.slice(0, path.indexOf(`{${name}}`) + name.length + 2);
    const example = PATH_EXAMPLES.find(([known]) => known === until)?.[1];
    const kind = name === "id" ? (/(\w+?)s?\/\{id\}$/.exec(until)?.[1] ?? "") : name;
    return {
      name,
      in: "path",
      required: true,
      description: `The id of the ${kind === "letter" ? "dead letter" : kind}.`,
      schema: { type: "string" },
      example,
    };
  });
}

function queryParameters({ query }: Endpoint, book: SchemaBook): Json[] {
  if (query === undefined) return [];
  return Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...shown } = book.show(schema);
    return { name, in: "query", required: false, description, schema: shown };
  });
}

function headerParameters({ headers = {} }: Endpoint): Json[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
}
