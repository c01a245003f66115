import { beforeAll, describe, expect, it } from "vitest";

import { ConsoleTenant } from "../../support/console-world.ts";

const STATION = "6192dea22df1431ea2c4720d";
let tenant: ConsoleTenant;

beforeAll(async () => {
  tenant = await ConsoleTenant.create();
  await tenant.send(
    { type: "chargestation.online", data: { _id: STATION, connectors: [] } },
    { type: "session.started" },
  );
});

describe("what is live", () => {
  it("shows a station as it changes, with counts by status", async () => {
    const tab = await tenant.enter("stations", "Stations");
    await tab.main.getByRole("link", { name: STATION }).waitFor();
    await tab.says(/1 stations?, 1 online, 1 sessions?/);
    await tab.page
      .getByRole("button", { name: /^1 charging$|^charging 1$|1\s*charging/ })
      .waitFor();
    await tenant.send({
      type: "chargestation.offline",
      data: { _id: STATION, connectors: [] },
    });
    await tab.says(/0 online/);
    await tab.page.getByRole("button", { name: /1\s*offline/ }).waitFor();
    await tenant.send({
      type: "chargestation.online",
      data: { _id: "another-station", connectors: [{ _id: "c1", status: "Available" }] },
    });
    await tab.main.getByRole("link", { name: "another-station" }).waitFor();
  });

  it("finds a station, and keeps the search in the address", async () => {
    const tab = await tenant.enter("stations", "Stations");
    await tab.main.getByRole("link", { name: "another-station" }).waitFor();
    await tab.page.getByRole("searchbox").fill("another");
    await tab.main.getByRole("link", { name: STATION }).waitFor({ state: "detached" });
    await tab.page.reload();
    await tab.main.getByRole("link", { name: "another-station" }).waitFor();
    expect(await tab.main.getByRole("link", { name: STATION }).count()).toBe(0);
  });

  it("shows a station's events as they come, with their bodies", async () => {
    const tab = await tenant.enter(`stations/${STATION}`, STATION);
    const lines = tab.main.locator("summary");
    await lines.filter({ hasText: "session.started" }).waitFor();
    await tenant.send({ type: "session.ended" });
    await lines.filter({ hasText: "session.ended" }).click();
    await tab.main.getByText("62b1c19482f1fc562109c551").first().waitFor();
  });

  it("feeds every event once, newest first, and holds still while it is read", async () => {
    const tab = await tenant.enter("feed", "Live feed");
    const rows = tab.main.getByRole("listitem").getByRole("button");
    await rows.filter({ hasText: "session.ended" }).waitFor();
    await tenant.send({ type: "session.cancelled" });
    await rows.first().filter({ hasText: "session.cancelled" }).waitFor();
    await tab.button("Pause").click();
    await tenant.send({ type: "session.start_failure" });
    await tab.button("Follow (1 new)").waitFor();
    expect(await rows.filter({ hasText: "session.start_failure" }).count()).toBe(0);
    await tab.button("Follow (1 new)").click();
    await rows.first().filter({ hasText: "session.start_failure" }).waitFor();
    expect(await rows.filter({ hasText: "session.cancelled" }).count()).toBe(1);
    await rows.first().click();
    await tab.page
      .getByRole("complementary", { name: "Event" })
      .getByRole("link", { name: STATION })
      .waitFor();
    await tab.page.keyboard.press("Escape");
    await tab.page.getByRole("complementary", { name: "Event" }).waitFor({ state: "detached" });
  });

  it("filters the feed by type with completion, and keeps the filter in the address", async () => {
    const tab = await tenant.enter("feed", "Live feed");
    await tab.page.getByText("Filter:").click();
    const types = tab.page.getByRole("combobox", { name: "Types" });
    await types.fill("session.can");
    await tab.page.getByRole("option", { name: "session.cancelled" }).click();
    await tab.says(/1 shown of/);
    await tab.page.reload();
    await tab.says(/1 shown of/);
    expect(await tab.main.getByText("chargestation.online").count()).toBe(0);
    await tab.page.getByLabel("Body matches").fill("{ not json");
    await tab.says(/This is not JSON/);
  });

  it("draws charts, with their newest values in words", async () => {
    const tab = await tenant.enter("charts", "Charts");
    await tab.page.getByRole("figure").first().locator("canvas").waitFor();
    const latency = tab.page.getByRole("table", { name: "Acknowledgement" });
    await expect.poll(() => latency.getByRole("row", { name: /p99/ }).innerText()).toMatch(/\d/);
    await tab.field("Window").selectOption("60");
    await tab.page.getByRole("table", { name: "Events by class" }).getByText("network").waitFor();
  });
});

describe("a large fleet", () => {
  it("has no more rows in the page than are in view, and shows the last by the keyboard", async () => {
    const fleet = await ConsoleTenant.create();
    const ids = Array.from({ length: 120 }, (_, i) => `station-${String(i).padStart(3, "0")}`);
    await Promise.all(ids.map((station) => fleet.send({ type: "session.started", station })));
    const tab = await fleet.enter("stations", "Stations");
    await tab.says("120 shown");
    const rows = tab.main.getByRole("listitem");
    await tab.link("station-000").waitFor();
    expect(await rows.count()).toBeLessThan(60);
    await tab.page.getByRole("region", { name: "Stations" }).focus();
    await tab.page.keyboard.press("End");
    await tab.link("station-119").waitFor();
    expect(await rows.count()).toBeLessThan(60);
  });
});
