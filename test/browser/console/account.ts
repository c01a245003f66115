import { beforeAll, describe, expect, it } from "vitest";

import { ConsoleTenant, openTab } from "../../support/console-world.ts";

let tenant: ConsoleTenant;

beforeAll(async () => {
  tenant = await ConsoleTenant.create();
  await tenant.send({ type: "session.started" });
});

describe("the account", () => {
  it("makes a key, shows it once, and lets it in as what it is", async () => {
    const tab = await tenant.enter("keys", "Keys and tokens");
    await tab.button("Make a key").click();
    await tab.dialog("Make a key").getByLabel("Name").fill("wall screen");
    await tab
      .dialog("Make a key")
      .getByLabel(/reader/i)
      .check();
    await tab.button("Make the key").click();
    const made = tab.dialog("The key wall screen");
    const key = (await made.getByText(/^cw_/).innerText()).trim();
    await tab.button("I have kept it").click();
    expect(await tab.page.getByText(/^cw_/).count()).toBe(0);

    const reader = await openTab(`key=${key}`);
    await reader.says("read only");
    await reader.go("routes", "Routes");
    expect(await reader.link(/New route|Create/).count()).toBe(0);
    await reader.go("sources", "Sources");
    await reader.link("eDRV").first().waitFor();
    expect(await reader.button("Create a source").count()).toBe(0);
  });

  it("shows usage with its cost, and who changed what", async () => {
    const tab = await tenant.enter("usage", "Usage and cost");
    await tab.main.getByText(/\$/).first().waitFor();
    await tab.go("audit", "Audit log");
    await tab.main
      .getByText(/wall screen/)
      .first()
      .waitFor();
  });

  it("keeps settings", async () => {
    const tab = await tenant.enter("settings", "Settings");
    await tab.field(/days/i).first().fill("31");
    await tab.button(/^Save/).first().click();
    await expect
      .poll(async () => (await tenant.api.call("GET", "/v1/settings")).body)
      .toMatchObject({ retentionDays: 31 });
  });
});
