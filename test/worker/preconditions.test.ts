import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { newTenant, worker } from "./support.ts";

const Created = z.looseObject({ id: z.string(), secrets: z.array(z.looseObject({})) });

afterEach(() => reset());

/** A source or a route, with the tag that its creation was answered with. */
async function create(tenant: TestTenant, kind: string) {
  const input = {
    sources: { name: "eDRV", secret: "source-secret-1" },
    routes: { name: "receiver", url: "https://hooks.example.com/in" },
  };
  const body = kind === "sources" ? input.sources : input.routes;
  const created = await tenant.call("POST", `/v1/${kind}`, body);
  const path = `/v1/${kind}/${Created.parse(created.body).id}`;
  return { path, tag: tagOf(created), read: () => tenant.call("GET", path) };
}

const tagOf = ({ headers }: { headers: Headers }) => headers.get("etag") ?? "none";
const change = (tenant: TestTenant, method: string, path: string, ifMatch: string) => {
  const body = method === "PATCH" ? { name: "changed" } : undefined;
  return tenant.call(method, path, body, tenant.key, { "if-match": ifMatch });
};

describe.each(["sources", "routes"])("an entity tag of /v1/%s", (kind) => {
  it("is strong, and the same from creation on for as long as nothing changes", async () => {
    const tenant = await newTenant();
    const { tag, read } = await create(tenant, kind);
    expect(tag).toMatch(/^"[a-z0-9]+"$/);
    expect(tagOf(await read())).toBe(tag);
    expect(tagOf(await read())).toBe(tag);
  });

  it("is another one after every change, however fast they follow", async () => {
    const tenant = await newTenant();
    const { path, tag, read } = await create(tenant, kind);
    const names = Array.from({ length: 20 }, (_, i) => `n${i % 2}`);
    const answers = await Promise.all(names.map((name) => tenant.call("PATCH", path, { name })));
    const tags = [tag, ...answers.map(tagOf)];
    expect(new Set(tags).size).toBe(21);
    expect(tags).toContain(tagOf(await read()));
  });

  it("lets the faster of two editors change it, and tells the slower one", async () => {
    const tenant = await newTenant();
    const { path, tag, read } = await create(tenant, kind);
    const answers = await Promise.all([
      change(tenant, "PATCH", path, tag),
      change(tenant, "PATCH", path, tag),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    const refused = answers.find(({ status }) => status === 412);
    expect(refused?.headers.get("content-type")).toBe("application/problem+json");
    expect(refused?.body).toMatchObject({ code: "precondition_failed" });
    const newer = answers.find(({ status }) => status === 200);
    expect(newer && tagOf(newer)).toBe(tagOf(await read()));
  });

  it.each([
    ['"other"', 412],
    ["not a tag", 412],
    ["*", 200],
  ])("of which a change asks for %j is answered with %i", async (ifMatch, status) => {
    const tenant = await newTenant();
    const { path, tag, read } = await create(tenant, kind);
    expect((await change(tenant, "PATCH", path, ifMatch)).status).toBe(status);
    expect(tagOf(await read()) === tag).toBe(status === 412);
  });

  it("guards deletion as it guards changes", async () => {
    const tenant = await newTenant();
    const { path, tag, read } = await create(tenant, kind);
    await tenant.call("PATCH", path, { name: "changed" });
    expect(await change(tenant, "DELETE", path, tag)).toMatchObject({
      status: 412,
      body: { code: "precondition_failed" },
    });
    const now = await read();
    expect(now).toMatchObject({ status: 200, body: { name: "changed" } });
    expect((await change(tenant, "DELETE", path, tagOf(now))).status).toBe(204);
    expect((await change(tenant, "DELETE", path, tagOf(now))).status).toBe(404);
  });

  it("needs not be named", async () => {
    const tenant = await newTenant();
    const { path } = await create(tenant, kind);
    expect((await tenant.call("PATCH", path, { name: "changed" })).status).toBe(200);
    expect((await tenant.call("DELETE", path)).status).toBe(204);
  });

  it("says nothing about another tenant's", async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    const { path, tag } = await create(one, kind);
    for (const ifMatch of [tag, '"other"', "*"]) {
      expect((await change(two, "PATCH", path, ifMatch)).status).toBe(404);
      expect((await change(two, "DELETE", path, ifMatch)).status).toBe(404);
    }
  });
});

describe("a source's entity tag", () => {
  it("is that of its settings: events leave it alone", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const read = () => tenant.call("GET", `/v1/sources/${source.id}`);
    const before = await read();
    expect(before.body).toMatchObject({ lastEventAt: null });
    await tenant.send(source.path, webhook());
    await expect
      .poll(async () => (await read()).body)
      .toMatchObject({ lastEventAt: expect.any(String), schemeSeen: "timestamped" });
    expect(tagOf(await read())).toBe(tagOf(before));
  });

  it("changes with its secrets", async () => {
    const tenant = await newTenant();
    const { path, tag, read } = await create(tenant, "sources");
    const added = await tenant.call("POST", `${path}/secrets`, { secret: "source-secret-2" });
    const second = tagOf(await read());
    expect(second).not.toBe(tag);
    const { id } = z.object({ id: z.string() }).parse(added.body);
    await tenant.call("DELETE", `${path}/secrets/${id}`);
    expect([tag, second]).not.toContain(tagOf(await read()));
  });
});

describe("a route's entity tag", () => {
  it.each(["pause", "resume", "rotate-secret"])(
    "changes with %s, and comes with its answer",
    async (action) => {
      const tenant = await newTenant();
      const { path, tag, read } = await create(tenant, "routes");
      const answer = await tenant.call("POST", `${path}/${action}`);
      expect(tagOf(answer)).not.toBe(tag);
      expect(tagOf(answer)).toBe(tagOf(await read()));
    },
  );

  it("can be read and sent by pages of other origins", async () => {
    const tenant = await newTenant();
    const { path } = await create(tenant, "routes");
    const headers = { origin: "https://app.example.com" };
    const answer = await tenant.call("GET", path, undefined, tenant.key, headers);
    expect(answer.headers.get("access-control-expose-headers")).toContain("etag");
    const preflight = await worker(
      new Request(tenant.origin + path, {
        method: "OPTIONS",
        headers: { ...headers, "access-control-request-method": "PATCH" },
      }),
    );
    expect(preflight.headers.get("access-control-allow-headers")).toContain("if-match");
  });
});
