import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { deadLetters, setUpRoute } from "./outage-support.ts";
import { Receiver } from "./receiver.ts";

afterEach(() => reset());

const Letters = z.array(z.looseObject({ id: z.string(), snippet: z.string() }));

const oauth2 = async () => {
  const body = JSON.stringify({ access_token: "access-token-1", token_type: "Bearer" });
  const { url } = await new Receiver().script({ body });
  const [clientId, clientSecret] = ["client-1", "client-secret-1"];
  return { auth: { type: "oauth2", tokenUrl: url, clientId, clientSecret } };
};

describe("a destination that echoes what it was sent", () => {
  it.each<[string, () => Promise<object>, string[]]>([
    [
      "header values",
      async () => ({
        headers: { "x-api-key": "header-value-1", Authorization: "Key key-value-1" },
      }),
      ["header-value-1", "key-value-1"],
    ],
    [
      "bearer token",
      async () => ({ auth: { type: "bearer", token: "bearer-token-1" } }),
      ["bearer-token-1"],
    ],
    [
      "password, nor its base64",
      async () => ({
        auth: { type: "basic", username: "us", password: "password-1" },
        headers: { "x-password": "is password-1" },
      }),
      ["password-1", btoa("us:password-1")],
    ],
    ["access token", oauth2, ["access-token-1", "client-secret-1"]],
  ])("does not make the relay show the route's %s", async (_name, settings, secrets) => {
    const { tenant, receiver, routeId, send } = await setUpRoute([{ status: 422, echo: true }], {
      ...(await settings()),
    });
    const at = `/v1/routes/${routeId}`;
    await send("cs1");
    await expect.poll(async () => (await deadLetters(tenant, routeId)).length).toBe(1);
    // The one secret that every answer here has quoted.
    expect(JSON.stringify(await receiver.nth(1))).toContain(secrets[0]);
    const [letter] = Letters.parse(await deadLetters(tenant, routeId));
    const shown = [
      await tenant.text("/v1/stations/cs1/deliveries"),
      await tenant.text(`${at}/dead-letters`),
      await tenant.text(`${at}/dead-letters/${letter?.id}`),
      await tenant.text(`${at}/lanes`),
      JSON.stringify((await tenant.call("POST", `${at}/test`)).body),
    ];
    for (const text of shown) {
      expect(text).toContain("chargewire-attempt");
      expect(text).toContain("…");
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
  });
});
