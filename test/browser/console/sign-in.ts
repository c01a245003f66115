import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { ConsoleTenant, openTab } from "../../support/console-world.ts";

let tenant: ConsoleTenant;

beforeAll(async () => {
  tenant = await ConsoleTenant.create();
});

const CreatedKey = z.looseObject({ apiKey: z.string() });

async function readerKey(): Promise<string> {
  const { body } = await tenant.api.call("POST", "/v1/keys", { name: "eyes", role: "reader" });
  return CreatedKey.parse(body).apiKey;
}

describe("signing in", () => {
  it("tells that a key is not known, and takes one that is", async () => {
    const tab = await openTab();
    tab.allowOutages();
    await tab.field("API key").fill("cw_nobody_0000000000000000");
    await tab.page.keyboard.press("Enter");
    await tab.says("The relay does not know this key.");
    await tab.field("API key").fill(` ${tenant.key} `);
    await tab.page.keyboard.press("Enter");
    await tab.button("Sign out").waitFor();
    await tab.isConnection(/^live$/);
  });

  it("takes the key of a link, which leaves the address and the history", async () => {
    const tab = await openTab(`key=${tenant.key}`);
    await tab.heading("Stations").waitFor();
    expect(tab.page.url()).not.toContain(tenant.key);
    await tab.go("routes", "Routes");
    await tab.page.goBack();
    await tab.heading("Stations").waitFor();
    expect(tab.page.url()).not.toContain(tenant.key);
    expect(await tab.page.evaluate("history.length")).toBeLessThanOrEqual(3);
  });

  it("keeps the key in the tab alone, through reloads", async () => {
    const tab = await openTab(`key=${tenant.key}`);
    await tab.go("sources", "Sources");
    await tab.page.reload();
    await tab.heading("Sources").waitFor();
    const kept = await tab.page.evaluate(
      "JSON.stringify({ local: { ...localStorage }, cookies: document.cookie })",
    );
    expect(kept).not.toContain(tenant.key);
    const other = await openTab();
    await other.heading("Sign in").waitFor();
  });

  it("forgets the key when one signs out", async () => {
    const tab = await openTab(`key=${tenant.key}`);
    await tab.button("Sign out").click();
    await tab.heading("Sign in").waitFor();
    expect(await tab.page.evaluate("sessionStorage.length")).toBe(0);
    await tab.page.reload();
    await tab.heading("Sign in").waitFor();
  });

  it("ends where it is when the key is taken away", async () => {
    const key = await readerKey();
    const tab = await openTab(`key=${key}`);
    tab.allowOutages();
    await tab.says("read only");
    const { items } = z
      .object({ items: z.array(z.looseObject({ id: z.string(), name: z.string() })) })
      .parse((await tenant.api.call("GET", "/v1/keys")).body);
    for (const { id } of items.filter(({ name }) => name === "eyes")) {
      await tenant.api.call("DELETE", `/v1/keys/${id}`);
    }
    await tab.go("routes", /^(Routes|Sign in)$/);
    await tab.says(/no longer valid/);
  });
});
