import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("../../src/", import.meta.url);

/** What a file imports: a package's name, or a path below the folder that its own is below. */
interface Import {
  readonly target: string;
  /** True when it leaves nothing behind in the code that runs. */
  readonly typeOnly: boolean;
}

/** A target is a package, a file, or a folder when it ends in a slash; `type` allows its types alone. */
interface Rule {
  readonly from: string;
  readonly any: readonly string[];
  readonly type?: readonly string[];
}

/** The first rule that fits a file is its own. */
const RULES: readonly Rule[] = [
  { from: "worker.ts", any: ["http/app.ts", "objects/"], type: ["env.ts"] },
  {
    from: "env.ts",
    any: ["zod", "domain/"],
    type: ["objects/", "worker.ts"],
  },
  { from: "log.ts", any: [] },
  { from: "version.ts", any: ["../package.json"] },
  { from: "http/validation.ts", any: ["hono", "zod", "http/", "domain/", "protocol/", "env.ts"] },
  {
    from: "http/",
    any: ["hono", "http/", "domain/", "protocol/", "openapi/", "env.ts", "log.ts", "version.ts"],
    type: ["objects/"],
  },
  { from: "domain/subscriber-token.ts", any: ["jose", "zod", "domain/"] },
  { from: "domain/audit-chain.ts", any: ["@noble/hashes", "domain/"] },
  { from: "domain/", any: ["zod", "domain/"] },
  { from: "protocol/", any: ["zod", "protocol/"] },
  { from: "openapi/", any: ["zod", "openapi/", "domain/"] },
  { from: "store/", any: ["store/"], type: ["domain/"] },
  {
    from: "objects/",
    any: [
      "cloudflare:workers",
      "objects/",
      "domain/",
      "protocol/",
      "store/",
      "outbound/",
      "env.ts",
      "log.ts",
    ],
  },
  { from: "outbound/", any: ["outbound/", "domain/"] },
  // It runs in browsers, where every import is paid for by who loads the page.
  { from: "client/vite.config.ts", any: ["vite"] },
  {
    from: "client/",
    any: ["client/", "partysocket", "src/protocol/codes.ts"],
    type: ["src/protocol/", "src/domain/"],
  },
  // The console: what the relay reckons by is reckoned by it here, too, and never written twice.
  { from: "web/vite.config.ts", any: ["vite"] },
  {
    from: "web/",
    any: [
      "preact",
      "@preact/signals",
      "uplot",
      "@tanstack/virtual-core",
      "zod",
      "web/",
      "client/",
      "cli/simulator/",
      "src/domain/",
      "src/protocol/codes.ts",
    ],
    type: ["src/protocol/"],
  },
];

/** Everything between `import` or `export` and its `from`, and the imports that have none. */
const STATEMENT =
  /^[ \t]*(?:import|export)\s+(?<clause>type\s[^;"']*?|[^;"']*?)\s*from\s*["'](?<from>[^"']+)["']/gm;
const BARE = /^[ \t]*import\s*["'](?<from>[^"']+)["']/gm;
const CALL = /(?<typeOf>typeof\s+)?\bimport\s*\(\s*["'`](?<from>[^"'`]+)["'`]/g;
const CALL_OF_UNKNOWN = /\bimport\s*\(\s*[^\s"'`]/;

function importsOf(path: string, source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  if (CALL_OF_UNKNOWN.test(code)) throw new Error(`${path} imports what only running it shows`);
  const found: Import[] = [];
  for (const { groups } of code.matchAll(STATEMENT)) {
    found.push({ target: groups?.from ?? "", typeOnly: isTypeOnly(groups?.clause ?? "") });
  }
  for (const { groups } of code.matchAll(BARE)) {
    found.push({ target: groups?.from ?? "", typeOnly: false });
  }
  for (const { groups } of code.matchAll(CALL)) {
    found.push({ target: groups?.from ?? "", typeOnly: groups?.typeOf !== undefined });
  }
  return found.map(({ target, typeOnly }) => ({
    target: target.startsWith(".") ? posix.join(posix.dirname(path), target) : target,
    typeOnly,
  }));
}

function isTypeOnly(clause: string): boolean {
  if (/^type\s/.test(clause)) return true;
  const names = /^\{(?<names>[^}]*)\}$/.exec(clause.trim())?.groups?.names?.split(",");
  const given = names?.map((name) => name.trim()).filter((name) => name !== "") ?? [];
  return given.length > 0 && given.every((name) => /^type\s/.test(name));
}

const covers = (allowed: string, target: string) =>
  allowed.endsWith("/") || !/\.tsx?$/.test(allowed)
    ? target === allowed || target.startsWith(allowed.endsWith("/") ? allowed : `${allowed}/`)
    : target === allowed;

/** Every import of a file that crosses the layers, in words. */
function crossings(path: string, source: string): string[] {
  const rule = RULES.find(({ from }) => covers(from, path));
  if (rule === undefined) return [`${path} belongs to no layer`];
  return importsOf(path, source).flatMap(({ target, typeOnly }) => {
    if (rule.any.some((allowed) => covers(allowed, target))) return [];
    const type = rule.type?.some((allowed) => covers(allowed, target)) ?? false;
    if (type && typeOnly) return [];
    return [`${path} imports ${target}${type ? " as more than a type" : ""}`];
  });
}

const filesBelow = (folder: URL) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => /\.tsx?$/.test(path));
const files = filesBelow(root);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

describe("src", () => {
  it("has every file in a layer, and imports that keep to it", () => {
    expect(files.length).toBeGreaterThan(40);
    expect(files.flatMap((path) => crossings(path, read(path)))).toEqual([]);
  });

  it("imports its own files by their full name", () => {
    const vague = files.flatMap((path) =>
      importsOf(path, read(path))
        .filter(
          ({ target }) => /^[a-z-]+(\/|$)/.test(target) && !/^(hono|jose|zod)(\/|$)/.test(target),
        )
        .filter(({ target }) => !files.includes(target))
        .map(({ target }) => `${path} imports ${target}`),
    );
    expect(vague).toEqual([]);
  });

  it("reads as many imports as its files have", () => {
    const lines = files.flatMap((path) => read(path).match(/\bfrom ["'][^"']+["'];$/gm) ?? []);
    const found = files.flatMap((path) => importsOf(path, read(path)));
    expect(lines.length).toBeGreaterThan(100);
    expect(found.length).toBeGreaterThanOrEqual(lines.length);
  });
});

describe("client", () => {
  it("imports itself, its one dependency, and of the relay codes and types alone", () => {
    const folder = new URL("../client/", root);
    const paths = filesBelow(folder);
    expect(paths).toContain("client.ts");
    const found = paths.flatMap((path) =>
      crossings(`client/${path}`, readFileSync(new URL(path, folder), "utf8")),
    );
    expect(found).toEqual([]);
  });
});

describe("web", () => {
  const folder = new URL("../web/", root);
  const paths = filesBelow(folder);
  const readWeb = (path: string) => readFileSync(new URL(path, folder), "utf8");

  it("imports itself, the client, its own dependencies, and of the relay what is pure", () => {
    expect(paths).toContain("main.tsx");
    expect(paths.flatMap((path) => crossings(`web/${path}`, readWeb(path)))).toEqual([]);
  });

  it("reaches nothing of a Worker, of Node or of cryptography by way of what it imports", () => {
    const seen = new Set<string>();
    const packages = new Set<string>();
    const visit = (path: string) => {
      if (seen.has(path) || !/\.tsx?$/.test(path)) return;
      seen.add(path);
      const source = readFileSync(new URL(`../${path}`, root), "utf8");
      for (const { target, typeOnly } of importsOf(path, source)) {
        if (typeOnly) continue;
        if (/^(web|src|client|cli)\//.test(target)) visit(target);
        else packages.add(target.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? target);
      }
    };
    for (const path of paths.filter((path) => path !== "vite.config.ts")) visit(`web/${path}`);
    expect(seen.size).toBeGreaterThan(60);
    const own = ["@preact/signals", "@tanstack/virtual-core", "preact", "uplot"];
    const ofOthers = ["@noble/hashes", "partysocket", "zod"];
    expect([...packages].filter((name) => ![...own, ...ofOthers].includes(name))).toEqual([]);
  });
});

describe("the rule of layers", () => {
  it.each([
    ["domain/x.ts", 'import { Hono } from "hono";'],
    ["domain/x.ts", 'import { DurableObject } from "cloudflare:workers";'],
    ["domain/x.ts", 'import { readFileSync } from "node:fs";'],
    ["domain/x.ts", 'import type { Env } from "../env.ts";'],
    ["domain/x.ts", 'import { PROTOCOL } from "../protocol/frames.ts";'],
    ["domain/x.ts", 'export * from "../store/ring.ts";'],
    ["domain/x.ts", 'import "../outbound/deliver.ts";'],
    ["domain/x.ts", 'const late = await import("../outbound/deliver.ts");'],
    ["domain/x.ts", 'import * as z from "zodiac";'],
    ["domain/x.ts", 'import {\n  a,\n  b,\n} from "../http/app.ts";'],
    ["protocol/x.ts", 'import { Filter } from "../domain/filter.ts";'],
    ["protocol/x.ts", 'import type { Filter } from "../domain/filter.ts";'],
    ["openapi/x.ts", 'import { html } from "hono/html";'],
    ["openapi/x.ts", 'import type { RouteView } from "../objects/tenant-views.ts";'],
    ["domain/x.ts", 'import { SECTIONS } from "../openapi/sections.ts";'],
    ["store/x.ts", 'import { toHex } from "../domain/encoding.ts";'],
    ["store/x.ts", 'import { type StationEvent, serializeEvent } from "../domain/event.ts";'],
    ["store/x.ts", 'import * as z from "zod";'],
    ["store/x.ts", 'import type { Journal } from "../objects/station-journal.ts";'],
    ["outbound/x.ts", 'import { configOf } from "../env.ts";'],
    ["objects/x.ts", 'import { app } from "../http/app.ts";'],
    ["objects/x.ts", 'import { Hono } from "hono";'],
    ["objects/x.ts", 'import * as z from "zod";'],
    ["http/x.ts", 'import { Database } from "../store/database.ts";'],
    ["http/x.ts", 'import type { RouteRow } from "../store/route-store.ts";'],
    ["http/x.ts", 'import { TenantObject } from "../objects/tenant.ts";'],
    ["http/x.ts", 'import { deliver } from "../outbound/deliver.ts";'],
    ["http/x.ts", 'import * as z from "zod";'],
    ["env.ts", 'import { TenantObject } from "./objects/tenant.ts";'],
    ["env.ts", 'import { app } from "./http/app.ts";'],
    ["worker.ts", 'import { configOf } from "./env.ts";'],
    ["worker.ts", 'import { toHex } from "./domain/encoding.ts";'],
    ["worker.ts", 'import { events } from "./http/events.ts";'],
    ["client/x.ts", 'import { PROTOCOL } from "../src/protocol/frames.ts";'],
    ["client/x.ts", 'import { isKnownEvent } from "../src/domain/webhook-types.ts";'],
    ["client/x.ts", 'import type { Env } from "../src/env.ts";'],
    ["client/x.ts", 'import * as z from "zod";'],
    ["client/x.ts", 'import { WebSocket } from "ws";'],
    ["client/x.ts", 'import { once } from "node:events";'],
    ["client/x.ts", 'import { build } from "vite";'],
    ["domain/x.ts", 'import { connect } from "../../client/client.ts";'],
    ["web/pages/x/page.tsx", 'import { app } from "../../../src/http/app.ts";'],
    ["web/pages/x/page.tsx", 'import type { Env } from "../../../src/env.ts";'],
    ["web/pages/x/page.tsx", 'import { Database } from "../../../src/store/database.ts";'],
    ["web/live/x.ts", 'import { PROTOCOL } from "../../src/protocol/frames.ts";'],
    ["web/live/x.ts", 'import { Simulator } from "../../cli/simulate.ts";'],
    ["web/live/x.ts", 'import { sha256 } from "@noble/hashes/sha2.js";'],
    ["web/live/x.ts", 'import { readFileSync } from "node:fs";'],
    ["web/ui/x.tsx", 'import { useState } from "react";'],
    ["web/ui/x.tsx", 'import axe from "axe-core";'],
    ["client/x.ts", 'import { fleet } from "../web/live/fleet.ts";'],
    ["domain/x.ts", 'import { fleet } from "../../web/live/fleet.ts";'],
    ["utils/x.ts", ""],
    ["index.ts", ""],
  ])("forbids %s: %s", (path, source) => {
    expect(crossings(path, source)).toHaveLength(1);
  });

  it.each([
    ["domain/x.ts", 'import * as z from "zod";\nimport { ok } from "./result.ts";'],
    ["domain/x.ts", '/** as in\n * import { x } from "hono";\n */\n// import "hono";'],
    [
      "openapi/x.ts",
      'import * as z from "zod";\nimport { Key } from "../domain/account-answers.ts";',
    ],
    ["store/x.ts", 'import type { StationEvent } from "../domain/event.ts";'],
    ["store/x.ts", 'import { type StationEvent, type A as B } from "../domain/event.ts";'],
    ["store/x.ts", 'export type { StationEvent } from "../domain/event.ts";'],
    ["http/x.ts", 'import { createMiddleware } from "hono/factory";'],
    ["http/x.ts", 'import type { TenantObject } from "../objects/tenant.ts";'],
    ["http/validation.ts", 'import * as z from "zod";'],
    ["objects/x.ts", 'import { DurableObject } from "cloudflare:workers";'],
    ["objects/x.ts", 'import { deliver } from "../outbound/deliver.ts";'],
    ["client/x.ts", 'import { PROTOCOL } from "../src/protocol/codes.ts";'],
    ["client/x.ts", 'import type { GapReason } from "../src/protocol/frames.ts";'],
    ["client/x.ts", 'export type { RelayedEvent } from "../src/domain/webhook-types.ts";'],
    ["client/x.ts", 'import ReconnectingWebSocket from "partysocket/ws";'],
    ["web/pages/x/page.tsx", 'import "./x.css";\nimport { useState } from "preact/hooks";'],
    ["web/pages/x/page.tsx", 'import { foldEvent } from "../../../src/domain/state.ts";'],
    ["web/shell/x.ts", 'const load = () => import("../pages/x/page.tsx");'],
    ["web/live/x.ts", 'import { connect } from "../../client/client.ts";'],
    ["web/live/x.ts", 'import { PROTOCOL } from "../../src/protocol/codes.ts";'],
    ["web/live/x.ts", 'import type { GapReason } from "../../src/protocol/frames.ts";'],
    ["web/live/x.ts", 'import { Life } from "../../cli/simulator/life.ts";'],
    ["web/api/x.ts", 'import type * as z from "zod";'],
    ["web/pages/x/plot.ts", 'import "uplot/dist/uPlot.min.css";\nimport uPlot from "uplot";'],
    ["env.ts", 'let module: typeof import("./worker.ts");'],
    ["worker.ts", 'export { TenantObject } from "./objects/tenant.ts";'],
    ["worker.ts", 'import type { Env } from "./env.ts";'],
  ])("allows %s: %s", (path, source) => {
    expect(crossings(path, source)).toEqual([]);
  });

  it("does not accept an import whose target is computed", () => {
    expect(() => crossings("domain/x.ts", "await import(name)")).toThrow("domain/x.ts");
  });
});
