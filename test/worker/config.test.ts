import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { AppliedConfig, ShownConfig } from "../../src/domain/config-answers.ts";
import { EDRV_SECRET, webhook } from "../support/webhooks.ts";
import { issuePathsOf, planOf, stepsOf, TestConfig, tagOf, URL } from "./config-support.ts";
import { Receiver } from "./receiver.ts";
import { newTenant } from "./support.ts";

const Entry = z.looseObject({ action: z.string(), target: z.string(), key: z.string() });
const WithId = z.looseObject({ id: z.string() });
const EMPTY = { sources: [], routes: [] };

afterEach(() => reset());

async function setUp() {
  const tenant = await newTenant();
  return { tenant, config: new TestConfig(tenant) };
}

const source = (name: string, settings: object = {}) => ({ name, ...settings });
const route = (name: string, settings: object = {}) => ({ name, url: URL, ...settings });

describe("GET /v1/config", () => {
  it("is two empty lists in the beginning", async () => {
    const { config } = await setUp();
    const answer = await config.get();
    expect(answer).toMatchObject({ status: 200, body: EMPTY });
    expect(tagOf(answer)).toMatch(/^"[0-9a-f]{32}"$/);
  });

  it("shows every setting, and of secrets hints, names and types alone", async () => {
    const { tenant, config } = await setUp();
    await tenant.source({ name: "eDRV", scheme: "body", toleranceSeconds: 60 });
    await tenant.source({ name: "bare", secret: undefined });
    const secrets = ["header-secret", "bearer-secret", "edrv-route-secret"] as const;
    await tenant.route(URL, {
      headers: { "x-token": secrets[0], "x-short": "abc" },
      auth: { type: "bearer", token: secrets[1] },
      edrvSecret: secrets[2],
      edrvScheme: "body",
      filter: { types: ["session.*"] },
    });
    const { body } = await config.get();
    expect(z.object(ShownConfig.shape).strict().parse(body)).toEqual(body);
    expect(body).toEqual({
      sources: expect.arrayContaining([
        {
          name: "eDRV",
          enabled: true,
          scheme: "body",
          toleranceSeconds: 60,
          silentAfterSeconds: 3600,
          secret: { hint: "…6789" },
        },
        {
          name: "bare",
          enabled: true,
          scheme: "auto",
          toleranceSeconds: 300,
          silentAfterSeconds: 3600,
        },
      ]),
      routes: [
        {
          name: "receiver",
          url: URL,
          filter: { types: ["session.*"] },
          format: "raw",
          headers: { "x-token": { hint: "…cret" }, "x-short": { hint: "…" } },
          auth: { type: "bearer" },
          timeoutMs: 10_000,
          retry: { scheduleSeconds: [1, 5, 30, 120, 600, 1800, 7200, 18_000, 36_000, 36_000] },
          onExhausted: "dead_letter",
          ratePerSecond: null,
          concurrency: null,
          edrvSecret: { hint: "…cret" },
          edrvScheme: "body",
        },
      ],
    });
    for (const secret of [EDRV_SECRET, ...secrets]) {
      expect(JSON.stringify(body)).not.toContain(secret);
    }
  });

  it("is in the order of names, so that it is the same however it came to be", async () => {
    const { tenant, config } = await setUp();
    for (const name of ["b", "c", "a"]) {
      await tenant.source({ name });
      await tenant.route(URL, { name });
    }
    const { sources, routes } = await config.document();
    expect(sources.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(routes.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  it("can be put back, and changes nothing", async () => {
    const { tenant, config } = await setUp();
    await tenant.source();
    await tenant.source({ name: "bare", secret: undefined });
    await tenant.route(URL);
    await tenant.route(URL, {
      name: "all",
      headers: { "X-Token": "header-secret" },
      auth: { type: "oauth2", tokenUrl: URL, clientId: "c", clientSecret: "client-secret" },
      edrvSecret: "edrv-route-secret",
      filter: { match: { "data.status": { $in: ["b", "a"] }, a: 1 }, stations: ["cs1"] },
      retry: { scheduleSeconds: [] },
      ratePerSecond: 0.5,
      concurrency: 3,
      onExhausted: "park",
    });
    const before = await config.everything();
    const read = await config.get();
    const answer = await config.put(read.body);
    expect(answer.status).toBe(200);
    expect(new Set(planOf(answer).map(({ action }) => action))).toEqual(new Set(["none"]));
    expect(planOf(answer)).toHaveLength(4);
    expect(await config.everything()).toEqual(before);
    expect(tagOf(answer)).toBe(tagOf(read));
  });
});

describe("PUT /v1/config", () => {
  it("creates what is new, with its ingest path or its signing secret", async () => {
    const { tenant, config } = await setUp();
    const receiver = new Receiver();
    const document = {
      sources: [source("eDRV", { secret: EDRV_SECRET, scheme: "timestamped" })],
      routes: [route("billing", { url: receiver.url, headers: { "x-a": "1" } })],
    };
    const answer = await config.put(document);
    expect(answer.status).toBe(200);
    expect(AppliedConfig.strict().parse(answer.body)).toMatchObject({
      dryRun: false,
      plan: [
        {
          action: "create",
          kind: "source",
          name: "eDRV",
          id: expect.stringMatching(/^src_/),
          ingestPath: expect.stringMatching(/^\/ingest\/src_/),
          changes: [],
        },
        {
          action: "create",
          kind: "route",
          name: "billing",
          id: expect.stringMatching(/^rt_/),
          secret: expect.stringMatching(/^whsec_/),
          changes: [],
        },
      ],
    });
    const sent = webhook();
    const path = planOf(answer)[0]?.ingestPath ?? "";
    expect((await tenant.send(path, sent)).status).toBe(200);
    await expect.poll(async () => (await receiver.requests()).length).toBe(1);
    const again = await config.put(document);
    expect(stepsOf(again)).toEqual(["none source eDRV", "none route billing"]);
    expect(JSON.stringify(again.body)).not.toMatch(/whsec_|ingest/);
  });

  it("updates what differs, and says from what to what", async () => {
    const { tenant, config } = await setUp();
    const { id } = await tenant.source({ name: "eDRV" });
    const { id: routeId } = await tenant.route(URL, { name: "billing", filter: { types: ["a"] } });
    const answer = await config.put({
      sources: [source("eDRV", { enabled: false, scheme: "body" })],
      routes: [route("billing", { filter: { types: ["b"] }, concurrency: 2 })],
    });
    expect(planOf(answer)).toEqual([
      {
        action: "update",
        kind: "source",
        name: "eDRV",
        id,
        changes: [
          { field: "enabled", before: true, after: false },
          { field: "scheme", before: "auto", after: "body" },
        ],
      },
      {
        action: "update",
        kind: "route",
        name: "billing",
        id: routeId,
        changes: [
          { field: "filter", before: { types: ["a"] }, after: { types: ["b"] } },
          { field: "concurrency", before: null, after: 2 },
        ],
      },
    ]);
    expect((await tenant.call("GET", `/v1/sources/${id}`)).body).toMatchObject({
      enabled: false,
      scheme: "body",
      secrets: [{ hint: "…6789" }],
    });
    expect((await tenant.call("GET", `/v1/routes/${routeId}`)).body).toMatchObject({
      filter: { types: ["b"] },
      concurrency: 2,
    });
  });

  it("gives settings that are left out their defaults, and keeps a route's pause", async () => {
    const { tenant, config } = await setUp();
    const { id } = await tenant.route(URL, { name: "billing", timeoutMs: 5_000 });
    await tenant.call("POST", `/v1/routes/${id}/pause`);
    await config.put({ sources: [], routes: [route("billing")] });
    expect((await tenant.call("GET", `/v1/routes/${id}`)).body).toMatchObject({
      timeoutMs: 10_000,
      enabled: false,
    });
  });

  it("deletes what the document leaves out", async () => {
    const { tenant, config } = await setUp();
    const { path } = await tenant.source({ name: "old" });
    await tenant.route(URL, { name: "old route" });
    const answer = await config.put(EMPTY);
    expect(stepsOf(answer)).toEqual(["delete source old", "delete route old route"]);
    expect((await config.get()).body).toEqual(EMPTY);
    expect((await tenant.send(path, webhook())).status).toBe(404);
  });

  it("records each change in the audit log, by the key that made it", async () => {
    const { tenant, config } = await setUp();
    const { id: old } = await tenant.source({ name: "old" });
    const { id: kept } = await tenant.source({ name: "kept" });
    const { id: changed } = await tenant.route(URL, { name: "changed" });
    const before = (await tenant.items("/v1/audit")).length;
    const answer = await config.put({
      sources: [source("new"), source("kept")],
      routes: [route("changed", { timeoutMs: 5_000 }), route("other")],
    });
    const idOf = (name: string) => planOf(answer).find((step) => step.name === name)?.id;
    expect([idOf("kept"), idOf("changed")]).toEqual([kept, changed]);
    const entries = z.array(Entry).parse(await tenant.items("/v1/audit"));
    const news = entries.slice(0, entries.length - before).reverse();
    expect(news.map(({ action, target }) => [action, target])).toEqual([
      ["source.created", idOf("new")],
      ["source.deleted", old],
      ["route.changed", changed],
      ["route.created", idOf("other")],
    ]);
    const [key] = z.array(WithId).parse(await tenant.items("/v1/keys"));
    expect(new Set(news.map((entry) => entry.key))).toEqual(new Set([key?.id]));
  });
});

describe("PUT /v1/config?dryRun=true", () => {
  it("says what would be done, and does nothing", async () => {
    const { tenant, config } = await setUp();
    const { id } = await tenant.source({ name: "kept" });
    await tenant.source({ name: "old" });
    const before = await config.everything();
    const tag = tagOf(await config.get());
    const document = { sources: [source("new"), source("kept", { scheme: "body" })], routes: [] };
    const answer = await config.dryRun(document);
    expect(answer).toMatchObject({ status: 200, body: { dryRun: true } });
    expect(stepsOf(answer)).toEqual([
      "create source new",
      "update source kept",
      "delete source old",
    ]);
    expect(planOf(answer).map((step) => "id" in step)).toEqual([false, true, true]);
    expect(planOf(answer)[1]?.id).toBe(id);
    expect(tagOf(answer)).toBe(tag);
    expect(await config.everything()).toEqual(before);
    expect(stepsOf(await config.put(document, { ifMatch: tag }))).toEqual(stepsOf(answer));
  });

  it.each(["?dryrun=true", "?dryRun=yes", "?dryRun=", "?dryRun=true&force=1"])(
    "is not to be misspelt: %s is refused",
    async (query) => {
      const { tenant, config } = await setUp();
      await tenant.source();
      const before = await config.everything();
      expect((await config.put(EMPTY, { query })).status).toBe(400);
      expect(await config.everything()).toEqual(before);
    },
  );

  it("does what it says with dryRun=false", async () => {
    const { tenant, config } = await setUp();
    await tenant.source();
    await config.put(EMPTY, { query: "?dryRun=false" });
    expect((await config.get()).body).toEqual(EMPTY);
  });
});

describe("a configuration's entity tag", () => {
  it("changes with every source and route, and not with events", async () => {
    const { tenant, config } = await setUp();
    const tags = [tagOf(await config.get())];
    const { id, path } = await tenant.source();
    tags.push(tagOf(await config.get()));
    await tenant.send(path, webhook());
    await expect
      .poll(async () => (await tenant.call("GET", `/v1/sources/${id}`)).body)
      .toMatchObject({ lastEventAt: expect.any(String) });
    expect(tagOf(await config.get())).toBe(tags.at(-1));
    await tenant.call("POST", `/v1/sources/${id}/secrets`, { secret: "another one" });
    tags.push(tagOf(await config.get()));
    const { id: routeId } = await tenant.route(URL);
    tags.push(tagOf(await config.get()));
    await tenant.call("PATCH", `/v1/routes/${routeId}`, { name: "changed" });
    tags.push(tagOf(await config.get()));
    await tenant.call("DELETE", `/v1/routes/${routeId}`);
    tags.push(tagOf(await config.get()));
    tags.push(tagOf(await config.put({ sources: [source("new")], routes: [] })));
    expect(tagOf(await config.get())).toBe(tags.at(-1));
    // Without the route it is as it was before that came.
    expect(new Set(tags).size).toBe(tags.length - 1);
    expect(tags[5]).toBe(tags[2]);
  });

  it("lets the faster of two editors change it, and tells the slower one", async () => {
    const { config } = await setUp();
    const tag = tagOf(await config.get());
    const answers = await Promise.all(
      ["a", "b"].map((name) =>
        config.put({ sources: [source(name)], routes: [] }, { ifMatch: tag }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect((await config.document()).sources).toHaveLength(1);
    const refused = answers.find(({ status }) => status === 412);
    expect(refused?.body).toMatchObject({ code: "precondition_failed" });
  });

  it("guards a dry run, too, and * matches any", async () => {
    const { config } = await setUp();
    const query = "?dryRun=true";
    expect((await config.put(EMPTY, { query, ifMatch: '"other"' })).status).toBe(412);
    expect((await config.put(EMPTY, { query, ifMatch: "*" })).status).toBe(200);
  });
});

describe("a document that is refused", () => {
  it.each([
    [{}, ["sources", "routes"]],
    [{ sources: [] }, ["routes"]],
    [{ ...EMPTY, keys: [] }, [""]],
    [{ sources: [source("a"), source("b"), source("a")], routes: [] }, ["sources.2.name"]],
    [{ sources: [], routes: [route("a"), route("a")] }, ["routes.1.name"]],
    [{ sources: [source("a", { id: "src_1" })], routes: [] }, ["sources.0"]],
    [{ sources: [], routes: [{ name: "a" }] }, ["routes.0.url"]],
    [{ sources: [], routes: [route("a", { url: "ftp://x.example.com" })] }, ["routes.0.url"]],
    [
      { sources: [], routes: [route("a"), route("b", { auth: oauth2("ftp://x") })] },
      ["routes.1.auth.tokenUrl"],
    ],
    [
      { sources: [], routes: [route("a", { format: "event", edrvSecret: "some-secret" })] },
      ["routes.0.edrvSecret"],
    ],
  ])("changes nothing: %j", async (document, paths) => {
    const { tenant, config } = await setUp();
    await tenant.source({ name: "there" });
    await tenant.route(URL);
    const before = await config.everything();
    for (const query of ["", "?dryRun=true"]) {
      const answer = await config.put(document, { query });
      expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request" } });
      expect(issuePathsOf(answer)).toEqual(paths);
    }
    expect(await config.everything()).toEqual(before);
  });

  it("says so of names that existing ones share", async () => {
    const { tenant, config } = await setUp();
    await tenant.source({ name: "twin" });
    await tenant.source({ name: "twin" });
    await tenant.route(URL, { name: "other twin" });
    await tenant.route(URL, { name: "other twin" });
    const before = await config.everything();
    const answer = await config.put(EMPTY);
    expect(answer).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect(answer.body).toMatchObject({
      detail: expect.stringMatching(/sources named "twin".*routes named "other twin"/),
    });
    expect(await config.everything()).toEqual(before);
  });

  it.each([
    ["sources", 50, source],
    ["routes", 100, route],
  ] as const)("has more %s than %i", async (kind, most, make) => {
    const { config } = await setUp();
    const things = (count: number) => Array.from({ length: count }, (_, i) => make(`n${i}`));
    const full = { ...EMPTY, [kind]: things(most) };
    const more = { ...EMPTY, [kind]: things(most + 1) };
    expect(await config.put(more)).toMatchObject({ status: 409, body: { code: "limit_reached" } });
    expect((await config.get()).body).toEqual(EMPTY);
    expect((await config.put(full)).status).toBe(200);
    expect(await config.put(more)).toMatchObject({ status: 409, body: { code: "limit_reached" } });
    const others = { ...EMPTY, [kind]: things(most + 1).slice(1) };
    // One goes and another comes: there is room, because they do so at once.
    const actions = stepsOf(await config.put(others)).map((step) => step.split(" ")[0]);
    expect(actions.filter((action) => action !== "none").sort()).toEqual(["create", "delete"]);
  });
});

function oauth2(tokenUrl: string) {
  return { type: "oauth2", tokenUrl, clientId: "c", clientSecret: "s" };
}
