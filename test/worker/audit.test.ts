import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { MAX_AUDIT_ENTRIES } from "../../src/domain/audit-chain.ts";
import { insertAudit, listAudit } from "../../src/store/audit-store.ts";
import { Database } from "../../src/store/database.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { newTenant } from "./support.ts";

const URL = "https://hooks.example.com/in";
const Entries = z.array(
  z.object({
    at: z.iso.datetime(),
    key: z.string().nullable(),
    action: z.string(),
    target: z.string(),
    detail: z.record(z.string(), z.unknown()),
  }),
);
const WithId = z.looseObject({ id: z.string() });

afterEach(() => reset());

const entriesOf = async (tenant: TestTenant) => Entries.parse(await tenant.items("/v1/audit"));
const actionsOf = async (tenant: TestTenant) =>
  (await entriesOf(tenant)).map(({ action, target }) => `${action} ${target}`);
const idOf = (body: unknown) => WithId.parse(body).id;

/** The key that tests use is the tenant's first. */
async function keyIdOf(tenant: TestTenant): Promise<string> {
  return z.tuple([WithId]).parse(await tenant.items("/v1/keys"))[0].id;
}

describe("GET /v1/audit", () => {
  it("records changes of routes, newest first, with the key that made them", async () => {
    const tenant = await newTenant();
    const keyId = await keyIdOf(tenant);
    const { id } = await tenant.route(URL);
    await tenant.call("PATCH", `/v1/routes/${id}`, { name: "billing", timeoutMs: 5_000 });
    await tenant.call("POST", `/v1/routes/${id}/pause`);
    await tenant.call("POST", `/v1/routes/${id}/resume`);
    await tenant.call("DELETE", `/v1/routes/${id}`);
    expect(await entriesOf(tenant)).toMatchObject([
      { action: "route.deleted", target: id, key: keyId, detail: { name: "billing", url: URL } },
      { action: "route.resumed", target: id, key: keyId },
      { action: "route.paused", target: id, key: keyId },
      {
        action: "route.changed",
        target: id,
        key: keyId,
        detail: {
          changed: ["name", "timeoutMs"],
          before: { name: "receiver", timeoutMs: 10_000 },
          after: { name: "billing", timeoutMs: 5_000 },
        },
      },
      { action: "route.created", target: id, key: keyId, detail: { name: "receiver", url: URL } },
    ]);
  });

  it("records changes of sources and their secrets", async () => {
    const tenant = await newTenant();
    const { id } = await tenant.source();
    await tenant.call("PATCH", `/v1/sources/${id}`, { scheme: "body" });
    const added = await tenant.call("POST", `/v1/sources/${id}/secrets`, { secret: "another one" });
    await tenant.call("DELETE", `/v1/sources/${id}/secrets/${idOf(added.body)}`);
    await tenant.call("DELETE", `/v1/sources/${id}`);
    expect(await entriesOf(tenant)).toMatchObject([
      { action: "source.deleted", target: id },
      { action: "source.secret_deleted", target: id, detail: { secret: idOf(added.body) } },
      { action: "source.secret_added", target: id, detail: { secret: idOf(added.body) } },
      {
        action: "source.changed",
        target: id,
        detail: { changed: ["scheme"], before: { scheme: "auto" }, after: { scheme: "body" } },
      },
      { action: "source.created", target: id, detail: { name: "eDRV", scheme: "auto" } },
    ]);
  });

  it("records keys that are made and deleted, each with the key that did it", async () => {
    const tenant = await newTenant();
    const keyId = await keyIdOf(tenant);
    const created = await tenant.call("POST", "/v1/keys", { name: "second", role: "admin" });
    const second = z.object({ id: z.string(), apiKey: z.string() }).parse(created.body);
    await tenant.call("DELETE", `/v1/keys/${keyId}`, undefined, second.apiKey);
    const answer = await tenant.call("GET", "/v1/audit", undefined, second.apiKey);
    expect(answer.body).toMatchObject({
      items: [
        { action: "key.deleted", target: keyId, key: second.id },
        {
          action: "key.created",
          target: second.id,
          key: keyId,
          detail: { name: "second", role: "admin" },
        },
      ],
    });
  });

  it("records stations and quarantined webhooks that are taken away", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, webhook({ station: "cs1" }));
    await tenant.send(path, "not JSON");
    const held = idOf((await tenant.items("/v1/quarantine"))[0]);
    await tenant.call("DELETE", `/v1/quarantine/${held}`);
    await tenant.call("DELETE", "/v1/stations/cs1");
    expect((await actionsOf(tenant)).slice(0, 2)).toEqual([
      "station.deleted cs1",
      `quarantine.discarded ${held}`,
    ]);
  });

  it("records what the relay does by itself without a key", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 410 });
    const { id } = await tenant.route(receiver.url);
    await tenant.send(path, webhook());
    await expect.poll(() => actionsOf(tenant)).toContain(`route.disabled ${id}`);
    expect((await entriesOf(tenant))[0]).toMatchObject({ key: null });
  });

  it("records nothing of what is refused or not there", async () => {
    const tenant = await newTenant();
    await tenant.call("POST", "/v1/routes", { name: "" });
    for (const path of ["routes/rt_1", "sources/src_1", "keys/key_1", "stations/cs1"]) {
      expect((await tenant.call("DELETE", `/v1/${path}`)).status).toBe(404);
    }
    expect(await tenant.items("/v1/audit")).toEqual([]);
  });

  it("never holds a secret", async () => {
    const tenant = await newTenant();
    const secrets = [
      "source-secret-1",
      "source-secret-2",
      "header-secret",
      "auth-secret",
      "edrv-s",
    ];
    const source = await tenant.source({ secret: secrets[0] });
    await tenant.call("POST", `/v1/sources/${source.id}/secrets`, { secret: secrets[1] });
    const settings = {
      headers: { "x-token": secrets[2] },
      auth: { type: "bearer", token: secrets[3] },
      edrvSecret: secrets[4],
    };
    const { id, secret } = await tenant.route(URL, settings);
    await tenant.call("PATCH", `/v1/routes/${id}`, settings);
    const entries = await entriesOf(tenant);
    expect(entries[0]?.detail.changed).toEqual(["headers", "auth", "edrvSecret"]);
    for (const text of [...secrets, secret]) expect(JSON.stringify(entries)).not.toContain(text);
  });

  it("is read page by page, by readers too, and by no other tenant", async () => {
    const tenant = await newTenant();
    for (const name of ["a", "b", "c"]) await tenant.source({ name });
    const { body } = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const reader = z.object({ apiKey: z.string() }).parse(body).apiKey;
    const names: unknown[] = [];
    for (let after = ""; ; ) {
      const answer = await tenant.call("GET", `/v1/audit?limit=2${after}`, undefined, reader);
      const page = z.object({ items: Entries, next: z.string().nullable() }).parse(answer.body);
      names.push(...page.items.map(({ detail }) => detail.name));
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    expect(names).toEqual(["screen", "c", "b", "a"]);
    expect(await (await newTenant()).items("/v1/audit")).toEqual([]);
  });

  it("keeps the last 10,000 entries", async () => {
    const { id } = await newTenant();
    await runInDurableObject(env.TENANT.getByName(id), (_instance, { storage }) => {
      const db = new Database(storage);
      const entry = { keyId: null, action: "key.created", target: "", detail: "{}" };
      const chain = { hash: null, previousHash: null };
      const insert = (number: number) =>
        insertAudit(db, { ...entry, ...chain, number, atMs: number }, MAX_AUDIT_ENTRIES);
      const kept = () => {
        const rows = listAudit(db, Number.MAX_SAFE_INTEGER, 20_000);
        return [rows.length, rows[0]?.atMs, rows.at(-1)?.atMs];
      };
      for (let at = 1; at <= MAX_AUDIT_ENTRIES; at += 1) insert(at);
      expect(kept()).toEqual([10_000, 10_000, 1]);
      insert(10_001);
      expect(kept()).toEqual([10_000, 10_001, 2]);
    });
  });
});
