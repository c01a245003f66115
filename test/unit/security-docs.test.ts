import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { PROJECT_DIR } from "../../cli/relay/relay.ts";

const textOf = (path: string) => readFileSync(join(PROJECT_DIR, path), "utf8");
const PAGE = textOf("docs/security.md");

/** What the page claims of a test: its file and its name. */
const NAMED = [...PAGE.matchAll(/`(test\/[\w/-]+\.test\.ts)`: "([^"]+)"/g)].map(
  ([, file = "", name = ""]) => ({ file, name }),
);

/** The rows of the table under that heading, without its head. */
function rowsUnder(heading: string): string[] {
  const section = PAGE.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(1);
}

describe("docs/security.md", () => {
  it.each(NAMED)("names a test that there is: $file, $name", ({ file, name }) => {
    expect(textOf(file)).toContain(`"${name}"`);
  });

  it("names a test for every attack", () => {
    const rows = rowsUnder("What stops each attack");
    expect(rows.length).toBeGreaterThan(40);
    expect(NAMED).toHaveLength(rows.length);
    for (const row of rows) expect(row).toMatch(/`test\/[\w/-]+\.test\.ts`: "[^"]+" \|$/);
  });

  it("names no file that there is not", () => {
    for (const [, file = ""] of PAGE.matchAll(/\]\(([^)#:]+)\)/g)) {
      expect(textOf(join("docs", file))).not.toBe("");
    }
  });
});
