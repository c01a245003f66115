import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";

import { PROJECT_DIR } from "../../cli/relay/relay.ts";

const Versions = z.record(z.string(), z.string());
const Manifest = z.looseObject({
  dependencies: Versions,
  devDependencies: Versions,
  allowScripts: z.record(z.string(), z.boolean()),
});
const Lock = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({
      integrity: z.string().optional(),
      dev: z.boolean().optional(),
      optional: z.boolean().optional(),
      devOptional: z.boolean().optional(),
      hasInstallScript: z.boolean().optional(),
    }),
  ),
});

const read = (file: string): unknown => JSON.parse(readFileSync(join(PROJECT_DIR, file), "utf8"));
const manifest = Manifest.parse(read("package.json"));
const { packages } = Lock.parse(read("package-lock.json"));
const installed = Object.entries(packages)
  .filter(([path]) => path !== "")
  .map(([path, about]) => ({ name: path.replace(/^.*node_modules\//, ""), ...about }));

describe("the packages that run", () => {
  it("are these, each at one version", () => {
    const running = installed.filter(
      ({ dev, devOptional }) => dev !== true && devOptional !== true,
    );
    expect(running.map(({ name }) => name).sort()).toEqual([
      "@noble/hashes",
      "commander",
      // Of partysocket's, for where there are no events.
      "event-target-polyfill",
      "hono",
      "jose",
      "partysocket",
      "yaml",
      "zod",
    ]);
  });
});

describe("every package", () => {
  it("is asked for by its exact version", () => {
    for (const version of Object.values({
      ...manifest.dependencies,
      ...manifest.devDependencies,
    })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  it("is held by a SHA-512 in the lockfile", () => {
    for (const { name, integrity } of installed) {
      expect(integrity, name).toMatch(/^sha512-/);
    }
  });

  it("runs nothing at installation, but for three tools of development", () => {
    const scripted = installed.filter(({ hasInstallScript }) => hasInstallScript === true);
    const names = [...new Set(scripted.map(({ name }) => name))].sort();
    expect(names).toEqual(Object.keys(manifest.allowScripts).sort());
    expect(scripted.every(({ dev }) => dev === true)).toBe(true);
  });
});
