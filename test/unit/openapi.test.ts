import { createConfig, lintFromString } from "@redocly/openapi-core";
import { describe, expect, it } from "vitest";

import { openApiDocument } from "../../src/openapi/document.ts";

const document = openApiDocument("1.2.3");

describe("the OpenAPI document", () => {
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

  it("says the relay's version", () => {
    expect(document.info).toMatchObject({ version: "1.2.3" });
  });

  it("is the same whenever it is made", () => {
    expect(openApiDocument("1.2.3")).toEqual(document);
  });
});
