import packageJson from "../package.json" with { type: "json" };
import { openApiDocument } from "../src/openapi/document.ts";

/** Prints the API's OpenAPI document, as a relay of this version serves it at /openapi.json. */
console.log(JSON.stringify(openApiDocument(packageJson.version), null, 2));
