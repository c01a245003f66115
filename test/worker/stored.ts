import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";

import { feedName, gateName, stationName } from "../../src/env.ts";
import type { TestTenant } from "../support/api.ts";

type Rows = Record<string, Record<string, SqlStorageValue>[]>;

/** Every row of every table of an object, and what is in its key-value storage and alarm. */
async function readAll(storage: DurableObjectStorage): Promise<Rows> {
  const rows: Rows = {};
  const tables = storage.sql.exec<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'
       AND name NOT LIKE 'sqlite%'`,
  );
  for (const { name } of tables.toArray()) {
    rows[name] = storage.sql.exec(`SELECT * FROM "${name}"`).toArray();
  }
  rows.keyValues = [...(await storage.list())].map(([key, value]) => ({
    key,
    value: JSON.stringify(value),
  }));
  rows.alarm = [{ atMs: await storage.getAlarm() }];
  return rows;
}

async function listObjects(): Promise<string[]> {
  const lists = await Promise.all([
    listDurableObjectIds(env.TENANT),
    listDurableObjectIds(env.FEED),
    listDurableObjectIds(env.STATION),
    listDurableObjectIds(env.GATE),
  ]);
  return lists.flat().map(String);
}

let before = new Set<string>();

/** To be called before each test: objects of the tests before are listed for ever, empty. */
export async function forgetObjects(): Promise<void> {
  before = new Set(await listObjects());
}

/**
 * All that the relay's objects have stored, by object. The tenant is the only one of the test;
 * it fails when there is an object that is neither its own nor of these stations or routes.
 */
export async function readStored(
  tenant: TestTenant,
  stations: readonly string[],
  routes: readonly string[] = [],
): Promise<Map<string, Rows>> {
  const { TENANT, FEED, STATION, GATE } = env;
  const strangers = new Set((await listObjects()).filter((id) => !before.has(id)));
  const stored = new Map<string, Rows>();
  const visit = async (name: string, id: DurableObjectId, read: () => Promise<Rows>) => {
    if (strangers.delete(String(id))) stored.set(name, await read());
  };
  const owner = tenant.id;
  await visit(owner, TENANT.idFromName(owner), () =>
    runInDurableObject(TENANT.getByName(owner), (_, { storage }) => readAll(storage)),
  );
  const feed = feedName(tenant.id);
  await visit(feed, FEED.idFromName(feed), () =>
    runInDurableObject(FEED.getByName(feed), (_, { storage }) => readAll(storage)),
  );
  for (const name of stations.map((id) => stationName(tenant.id, id))) {
    await visit(name, STATION.idFromName(name), () =>
      runInDurableObject(STATION.getByName(name), (_, { storage }) => readAll(storage)),
    );
  }
  for (const name of routes.map((id) => gateName(tenant.id, id))) {
    await visit(name, GATE.idFromName(name), () =>
      runInDurableObject(GATE.getByName(name), (_, { storage }) => readAll(storage)),
    );
  }
  expect([...strangers]).toEqual([]);
  return stored;
}

/** The same as one text, bytes as the text that they are. */
export async function storedText(
  tenant: TestTenant,
  stations: readonly string[],
  routes: readonly string[] = [],
): Promise<string> {
  const stored = await readStored(tenant, stations, routes);
  return JSON.stringify([...stored], (_key, value: unknown) =>
    value instanceof ArrayBuffer ? new TextDecoder().decode(value) : value,
  );
}
