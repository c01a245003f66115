import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { PHONE, WIDE } from "../../support/console-tab.ts";
import { ConsoleTenant, enterAt, world } from "../../support/console-world.ts";

/**
 * Names of buttons and links that change something. A token that reads is for readers too, and
 * the feed and a timeline are paused in the page alone.
 */
const CHANGES =
  /^(create|new |make (?!the token)|add |edit|change|delete|remove|rotate|resume|test$|release|discard|redeliver|retry|skip|save|start|pin|disable|enable|take |cancel)/i;

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

  it("shows a reader nothing that changes something", async () => {
    const { body } = await tenant.api.call("POST", "/v1/keys", { name: "eyes", role: "reader" });
    const { apiKey } = z.looseObject({ apiKey: z.string() }).parse(body);
    const tab = await enterAt(apiKey, "stations", "Stations");
    const found: string[] = [];
    for (const [place, title] of pages().filter(([place]) => !place.endsWith("/new"))) {
      await tab.go(place, title);
      for (const control of await tab.main.locator("button, a").all()) {
        const name = (await control.getAttribute("aria-label")) ?? (await control.innerText());
        if (CHANGES.test(name)) found.push(`${place}: ${name}`);
      }
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
