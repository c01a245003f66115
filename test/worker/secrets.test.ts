import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";

import { TestTenant } from "../support/api.ts";
import { MASTER_KEY, MASTER_KEY_PREVIOUS, OPERATOR_KEY } from "../support/secrets.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { forgetObjects, storedText } from "./stored.ts";
import { subscribe, worker } from "./support.ts";

/** Everything that leaves the relay, but for what goes to destinations. */
let emitted: string[] = [];

beforeEach(async () => {
  emitted = [];
  await forgetObjects();
  for (const method of ["debug", "log", "info", "warn", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((...words) => {
      emitted.push(words.map(String).join(" "));
    });
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const Described = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
const METHODS = ["get", "post", "put", "patch", "delete"];

async function record(request: Request): Promise<Response> {
  const response = await worker(request);
  const isStream = response.headers.get("content-type")?.includes("event-stream") === true;
  const text = isStream ? "" : await response.clone().text();
  emitted.push([...response.headers].join("\n"), text);
  return response;
}

/** A call whose answer shows a secret, once, because it was made for that. */
const reveal = (request: Request) => worker(request);

/** The ways in which a secret may hide in a text. */
function formsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const base64 = btoa(String.fromCharCode(...bytes));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const plain = base64.replace(/=+$/, "");
  return [
    ...[secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)],
    ...[plain, plain.replaceAll("+", "-").replaceAll("/", "_")],
    ...[hex, hex.toUpperCase()],
  ];
}

function leaksOf(secrets: Readonly<Record<string, string>>, text: string): string[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    formsOf(secret).flatMap((form) => (text.includes(form) ? [`${name}: ${form}`] : [])),
  );
}

const Shown = z.looseObject({ id: z.string(), secret: z.string() });

describe("a secret", () => {
  it("is in no answer, log line, frame, audit entry, problem or table, over every call there is", async () => {
    const given = {
      sourceSecret: "source+secret/one-0a1b2c3d",
      secondSecret: "source+secret/two-4e5f6a7b",
      headerValue: "header~value~8c9d0e1f",
      bearer: "bearer.token.2a3b4c5d",
      password: "basic:password:6e7f8a9b",
      clientSecret: "client-secret-0c1d2e3f",
      edrvSecret: "their-edrv-secret-4a5b6c7d",
    };
    const owner = await TestTenant.create(reveal);
    const ask = async (method: string, path: string, body?: unknown, key = owner.key) => {
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      const init = body === undefined ? {} : { body: JSON.stringify(body) };
      return record(new Request(owner.origin + path, { method, headers, ...init }));
    };
    const idOf = async (response: Response) =>
      z.looseObject({ id: z.string() }).parse(await response.json()).id;

    // Destinations that answer with all that they were sent.
    const receiver = await new Receiver().script({ status: 500, echo: true });
    const source = z
      .looseObject({ id: z.string(), ingestPath: z.string() })
      .parse(
        await (
          await ask("POST", "/v1/sources", { name: "eDRV", secret: given.sourceSecret })
        ).json(),
      );
    const added = await ask("POST", `/v1/sources/${source.id}/secrets`, {
      secret: given.secondSecret,
    });
    const common = {
      url: receiver.url,
      headers: { "x-team": given.headerValue },
      edrvSecret: given.edrvSecret,
      retry: { scheduleSeconds: [] },
    };
    const bearer = Shown.parse(
      (
        await owner.call("POST", "/v1/routes", {
          ...common,
          name: "bearer",
          auth: { type: "bearer", token: given.bearer },
        })
      ).body,
    );
    const basic = Shown.parse(
      (
        await owner.call("POST", "/v1/routes", {
          ...common,
          name: "basic",
          auth: { type: "basic", username: "relay", password: given.password },
        })
      ).body,
    );
    const oauth2 = Shown.parse(
      (
        await owner.call("POST", "/v1/routes", {
          ...common,
          name: "oauth2",
          auth: {
            type: "oauth2",
            tokenUrl: receiver.url,
            clientId: "relay",
            clientSecret: given.clientSecret,
          },
        })
      ).body,
    );
    const { secret: rotated } = Shown.parse(
      (await owner.call("POST", `/v1/routes/${bearer.id}/rotate-secret`, {})).body,
    );
    const key = z
      .object({ id: z.string(), apiKey: z.string() })
      .parse((await owner.call("POST", "/v1/keys", { name: "screen", role: "reader" })).body);
    const token = await owner.token();
    const secrets = {
      ...given,
      ...{ MASTER_KEY, MASTER_KEY_PREVIOUS, OPERATOR_KEY },
      ...{ apiKey: owner.key, readerKey: key.apiKey, token, rotated },
      ...{ signing: bearer.secret, signing2: basic.secret, signing3: oauth2.secret },
    };

    const { frames } = await subscribe(owner, "/v1/stream?from=start");
    const send = (body: string, secret: string) =>
      owner.send(source.ingestPath, body, { secret }).then(async (response) => {
        emitted.push(await response.text());
      });
    await send(JSON.stringify(webhook({ station: "cs1" })), given.sourceSecret);
    await send("not JSON", given.secondSecret);
    for (let count = 0; count < 6; count += 1) await send("{}", `wrong ${given.sourceSecret}`);
    const letters = () => owner.items(`/v1/routes/${basic.id}/dead-letters`);
    await expect.poll(async () => (await letters()).length).toBeGreaterThan(0);
    await ask("PATCH", `/v1/routes/${bearer.id}`, {
      headers: { "x-team": given.headerValue },
      auth: { type: "bearer", token: given.bearer },
    });
    // What is refused names what is wrong, and does not repeat it.
    await ask("POST", "/v1/sources", { name: "x", secret: `${given.sourceSecret}`.repeat(30) });
    await ask("POST", "/v1/sources", { name: "x", secret: given.sourceSecret, scheme: "no" });
    const spaced = { type: "bearer", token: `${given.bearer} and a space` };
    await ask("POST", "/v1/routes", { ...common, name: "x", auth: spaced });
    await ask("GET", "/v1/settings", undefined, `${owner.key}x`);
    await ask("GET", "/v1/tenants", undefined, `${OPERATOR_KEY}x`);

    const document = Described.parse(await (await ask("GET", "/openapi.json")).json());
    const secretId = await idOf(added);
    const fill = (path: string) =>
      path
        .replace(/\{(secretId|secret)\}/, secretId)
        .replace(/sources\/\{[^}]+\}/, `sources/${source.id}`)
        .replace(/routes\/\{[^}]+\}/, `routes/${basic.id}`)
        .replace(/tenants\/\{[^}]+\}/, `tenants/${owner.id}`)
        .replace(/keys\/\{[^}]+\}/, `keys/${key.id}`)
        .replace(/stations\/\{[^}]+\}/, "stations/cs1")
        .replace(/lanes\/\{[^}]+\}/, "lanes/cs1")
        .replace(/\{[^}]+\}/g, "1");
    const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
      METHODS.filter((method) => method in methods).map((method) => ({ method, path })),
    );
    expect(calls.length).toBeGreaterThan(50);
    // What takes things away comes last, and the tenant stays to be looked at.
    calls.sort((one, other) => METHODS.indexOf(one.method) - METHODS.indexOf(other.method));
    for (const { method, path } of calls) {
      const isRevealing = /rotate-secret|\/v1\/(keys|tokens|tickets|routes|tenants)$/.test(path);
      if (method === "post" && isRevealing) continue;
      if (method === "delete" && path === "/v1/tenants/{id}") continue;
      const isOperators = path.startsWith("/v1/tenants");
      const body = method === "get" || method === "delete" ? undefined : {};
      const asker = isOperators ? OPERATOR_KEY : owner.key;
      const response = await ask(method.toUpperCase(), fill(path), body, asker);
      await response.body?.cancel();
    }
    await ask("GET", "/v1/audit?limit=200");
    await ask("GET", "/v1/stations/cs1/deliveries?limit=200");
    emitted.push(JSON.stringify(frames));

    expect(emitted.join("\n").length).toBeGreaterThan(20_000);
    expect(leaksOf(secrets, emitted.join("\n"))).toEqual([]);
    const routes = [bearer.id, basic.id, oauth2.id];
    const stored = await storedText(owner, ["cs1", "_account"], routes);
    expect(leaksOf(secrets, stored)).toEqual([]);
  });
});

describe("leaksOf", () => {
  const secret = "a+b/c?secret";
  it.each([
    "a+b/c?secret",
    "a%2Bb%2Fc%3Fsecret",
    "YStiL2M/c2VjcmV0",
    "YStiL2M_c2VjcmV0",
    "612b622f633f736563726574",
  ])("finds a secret as %s", (form) => {
    expect(leaksOf({ secret }, `…${form}…`)).not.toEqual([]);
    expect(leaksOf({ secret }, "nothing")).toEqual([]);
  });
});
