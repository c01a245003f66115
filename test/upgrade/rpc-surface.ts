import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";

const Exports = z.record(z.string(), z.unknown());

/** What the module `cloudflare:workers` has of what the Worker takes from it. */
const PLATFORM = "export class DurableObject {} export class WorkerEntrypoint {}";
/** Asked for while the Worker is loaded. */
const GLOBALS = "globalThis.Cloudflare ??= { compatibilityFlags: {} };";

/** What others may call in each class that a built Worker has, with the number of its parameters. */
export async function rpcSurface(code: string): Promise<Record<string, number>> {
  const directory = mkdtempSync(join(tmpdir(), "chargewire-surface-"));
  try {
    writeFileSync(join(directory, "platform.mjs"), PLATFORM);
    const path = join(directory, "worker.mjs");
    const loadable = code
      .replaceAll('from "cloudflare:workers"', 'from "./platform.mjs"')
      .replace(/^\/\/# sourceMappingURL=.*$/m, "");
    writeFileSync(path, `${GLOBALS}\n${loadable}`);
    const exported = Exports.parse({ ...(await import(pathToFileURL(path).href)) });
    return Object.fromEntries(Object.entries(exported).flatMap(methodsOf));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function methodsOf([name, exported]: [string, unknown]): [string, number][] {
  if (typeof exported !== "function") return [];
  const methods = Object.entries(Object.getOwnPropertyDescriptors(exported.prototype));
  return methods.flatMap(([method, { value }]) =>
    typeof value === "function" && method !== "constructor"
      ? [[`${name}.${method}`, value.length]]
      : [],
  );
}
