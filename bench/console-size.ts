import { buildConsole, firstLoadOf } from "./console-build.ts";

/** What a browser loads for the console: at first, and with all of its pages. */
const files = await buildConsole();
const sum = (of: readonly { readonly gzipped: number }[]) =>
  of.reduce((total, { gzipped }) => total + gzipped, 0);
const first = firstLoadOf(files);
console.log(`console, first load: ${sum(first)} bytes gzipped (${first.length} files)`);
console.log(`console, all of it: ${sum(files)} bytes gzipped (${files.length} files)`);
const [largest] = [...files].sort((one, other) => other.gzipped - one.gzipped);
console.log(`console, largest file: ${largest?.name}, ${largest?.gzipped} bytes gzipped`);
