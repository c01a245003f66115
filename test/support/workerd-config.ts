import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import * as z from "zod";

import { PROJECT_DIR, RelayError } from "../../cli/relay/relay.ts";

/** What of wrangler.toml workerd is to serve the Worker with. */
const WranglerConfig = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  durable_objects: z.object({
    bindings: z.array(z.object({ name: z.string(), class_name: z.string() })),
  }),
  ratelimits: z.array(z.object({ name: z.string() })),
});

/** Lets everything pass: a fleet on one machine is one source at one address. */
const LIMITER = "export default () => ({ limit: async () => ({ success: true }) });";

/** The Worker as `wrangler deploy` would upload it. */
export function buildWorker(): string {
  const directory = mkdtempSync(join(tmpdir(), "chargewire-build-"));
  const wrangler = join(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");
  const { status, stderr } = spawnSync(
    process.execPath,
    [wrangler, "deploy", "--dry-run", "--outdir", directory],
    {
      cwd: PROJECT_DIR,
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
    },
  );
  if (status !== 0) throw new RelayError(`The Worker could not be built: ${stderr}`);
  const code = readFileSync(join(directory, "worker.js"), "utf8");
  rmSync(directory, { recursive: true });
  return code;
}

export interface WorkerdPlace {
  readonly port: number;
  /** Where the objects' databases lie. */
  readonly stateDir: string;
  readonly texts: Readonly<Record<string, string>>;
}

/** A configuration for bare workerd that binds `worker.js` beside it as wrangler.toml says. */
export function workerdConfig({ port, stateDir, texts }: WorkerdPlace): string {
  const toml = join(PROJECT_DIR, "wrangler.toml");
  const config = WranglerConfig.parse(unstable_readConfig({ config: toml }));
  const objects = config.durable_objects.bindings;
  const bindings = [
    ...objects.map(
      ({ name, class_name }) =>
        `(name = ${quote(name)}, durableObjectNamespace = ${quote(class_name)})`,
    ),
    ...Object.entries(texts).map(
      ([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`,
    ),
    ...config.ratelimits.map(
      ({ name }) => `(name = ${quote(name)}, wrapped = (moduleName = "test:limiter"))`,
    ),
  ];
  const namespaces = objects.map(
    ({ class_name }) =>
      `(className = ${quote(class_name)}, uniqueKey = ${quote(class_name)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "state", disk = (path = ${quote(stateDir)}, writable = true)),
    (name = "internet", network = (
      allow = ["public", "private"],
      tlsOptions = (trustBrowserCas = true),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
  extensions = [(modules = [(name = "test:limiter", internal = true, esModule = ${quote(LIMITER)})])],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = ${quote(config.compatibility_date)},
  compatibilityFlags = ${list(config.compatibility_flags.map(quote))},
  bindings = ${list(bindings)},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "state"),
);
`;
}

const list = (items: readonly string[]) => `[${items.join(", ")}]`;
const quote = (text: string) => JSON.stringify(text);
