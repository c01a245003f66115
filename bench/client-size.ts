import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** What a page has to load for the client, as `npm run build:client` made it. */
const code = readFileSync(new URL("../dist/client/client.js", import.meta.url));
const gzipped = gzipSync(code, { level: 9 });
console.log(`dist/client/client.js: ${code.length} bytes, ${gzipped.length} gzipped`);
