import { describe, expect, it } from "vitest";
import { TestTenant } from "../../support/api.ts";
import { ConsoleTenant, enterAt, world } from "../../support/console-world.ts";
import { EDRV_SECRET, webhook } from "../../support/webhooks.ts";

describe("sources", () => {
  it("are created, given a secret, and confirm the first webhook", async () => {
    const api = await TestTenant.create(fetch, world().relay.url);
    const tab = await enterAt(api.key, "sources", "Sources");
    await tab.button("Create a source").first().click();
    const dialog = tab.dialog("Create a source");
    await dialog.getByLabel("Name").fill("eDRV production");
    await dialog.getByLabel(/Signing secret/).fill(EDRV_SECRET);
    await tab.page.keyboard.press("Enter");
    await tab.heading("eDRV production").waitFor();
    const url = await tab.main
      .getByText(/\/ingest\/src_/)
      .first()
      .innerText();
    const path = new URL(url.trim()).pathname;
    expect((await api.send(path, webhook())).status).toBe(200);
    await tab.says(/timestamped/);
    expect(await tab.page.getByText(EDRV_SECRET).count()).toBe(0);
  });

  it("show requests that they refused", async () => {
    const tenant = await ConsoleTenant.create();
    const answer = await tenant.api.send(tenant.source.path, webhook(), { secret: "another" });
    expect(answer.status).toBe(401);
    const tab = await tenant.enter(`sources/${tenant.source.id}`, "eDRV");
    await tab.main.getByRole("region", { name: "Refused requests" }).waitFor();
  });
});

describe("quarantine", () => {
  it("releases what can be an event to a station, and discards the rest", async () => {
    const tenant = await ConsoleTenant.create();
    await tenant.send({ station: "found-station" });
    const unplaced = { ...webhook(), data: { _id: "x", chargestation: "no station/at all" } };
    await tenant.api.send(tenant.source.path, unplaced);
    await tenant.api.send(tenant.source.path, "this is no JSON");
    const tab = await tenant.enter("quarantine", "Quarantine (2)");
    const rows = tab.main.getByRole("row");
    await rows
      .filter({ hasText: "no station/at all" })
      .getByRole("button", { name: /Inspect/ })
      .click();
    const dialog = tab.dialog("Quarantined webhook");
    await dialog.getByLabel(/^Station/).fill("found-station");
    await dialog.getByRole("button", { name: "Release", exact: true }).click();
    await tab.heading("Quarantine (1)").waitFor();
    const events = await tenant.api.items("/v1/stations/found-station/events");
    expect(events).toHaveLength(2);
    await rows
      .filter({ hasText: "this is no JSON" })
      .getByRole("button", { name: /Inspect/ })
      .click();
    await dialog.getByRole("button", { name: /^Discard/ }).click();
    await tab.button("Discard it").click();
    await tab.says("Nothing is held");
  });
});

describe("an empty tenant", () => {
  it("shows what to do next, and starts simulated stations", async () => {
    const api = await TestTenant.create(fetch, world().relay.url);
    const tab = await enterAt(api.key, "stations", "Stations");
    await tab.says("Four steps to the first event delivered");
    await tab.button("Start simulated stations").click();
    // A real fleet, by real webhooks: it is there by itself, and goes on under another page.
    await tab.says(/\d+ stations?, \d+ online/);
    await tab.go("feed", "Live feed");
    await tab.main.getByRole("listitem").first().waitFor();
    await tab.button("Stop simulated stations").click();
    await tab.button("Stop simulated stations").waitFor({ state: "detached" });
  });
});
