import { readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const FOLDER = "test/unit";
/** Of how long something takes, which is longer in mutated code; and of sources as texts. */
const LEFT_OUT = ["filter-time.test.ts", "layering.test.ts"];

/** What a test imports from outside of `test`, its supports included: `src/domain`, `client/src`. */
function foldersOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const folders = [...text.matchAll(/from "\.\.\/\.\.\/(\w+\/\w*)/g)];
  const supports = [...text.matchAll(/from "\.(?:\.\/support)?(\/[\w-]+\.ts)"/g)];
  return [
    ...folders.flatMap(([, folder]) => folder ?? []),
    ...supports.flatMap(([, name]) => foldersOf(`test/support${name}`)),
  ];
}

/** Tests of the domain or the store, and of nothing outside src: the others cost time and kill nothing. */
function isConcerned(name: string): boolean {
  const folders = foldersOf(`${FOLDER}/${name}`);
  return (
    folders.some((folder) => folder === "src/domain" || folder === "src/store") &&
    folders.every((folder) => folder.startsWith("src/"))
  );
}

const names = readdirSync(FOLDER).filter((name) => name.endsWith(".test.ts"));

export default defineConfig({
  test: {
    name: "unit",
    environment: "node",
    include: names
      .filter((name) => !LEFT_OUT.includes(name) && isConcerned(name))
      .map((name) => `${FOLDER}/${name}`),
    setupFiles: ["test/mutation/properties.ts"],
    // Each mutant is tried in a worker of its own, and one is enough for all files.
    isolate: false,
    testTimeout: 30_000,
  },
});
