import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";

import { Api, ApiError, NewRoute, Route, Source, Tenant } from "./api.ts";
import { RelayError } from "./relay.ts";

/** What the demo's tenant consists of, with its secrets. `ingestUrl` and `secret` are read by the simulator too. */
const Demo = z.object({
  tenant: z.string(),
  apiKey: z.string(),
  source: z.string(),
  ingestUrl: z.string(),
  secret: z.string().min(1),
  route: z.string(),
  routeSecret: z.string(),
});
export type Demo = z.infer<typeof Demo>;

export interface OpenedDemo extends Demo {
  readonly isNew: boolean;
}

export interface DemoSurroundings {
  readonly file: string;
  readonly relayUrl: string;
  readonly operatorKey: string;
  /** Where the route is to deliver this time. */
  readonly receiverUrl: string;
}

/** The tenant of the last start, or a new one where the relay's state does not know it. */
export async function openDemo(surroundings: DemoSurroundings): Promise<OpenedDemo> {
  const found = await findDemo(surroundings);
  const demo = found ?? (await createDemo(surroundings));
  writeDemo(surroundings.file, demo);
  return { ...demo, isNew: found === null };
}

async function findDemo({ file, relayUrl, receiverUrl }: DemoSurroundings): Promise<Demo | null> {
  const demo = readDemo(file);
  if (demo === null) return null;
  const api = new Api(relayUrl, demo.apiKey);
  try {
    const { ingestPath } = await api.get(`/v1/sources/${demo.source}`, Source);
    await api.patch(`/v1/routes/${demo.route}`, { url: receiverUrl }, Route);
    return { ...demo, ingestUrl: relayUrl + ingestPath };
  } catch (error) {
    // The state or the secrets are other ones than when the file was written.
    if (error instanceof ApiError && (error.status === 401 || error.status === 404)) return null;
    throw error;
  }
}

async function createDemo({ relayUrl, operatorKey, receiverUrl }: DemoSurroundings): Promise<Demo> {
  const tenant = await createTenant(relayUrl, operatorKey);
  const api = new Api(relayUrl, tenant.apiKey);
  const secret = randomBytes(24).toString("hex");
  const source = await api.post("/v1/sources", { name: "Simulator", secret }, Source);
  const route = await api.post("/v1/routes", { name: "Demo receiver", url: receiverUrl }, NewRoute);
  return {
    tenant: tenant.id,
    apiKey: tenant.apiKey,
    source: source.id,
    ingestUrl: relayUrl + source.ingestPath,
    secret,
    route: route.id,
    routeSecret: route.secret,
  };
}

async function createTenant(relayUrl: string, operatorKey: string) {
  try {
    return await new Api(relayUrl, operatorKey).post("/v1/tenants", { name: "Demo" }, Tenant);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
    throw new RelayError("The relay does not take the OPERATOR_KEY of .dev.vars.");
  }
}

function readDemo(file: string): Demo | null {
  if (!existsSync(file)) return null;
  try {
    return Demo.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null;
  }
}

/** Whole or not at all, and for its owner alone. */
function writeDemo(file: string, demo: Demo): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
