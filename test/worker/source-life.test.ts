import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { SCHEME_SETTINGS, SIGNATURE_SCHEMES } from "../../src/domain/signature.ts";
import type { TestTenant } from "../support/api.ts";
import { objectId, signedRequest, webhook } from "../support/webhooks.ts";
import { newTenant, worker } from "./support.ts";

afterEach(() => reset());

const Shown = z.looseObject({
  schemeSeen: z.string().nullable(),
  secrets: z.array(z.looseObject({ id: z.string(), expiresAt: z.iso.datetime().nullable() })),
});

const show = async (tenant: TestTenant, id: string) =>
  Shown.parse((await tenant.call("GET", `/v1/sources/${id}`)).body);

const rotate = (tenant: TestTenant, id: string, secret: string, seconds: number) =>
  tenant.call("POST", `/v1/sources/${id}/secrets`, {
    secret,
    expirePreviousAfterSeconds: seconds,
  });

describe("the rotation of a source's secret", () => {
  it("loses nothing while events go on coming, signed with the one and then with the other", async () => {
    const tenant = await newTenant();
    const source = await tenant.source({ secret: "the-first-secret" });
    const sent: string[] = [];
    const send = (secret: string) => {
      const event = webhook({ _id: objectId(), station: `cs${sent.length % 5}` });
      sent.push(event._id);
      return tenant.send(source.path, event, { secret });
    };
    const many = (count: number, secret: string) =>
      Array.from({ length: count }, () => send(secret));
    const answers = many(20, "the-first-secret");
    const rotation = rotate(tenant, source.id, "the-second-secret", 60);
    answers.push(...many(20, "the-first-secret"));
    expect((await rotation).status).toBe(201);
    // eDRV's servers do not change over at the same moment.
    for (const secret of ["the-second-secret", "the-first-secret"])
      answers.push(...many(20, secret));
    answers.push(...many(20, "the-second-secret"));
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: 100 }, () => 200));
    const kept = z.array(z.looseObject({ id: z.string() }));
    const ids = kept.parse(await tenant.items("/v1/events?limit=200")).map(({ id }) => id);
    expect(ids.sort()).toEqual(sent.sort());
  });

  it("is heard of by an isolate that knew the source, within a second or so", async () => {
    const tenant = await newTenant();
    const source = await tenant.source({ secret: "the-first-secret" });
    expect((await tenant.send(source.path, webhook(), { secret: "the-first-secret" })).status).toBe(
      200,
    );
    // Not through this isolate, which would forget what it knows of the source.
    const object = env.TENANT.getByName(tenant.id);
    const rotation = { secret: "the-second-secret", expirePreviousAfterSeconds: 60 };
    await object.addSecret(source.id, rotation, null);
    await expect
      .poll(
        async () =>
          (await tenant.send(source.path, webhook(), { secret: "the-second-secret" })).status,
        { timeout: 3_000, interval: 100 },
      )
      .toBe(200);
  });

  it("ends the previous secret at its time, neither before nor after", async () => {
    const tenant = await newTenant();
    const source = await tenant.source({ secret: "the-first-secret" });
    await rotate(tenant, source.id, "the-second-secret", 3);
    const [second, first] = (await show(tenant, source.id)).secrets;
    expect(second?.expiresAt).toBeNull();
    const endMs = Date.parse(first?.expiresAt ?? "");
    expect(Math.abs(endMs - Date.now() - 3_000)).toBeLessThan(2_000);
    const answers: { sentMs: number; answeredMs: number; status: number }[] = [];
    const last = async () => {
      const sentMs = Date.now();
      const { status } = await tenant.send(source.path, webhook(), { secret: "the-first-secret" });
      answers.push({ sentMs, answeredMs: Date.now(), status });
      return status;
    };
    await expect.poll(last, { timeout: 10_000, interval: 50 }).toBe(401);
    const early = answers.filter(({ answeredMs }) => answeredMs < endMs);
    expect(early.length).toBeGreaterThan(5);
    expect(new Set(early.map(({ status }) => status))).toEqual(new Set([200]));
    const late = answers.filter(({ sentMs }) => sentMs >= endMs);
    expect(late.every(({ status }) => status === 401)).toBe(true);
    expect(
      (await tenant.send(source.path, webhook(), { secret: "the-second-secret" })).status,
    ).toBe(200);
    expect((await show(tenant, source.id)).secrets).toMatchObject([{ id: second?.id }]);
  });

  it("leaves a secret that ends sooner its own end", async () => {
    const tenant = await newTenant();
    const source = await tenant.source({ secret: "the-first-secret" });
    await rotate(tenant, source.id, "the-second-secret", 60);
    const before = (await show(tenant, source.id)).secrets[1]?.expiresAt;
    await rotate(tenant, source.id, "the-third-secret", 3600);
    const [third, second, first] = (await show(tenant, source.id)).secrets;
    expect([third?.expiresAt, first?.expiresAt]).toEqual([null, before]);
    expect(Date.parse(second?.expiresAt ?? "")).toBeGreaterThan(Date.parse(before ?? ""));
  });
});

describe("a source's scheme", () => {
  const accepted = (setting: string, signed: string) =>
    setting === "auto" ? signed !== "legacy" : setting === signed;

  it.each(
    SCHEME_SETTINGS.flatMap((setting) => SIGNATURE_SCHEMES.map((s) => [setting, s] as const)),
  )("set to %s, decides on a webhook signed in the way %s", async (setting, signed) => {
    const tenant = await newTenant();
    const source = await tenant.source({ scheme: setting });
    const { status } = await tenant.send(source.path, webhook(), { scheme: signed });
    expect(status).toBe(accepted(setting, signed) ? 200 : 401);
  });

  it("is shown as it was last seen, and pinned refuses the others from then on", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    expect((await show(tenant, source.id)).schemeSeen).toBeNull();
    for (const scheme of ["timestamped", "body"] as const) {
      expect((await tenant.send(source.path, webhook(), { scheme })).status).toBe(200);
      await expect.poll(async () => (await show(tenant, source.id)).schemeSeen).toBe(scheme);
    }
    await tenant.call("PATCH", `/v1/sources/${source.id}`, { scheme: "body" });
    expect((await tenant.send(source.path, webhook(), { scheme: "timestamped" })).status).toBe(401);
    expect((await tenant.send(source.path, webhook(), { scheme: "body" })).status).toBe(200);
    expect((await show(tenant, source.id)).schemeSeen).toBe("body");
  });
});

describe("GET /v1/sources/{id}/refusals", () => {
  it("tells when, why, of what size and from which network, and nothing of what was sent", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const startMs = Date.now();
    const forge = async (address: string | null, secret: string, note = "") => {
      const event = webhook({ data: { chargestation: "cs1", note } });
      const request = await signedRequest(tenant.origin + source.path, event, { secret });
      if (address !== null) request.headers.set("cf-connecting-ip", address);
      expect((await worker(request)).status).toBe(401);
      return JSON.stringify(event).length;
    };
    const size = await forge("192.0.2.77", "forged-secret", "private-text");
    await forge("2001:db8:1:2:3:4:5:6", "forged-secret");
    await forge("::ffff:198.51.100.9", "forged-secret");
    await forge(null, "forged-secret");
    const path = tenant.origin + source.path;
    await worker(new Request(path, { method: "POST", body: "private-text" }));

    const refusals = () => tenant.items(`/v1/sources/${source.id}/refusals`);
    await expect.poll(refusals, { timeout: 15_000 }).toHaveLength(2);
    const found = await refusals();
    expect(found).toEqual(
      expect.arrayContaining([
        {
          at: expect.any(String),
          reason: "signature_mismatch",
          count: 4,
          samples: [
            { at: expect.any(String), size, from: "192.0.2.0/24" },
            expect.objectContaining({ from: "2001:db8:1::/48" }),
            expect.objectContaining({ from: "198.51.100.0/24" }),
            expect.objectContaining({ from: "" }),
          ],
        },
        expect.objectContaining({ reason: "signature_missing", count: 1 }),
      ]),
    );
    const Times = z.array(
      z.looseObject({ samples: z.array(z.looseObject({ at: z.iso.datetime() })) }),
    );
    for (const { at } of Times.parse(found).flatMap(({ samples }) => samples)) {
      expect(Date.parse(at)).toBeGreaterThanOrEqual(startMs);
      expect(Date.parse(at)).toBeLessThanOrEqual(Date.now());
    }
    const text = JSON.stringify(found);
    for (const secret of ["private-text", "v1=", "192.0.2.77", "2001:db8:1:2"]) {
      expect(text).not.toContain(secret);
    }
  });

  it("counts all of a burst and shows the last twenty of it", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const refuse = (size: number) =>
      worker(new Request(tenant.origin + source.path, { method: "POST", body: "x".repeat(size) }));
    for (let size = 1; size <= 25; size += 1) await refuse(size);
    const Refusals = z.array(
      z.object({
        at: z.string(),
        reason: z.string(),
        count: z.number(),
        samples: z.array(z.looseObject({ size: z.number() })),
      }),
    );
    const refusals = async () =>
      Refusals.parse(await tenant.items(`/v1/sources/${source.id}/refusals`));
    await expect.poll(refusals, { timeout: 15_000 }).toMatchObject([{ count: 25 }]);
    const sizes = (await refusals())[0]?.samples.map(({ size }) => size);
    expect(sizes).toEqual(Array.from({ length: 20 }, (_, index) => index + 6));
  });

  it("is of one source and one tenant", async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    const source = await one.source();
    expect((await two.call("GET", `/v1/sources/${source.id}/refusals`)).status).toBe(404);
    expect(await one.items(`/v1/sources/${source.id}/refusals`)).toEqual([]);
    expect((await one.call("GET", "/v1/sources/src_none/refusals")).status).toBe(404);
  });
});
