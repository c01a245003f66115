import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import * as z from "zod";

import { newSecrets } from "../cli/relay/dev-secrets.ts";
import { PROJECT_DIR, RelayError } from "../cli/relay/relay.ts";
import { type Place, serveWorker, type Workerd } from "./workerd.ts";
import type { WorkerConfig } from "./workerd-config.ts";

/** What of wrangler.toml workerd is to serve the Worker with. */
const WranglerConfig = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  durable_objects: z.object({
    bindings: z.array(z.object({ name: z.string(), class_name: z.string() })),
  }),
  ratelimits: z.array(z.object({ name: z.string() })),
});

export interface BuiltRelay {
  readonly code: string;
  readonly sourceMap: string;
}

/** The Worker of the project in that directory, as `wrangler deploy` would upload it. */
export function buildRelay(projectDir = PROJECT_DIR): BuiltRelay {
  const directory = mkdtempSync(join(tmpdir(), "chargewire-build-"));
  const wrangler = join(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--outdir", directory];
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: projectDir,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
  });
  if (status !== 0) throw new RelayError(`The Worker could not be built: ${stderr}`);
  const built = readRelay(directory);
  rmSync(directory, { recursive: true });
  return built;
}

/** What wrangler has built there. */
export function readRelay(directory: string): BuiltRelay {
  return {
    code: readFileSync(join(directory, "worker.js"), "utf8"),
    sourceMap: readFileSync(join(directory, "worker.js.map"), "utf8"),
  };
}

/** What wrangler.toml binds the Worker to, with these secrets; it may deliver to any destination. */
export function relayConfig(
  secrets: Readonly<Record<"OPERATOR_KEY" | "MASTER_KEY", string>>,
): Omit<WorkerConfig, "code"> {
  const toml = join(PROJECT_DIR, "wrangler.toml");
  const config = WranglerConfig.parse(unstable_readConfig({ config: toml }));
  return {
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    objects: config.durable_objects.bindings.map(({ name, class_name }) => ({
      binding: name,
      className: class_name,
    })),
    texts: { ...secrets, DESTINATIONS: "any" },
    limiters: config.ratelimits.map(({ name }) => name),
  };
}

/** The built Worker on bare workerd, bound to what wrangler.toml binds it to, with secrets of its own. */
export async function serveRelay(
  code: string,
  place: Place,
  isInspected = false,
): Promise<Workerd & { readonly operatorKey: string }> {
  const { operatorKey, masterKey } = newSecrets();
  const worker = { code, ...relayConfig({ OPERATOR_KEY: operatorKey, MASTER_KEY: masterKey }) };
  return { ...(await serveWorker(worker, place, isInspected)), operatorKey };
}
