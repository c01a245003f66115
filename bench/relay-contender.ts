import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import * as z from "zod";

import { Api, NewRoute, RelayedEvent, Source, Tenant } from "../cli/relay/api.ts";
import { newSecrets } from "../cli/relay/dev-secrets.ts";
import { PROJECT_DIR, RelayError } from "../cli/relay/relay.ts";
import { PROTOCOL } from "../src/protocol/codes.ts";
import { type Contender, checkOrder } from "./contender.ts";
import { Load } from "./load.ts";
import { Subscribers } from "./subscribers.ts";
import type { SignedWebhook } from "./webhooks.ts";
import { type Place, serveWorker } from "./workerd.ts";

const SECRET = "a-secret-of-the-benchmark";
const SOURCES = 8;
/** What of wrangler.toml workerd is to serve the Worker with. */
const WranglerConfig = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  durable_objects: z.object({
    bindings: z.array(z.object({ name: z.string(), class_name: z.string() })),
  }),
  ratelimits: z.array(z.object({ name: z.string() })),
});
const EventPage = z.object({ items: z.array(RelayedEvent), next: z.string().nullable() });

export interface RelayContender extends Contender {
  readonly api: Api;
  readonly addRoute: (route: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** The Worker as `wrangler deploy` would upload it. */
export function buildRelay(): string {
  const directory = mkdtempSync(join(tmpdir(), "chargewire-build-"));
  const wrangler = join(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--outdir", directory];
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: PROJECT_DIR,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
  });
  if (status !== 0) throw new RelayError(`The Worker could not be built: ${stderr}`);
  const code = readFileSync(join(directory, "worker.js"), "utf8");
  rmSync(directory, { recursive: true });
  return code;
}

/** The relay on bare workerd, with one tenant and webhooks from several sources. */
export async function startRelayContender(
  code: string,
  place: Place,
  connections: number,
  inspectorPort: number | null = null,
): Promise<RelayContender> {
  const toml = join(PROJECT_DIR, "wrangler.toml");
  const config = WranglerConfig.parse(unstable_readConfig({ config: toml }));
  const { operatorKey, masterKey } = newSecrets();
  const workerd = await serveWorker(
    {
      code,
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      objects: config.durable_objects.bindings.map(({ name, class_name }) => ({
        binding: name,
        className: class_name,
      })),
      texts: { OPERATOR_KEY: operatorKey, MASTER_KEY: masterKey, DESTINATIONS: "any" },
      limiters: config.ratelimits.map(({ name }) => name),
    },
    place,
    inspectorPort,
  );
  const url = `http://127.0.0.1:${workerd.port}`;
  const operator = new Api(url, operatorKey);
  const { apiKey } = await operator.post("/v1/tenants", { name: "Benchmark" }, Tenant);
  const api = new Api(url, apiKey);
  const paths: string[] = [];
  for (let index = 0; index < SOURCES; index += 1) {
    const source = { name: `benchmark ${index}`, secret: SECRET };
    paths.push((await api.post("/v1/sources", source, Source)).ingestPath);
  }
  const load = new Load(workerd.port, connections);
  const stored = new StoredEvents(api);
  const contender: RelayContender = {
    name: "relay",
    workerd,
    door: { paths, secret: SECRET },
    load,
    api,
    addRoute: async (route) => {
      await api.post("/v1/routes", route, NewRoute);
    },
    subscribers: null,
    subscribe: async (count, filters = [""]) => {
      await contender.subscribers?.close();
      contender.subscribers = await Subscribers.open({
        port: workerd.port,
        count,
        paths: filters.map((filter) => `/v1/stream${filter}`),
        headers: [`sec-websocket-protocol: ${PROTOCOL}, auth.${apiKey}`],
        areAlike: filters.length === 1,
        pings: true,
      });
    },
    reconcile: (answered) => stored.reconcile(answered),
    stop: async () => {
      await contender.subscribers?.close();
      load.close();
      await workerd.stop();
    },
  };
  return contender;
}

/** What the feed has, read page by page. */
class StoredEvents {
  readonly #api: Api;
  readonly #seen = new Set<string>();
  readonly #seqs = new Map<string, number>();
  #cursor: string | null = null;

  constructor(api: Api) {
    this.#api = api;
  }

  async reconcile(answered: readonly SignedWebhook[]): Promise<void> {
    const before = this.#seen.size;
    for (let more = true; more; ) {
      const after: string = this.#cursor === null ? "" : `&after=${this.#cursor}`;
      const { items, next } = await this.#api.get(`/v1/events?limit=200${after}`, EventPage);
      // The last page is read again, because only a full one has a cursor behind it.
      const fresh = items.filter(({ id }) => !this.#seen.has(id));
      checkOrder("relay", this.#seqs, fresh);
      for (const { id } of fresh) this.#seen.add(id);
      more = next !== null;
      this.#cursor = next ?? this.#cursor;
    }
    for (const { id } of answered) {
      if (!this.#seen.has(id)) throw new Error(`relay: ${id} was acknowledged and is not kept`);
    }
    if (this.#seen.size - before !== answered.length) {
      throw new Error("relay: the feed keeps what was not acknowledged, or twice");
    }
  }
}
