import { beforeAll, describe, expect, it } from "vitest";

import { PHONE, WIDE } from "../../support/console-tab.ts";
import { ConsoleTenant, world } from "../../support/console-world.ts";

let tenant: ConsoleTenant;
let routeId: string;

beforeAll(async () => {
  tenant = await ConsoleTenant.create();
  ({ id: routeId } = await tenant.api.route(world().destination.url, { name: "receiver" }));
  await tenant.send({ type: "session.started" }, { type: "chargestation.online" });
  await tenant.api.send(tenant.source.path, "no JSON");
});

const pages = (): readonly (readonly [string, string | RegExp])[] => [
  ["stations", "Stations"],
  ["stations/6192dea22df1431ea2c4720d", "6192dea22df1431ea2c4720d"],
  ["feed", "Live feed"],
  ["charts", "Charts"],
  ["routes", "Routes"],
  [`routes/${routeId}`, "receiver"],
  ["routes/new", "New route"],
  ["replays", "Replays"],
  ["replays/new", "New replay"],
  ["sources", "Sources"],
  [`sources/${tenant.source.id}`, "eDRV"],
  ["quarantine", /^Quarantine/],
  ["keys", "Keys and tokens"],
  ["usage", "Usage and cost"],
  ["audit", "Audit log"],
  ["settings", "Settings"],
];

describe("every page", () => {
  it("has no barrier for anybody, in light and dark, wide and on a phone", async () => {
    const tab = await tenant.enter("stations", "Stations");
    const found: string[] = [];
    for (const [place, title] of pages()) {
      await tab.go(place, title);
      await tab.page.waitForLoadState("networkidle");
      found.push(...(await tab.barriers()).map((barrier) => `${place}: ${barrier}`));
      await tab.page.evaluate('document.documentElement.dataset.theme = "dark"');
      found.push(...(await tab.barriers("colours")).map((barrier) => `${place}, dark: ${barrier}`));
      await tab.page.evaluate("delete document.documentElement.dataset.theme");
      await tab.page.setViewportSize(PHONE);
      const isTooWide = await tab.page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth",
      );
      if (isTooWide === true) found.push(`${place}: wider than a phone`);
      await tab.page.setViewportSize(WIDE);
    }
    expect(found).toEqual([]);
  });

  it("can be reached by the keyboard alone; dialogs keep the focus and give it back", async () => {
    const tab = await tenant.enter("sources", "Sources");
    await tab.page.keyboard.press("Tab");
    expect(await tab.focused()).toBe("Skip to the page");
    await tab.page.keyboard.press("Enter");
    await tab.button("Create a source").focus();
    await tab.page.keyboard.press("Enter");
    await tab.dialog("Create a source").waitFor();
    await tab.page.keyboard.press("Escape");
    await tab.dialog("Create a source").waitFor({ state: "detached" });
    expect(await tab.focused()).toBe("Create a source");
  });
});
