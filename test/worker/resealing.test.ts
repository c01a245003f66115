import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";

import { routeSecretsPurpose, sourceSecretPurpose } from "../../src/domain/route.ts";
import { Sealer } from "../../src/domain/sealing.ts";
import { stationName } from "../../src/env.ts";
import { call, type TestTenant } from "../support/api.ts";
import { MASTER_KEY, MASTER_KEY_PREVIOUS, OPERATOR_KEY } from "../support/secrets.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { newTenant, worker } from "./support.ts";

afterEach(() => reset());

const sealerOf = (key: string) =>
  new Sealer(
    Uint8Array.from(atob(key), (char) => char.charCodeAt(0)),
    null,
  );
const present = sealerOf(MASTER_KEY);
const previous = sealerOf(MASTER_KEY_PREVIOUS);

const reseal = (id: string, key = OPERATOR_KEY) =>
  call(worker, "https://relay.test", key, "POST", `/v1/tenants/${id}/reseal`);

/** As if all secrets had been stored before the master key was changed. */
function sealByPrevious(tenant: TestTenant): Promise<void> {
  return runInDurableObject(env.TENANT.getByName(tenant.id), async (_, { storage }) => {
    for (const [table, column, purposeOf] of [
      ["source_secrets", "sealed", sourceSecretPurpose],
      ["routes", "sealed_secrets", routeSecretsPurpose],
    ] as const) {
      const rows = storage.sql
        .exec<{ id: string; sealed: string }>(`SELECT id, ${column} AS sealed FROM ${table}`)
        .toArray();
      for (const { id, sealed } of rows) {
        const purpose = purposeOf(tenant.id, id);
        const text = await previous.seal(await present.open(sealed, purpose), purpose);
        storage.sql.exec(`UPDATE ${table} SET ${column} = ? WHERE id = ?`, text, id);
      }
    }
  });
}

/** Texts of the tenant's tables, or of a station's copy of the routes. */
async function sealedBy(tenant: TestTenant, station?: string): Promise<string[]> {
  const read =
    (sql: string) =>
    (_: unknown, { storage }: DurableObjectState) =>
      JSON.stringify(storage.sql.exec(sql).toArray());
  const text =
    station === undefined
      ? await runInDurableObject(
          env.TENANT.getByName(tenant.id),
          read("SELECT sealed FROM source_secrets UNION ALL SELECT sealed_secrets FROM routes"),
        )
      : await runInDurableObject(
          env.STATION.getByName(stationName(tenant.id, station)),
          read("SELECT routes FROM config"),
        );
  const prefixes = new Set(text.match(/s1\.[0-9a-f]{8}\./g));
  const names = new Map([
    [await present.currentPrefix(), "present"],
    [await previous.currentPrefix(), "previous"],
  ]);
  return [...prefixes].map((prefix) => names.get(prefix) ?? prefix);
}

describe("POST /v1/tenants/{id}/reseal", () => {
  it("seals everything anew, and a station's copy is replaced by its next event", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const auth = { type: "bearer", token: "route-token" };
    const { id, secret } = await tenant.route(receiver.url, { auth });
    await sealByPrevious(tenant);
    await tenant.send(path, webhook({ station: "cs1" }));
    await receiver.received(1);
    expect(await sealedBy(tenant)).toEqual(["previous"]);
    expect(await sealedBy(tenant, "cs1")).toEqual(["previous"]);
    const before = await tenant.call("GET", `/v1/routes/${id}`);

    expect(await reseal(tenant.id)).toMatchObject({
      status: 200,
      body: { id: tenant.id, resealed: 2, remaining: 0, unreadable: 0 },
    });
    expect(await sealedBy(tenant)).toEqual(["present"]);
    expect((await tenant.call("GET", `/v1/routes/${id}`)).body).toEqual(before.body);
    await tenant.send(path, webhook({ station: "cs1" }));
    const [, delivery] = await receiver.received(2);
    expect(await sealedBy(tenant, "cs1")).toEqual(["present"]);
    expect(delivery?.headers.authorization).toBe("Bearer route-token");
    new Webhook(secret).verify(delivery?.body ?? "", delivery?.headers ?? {});
    expect((await reseal(tenant.id)).body).toMatchObject({ resealed: 0, remaining: 0 });
  });

  it("reaches a station that owes something before its next attempt, and forgives it no failure", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 500 });
    const retry = { scheduleSeconds: [3_600] };
    const { id } = await tenant.route(receiver.url, { retry });
    await sealByPrevious(tenant);
    await tenant.send(path, webhook({ station: "cs1" }));
    await receiver.received(1);
    await reseal(tenant.id);
    const lane = `/v1/routes/${id}/lanes/cs1`;
    await receiver.script({ status: 200 });
    await tenant.call("POST", `${lane}/retry`);
    const [, delivery] = await receiver.received(2);
    expect(delivery?.headers["chargewire-attempt"]).toBe("2");
    expect(await sealedBy(tenant, "cs1")).toEqual(["present"]);
  });

  it("does 100 at a time, and says how many are left", async () => {
    const tenant = await newTenant();
    const { id: source } = await tenant.source();
    await runInDurableObject(env.TENANT.getByName(tenant.id), async (_, { storage }) => {
      for (let count = 0; count < 120; count += 1) {
        const id = `sec_${String(count).padStart(3, "0")}`;
        const sealed = await previous.seal("x", sourceSecretPurpose(tenant.id, id));
        storage.sql.exec(
          "INSERT INTO source_secrets (id, source_id, sealed, hint, created_at_ms) VALUES (?, ?, ?, '', 0)",
          ...[id, source, sealed],
        );
      }
    });
    expect((await reseal(tenant.id)).body).toMatchObject({ resealed: 100, remaining: 20 });
    expect((await reseal(tenant.id)).body).toMatchObject({ resealed: 20, remaining: 0 });
    expect(await sealedBy(tenant)).toEqual(["present"]);
  });

  it("says what no key opens, leaves it, and does the rest", async () => {
    const tenant = await newTenant();
    await tenant.source();
    await tenant.source();
    await sealByPrevious(tenant);
    const lost = await sealerOf(btoa("x".repeat(32))).seal("x", "source");
    await runInDurableObject(env.TENANT.getByName(tenant.id), (_, { storage }) => {
      storage.sql.exec(
        "UPDATE source_secrets SET sealed = ? WHERE id = (SELECT min(id) FROM source_secrets)",
        lost,
      );
    });
    const progress = { resealed: 1, remaining: 0, unreadable: 1 };
    expect((await reseal(tenant.id)).body).toMatchObject(progress);
    expect((await reseal(tenant.id)).body).toMatchObject({ ...progress, resealed: 0 });
  });

  it("is the operator's, and knows no tenant that is not there", async () => {
    const tenant = await newTenant();
    expect((await reseal(tenant.id, tenant.key)).status).toBe(401);
    for (const id of ["never", "NO-ID"]) expect((await reseal(id)).status).toBe(404);
  });

  it("is in the audit log, without a secret", async () => {
    const tenant = await newTenant();
    await tenant.source();
    await sealByPrevious(tenant);
    await reseal(tenant.id);
    expect(await tenant.items("/v1/audit?limit=1")).toMatchObject([
      { action: "secrets.resealed", detail: { resealed: 1 } },
    ]);
  });
});
