import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import type { TestTenant } from "../support/api.ts";
import { TEST_LIMIT } from "../support/limits.ts";
import { OPERATOR_KEY } from "../support/secrets.ts";
import { signedRequest, webhook } from "../support/webhooks.ts";
import { newTenant, worker } from "./support.ts";

const ORIGIN = "https://relay.test";

afterEach(() => reset());

let addresses = 0;
/** No two tests share a counter. */
function newAddress(): string {
  addresses += 1;
  return `192.0.2.${addresses}`;
}

/** Local windows start at every tenth second; a test must not straddle two. */
const freshWindow = () =>
  expect.poll(() => Date.now() % 10_000, { timeout: 10_000, interval: 100 }).toBeLessThan(6_000);

async function useUp(key: string, times: number): Promise<void> {
  for (let used = 0; used < times; used += 1) await env.REFUSAL_LIMIT.limit({ key });
}

const from = (address: string, headers: Record<string, string> = {}) => ({
  "cf-connecting-ip": address,
  ...headers,
});

const forge = (path: string, address: string) =>
  worker(new Request(ORIGIN + path, { method: "POST", headers: from(address), body: "{}" }));

async function sendSigned(path: string, address: string, secret?: string): Promise<Response> {
  const options = secret === undefined ? {} : { secret };
  const request = await signedRequest(ORIGIN + path, webhook(), options);
  request.headers.set("cf-connecting-ip", address);
  return worker(request);
}

const ask = (address: string, key: string | null, path = "/v1/keys") =>
  worker(
    new Request(ORIGIN + path, {
      headers: from(address, key === null ? {} : { authorization: `Bearer ${key}` }),
    }),
  );

/** 429 as the contract has it. */
async function expectLimited(response: Response): Promise<void> {
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, "10"]);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({ status: 429, code: "rate_limited" });
}

describe("refused webhooks", () => {
  it("are answered 401 up to the limit of a source and address, and 429 with a time beyond", async () => {
    const { path, id } = await (await newTenant()).source();
    const address = newAddress();
    await freshWindow();
    await useUp(`${id} ${address}`, TEST_LIMIT - 2);
    expect((await forge(path, address)).status).toBe(401);
    expect((await forge(path, address)).status).toBe(401);
    await expectLimited(await forge(path, address));
  });

  it("stand in the way of no other address, no other source and no webhook that verifies", async () => {
    const tenant = await newTenant();
    const { path, id } = await tenant.source();
    const other = await tenant.source();
    const address = newAddress();
    await freshWindow();
    await useUp(`${id} ${address}`, TEST_LIMIT);
    await expectLimited(await forge(path, address));
    expect((await forge(path, newAddress())).status).toBe(401);
    expect((await forge(other.path, address)).status).toBe(401);
    // eDRV sends for all tenants from the same few addresses.
    expect((await sendSigned(path, address)).status).toBe(200);
    expect((await sendSigned(other.path, address)).status).toBe(200);
  });

  it("use up nothing of what the source may send", async () => {
    const { path, id } = await (await newTenant()).source();
    const address = newAddress();
    await freshWindow();
    for (let used = 1; used < TEST_LIMIT; used += 1) await env.INGEST_LIMIT.limit({ key: id });
    for (let count = 0; count < 3; count += 1) {
      expect((await forge(path, address)).status).toBe(401);
    }
    expect((await sendSigned(path, address)).status).toBe(200);
    await expectLimited(await sendSigned(path, address));
  });
});

describe("webhooks for unknown sources", () => {
  const unknown = "/ingest/src_none";

  it("are answered 404 up to the limit of an address, whatever the source, and 429 with a time beyond", async () => {
    const address = newAddress();
    await freshWindow();
    await useUp(`unknown ${address}`, TEST_LIMIT - 2);
    expect((await forge(unknown, address)).status).toBe(404);
    expect((await forge("/ingest/src_other", address)).status).toBe(404);
    await expectLimited(await forge(unknown, address));
    expect((await forge(unknown, newAddress())).status).toBe(404);
  });

  it("count with those for sources that were disabled or deleted", async () => {
    const tenant = await newTenant();
    const { path, id } = await tenant.source();
    await tenant.call("PATCH", `/v1/sources/${id}`, { enabled: false });
    const address = newAddress();
    await freshWindow();
    await useUp(`unknown ${address}`, TEST_LIMIT - 1);
    expect((await sendSigned(path, address)).status).toBe(404);
    await expectLimited(await sendSigned(path, address));
  });

  it("affect themselves alone", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const address = newAddress();
    await freshWindow();
    await useUp(`unknown ${address}`, TEST_LIMIT);
    await expectLimited(await forge(unknown, address));
    expect((await sendSigned(path, address)).status).toBe(200);
    expect((await forge(path, address)).status).toBe(401);
    expect((await ask(address, tenant.key)).status).toBe(200);
    expect((await ask(address, "cw_none")).status).toBe(401);
  });
});

describe("requests without a valid key", () => {
  const anyKey = (tenant: TestTenant) => [
    null,
    "cw_none",
    `cw_${tenant.id}_aaaaaaaaaabbbbbbbbbbbb`,
    tenant.key.slice(0, -1),
  ];

  it("are answered 401 up to the limit of an address, and 429 with a time beyond", async () => {
    const tenant = await newTenant();
    const address = newAddress();
    await freshWindow();
    await useUp(`key ${address}`, TEST_LIMIT - 4);
    for (const key of anyKey(tenant)) expect((await ask(address, key)).status).toBe(401);
    for (const key of anyKey(tenant)) await expectLimited(await ask(address, key));
  });

  it("are limited whatever they ask for, together", async () => {
    const paths = ["tenants", "sources", "routes", "stream", "stations/cs1/stream", "audit"];
    const address = newAddress();
    await freshWindow();
    await useUp(`key ${address}`, TEST_LIMIT - paths.length);
    for (const path of paths) {
      expect((await ask(address, "cw_none", `/v1/${path}`)).status).toBe(401);
    }
    for (const path of paths) await expectLimited(await ask(address, "cw_none", `/v1/${path}`));
  });

  it("are limited where tokens and tickets are asked for and used", async () => {
    const address = newAddress();
    const post = (path: string) =>
      worker(new Request(ORIGIN + path, { method: "POST", headers: from(address), body: "{}" }));
    const open = () =>
      worker(
        new Request(`${ORIGIN}/v1/stream?ticket=none`, {
          headers: from(address, { accept: "text/event-stream" }),
        }),
      );
    await freshWindow();
    await useUp(`key ${address}`, TEST_LIMIT - 3);
    expect((await post("/v1/tokens")).status).toBe(401);
    expect((await post("/v1/tickets")).status).toBe(401);
    expect((await open()).status).toBe(401);
    await expectLimited(await post("/v1/tokens"));
    await expectLimited(await post("/v1/tickets"));
    await expectLimited(await open());
  });

  it("stand in the way of no other address, and of no valid key, token or operator of this one", async () => {
    const tenant = await newTenant();
    const token = await tenant.token();
    const address = newAddress();
    await freshWindow();
    await useUp(`key ${address}`, TEST_LIMIT);
    await expectLimited(await ask(address, "cw_none"));
    expect((await ask(newAddress(), "cw_none")).status).toBe(401);
    expect((await ask(address, tenant.key)).status).toBe(200);
    expect((await ask(address, OPERATOR_KEY, "/v1/tenants")).status).toBe(200);
    // Admitted, and told to ask for a transport.
    expect((await ask(address, token, "/v1/stream")).status).toBe(426);
  });

  it("are not what a valid key is refused for", async () => {
    const tenant = await newTenant();
    const { body } = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const { apiKey } = z.object({ apiKey: z.string() }).parse(body);
    const address = newAddress();
    const create = () =>
      worker(
        new Request(`${ORIGIN}/v1/sources`, {
          method: "POST",
          headers: from(address, { authorization: `Bearer ${apiKey}` }),
          body: "{}",
        }),
      );
    await freshWindow();
    await useUp(`key ${address}`, TEST_LIMIT - 1);
    for (let count = 0; count < 3; count += 1) expect((await create()).status).toBe(403);
    expect((await ask(address, "cw_none")).status).toBe(401);
  });
});
