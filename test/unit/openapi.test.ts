import { Validator } from "@cfworker/json-schema";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { describe, expect, it } from "vitest";

import { openApiDocument } from "../../src/openapi/document.ts";

const document = openApiDocument("1.2.3");

/** For hangs: the linter reads the document many times. */
const TIMEOUT_MS = 60_000;

describe("the OpenAPI document", { timeout: TIMEOUT_MS }, () => {
  it("has nothing that a linter finds wrong", async () => {
    const config = await createConfig({
      extends: ["recommended-strict"],
      // What anybody may read, and what takes nothing, can be refused for nothing.
      rules: { "operation-4xx-response": "off" },
    });
    const source = JSON.stringify(document);
    const problems = await lintFromString({ source, absoluteRef: "/openapi.json", config });
    expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
  });

  it("has examples that fit its schemas", () => {
    const { components } = document;
    const found = examplesOf(document);
    expect(found.length).toBeGreaterThan(80);
    const wrong = found.flatMap(({ schema, example }) => {
      const { valid, errors } = new Validator({ ...schema, components }, "2020-12").validate(
        example,
      );
      return valid ? [] : [{ example, errors }];
    });
    expect(wrong).toEqual([]);
  });

  it("says the relay's version", () => {
    expect(document.info).toMatchObject({ version: "1.2.3" });
  });

  it("is the same whenever it is made", () => {
    expect(openApiDocument("1.2.3")).toEqual(document);
  });
});

interface Exemplified {
  readonly schema: object;
  readonly example: unknown;
}

/** Everything in the document that has a schema and an example beside it. */
function examplesOf(node: unknown): Exemplified[] {
  if (typeof node !== "object" || node === null) return [];
  const inner = Object.entries(node).flatMap(([key, value]) =>
    key === "example" || key === "examples" ? [] : examplesOf(value),
  );
  if (!("schema" in node) || typeof node.schema !== "object" || node.schema === null) return inner;
  const { schema } = node;
  const one = "example" in node ? [{ schema, example: node.example }] : [];
  const several = "examples" in node ? Object.values(Object(node.examples)) : [];
  return [...inner, ...one, ...several.map((each) => ({ schema, example: Object(each).value }))];
}
