import { beforeAll, describe, expect, it } from "vitest";

import { ConsoleTenant, openTab, world } from "../../support/console-world.ts";
import { startProxy, type TestProxy } from "../../support/proxy.ts";

/** From then on each connection asks for a place that the relay knows nothing of. */
const LOSE_THE_PLACE = `{
  const Known = WebSocket;
  globalThis.WebSocket = class extends Known {
    constructor(address, protocols) {
      const url = new URL(address);
      if (url.searchParams.get("from") !== "snapshot") url.searchParams.set("from", "aaaaaaaaaaaa.1");
      super(url, protocols);
    }
  };
}`;

let tenant: ConsoleTenant;

beforeAll(async () => {
  tenant = await ConsoleTenant.create();
});

describe("an outage of the relay", () => {
  it("is told, and when it is over nothing is missing and nothing double", async () => {
    const types = ["session.created", "session.started", "session.updated", "session.ended"];
    await tenant.send(...types.slice(0, 2).map((type) => ({ type })));
    const tab = await tenant.enter("feed", "Live feed");
    tab.allowOutages();
    await tab.isConnection(/^live$/);
    const rows = tab.main.getByRole("listitem").getByRole("button");
    await expect.poll(() => rows.count()).toBe(2);
    await tenant.send({ type: "session.updated" });
    await expect.poll(() => rows.count()).toBe(3);

    await world().relay.kill();
    await tab.isConnection(/^not live: /);
    await tab.says(/Not live\. What is missed now comes when the connection is back/);
    expect(await rows.count()).toBe(3);

    await world().relay.restart();
    // Sent before the page is back, so that it has something to make up for.
    await tenant.send({ type: "session.ended" });
    await tab.isConnection(/^live$/);
    await expect.poll(() => rows.count()).toBe(4);
    await rows.first().filter({ hasText: "session.ended" }).waitFor();
    for (const type of types) {
      expect(await rows.filter({ hasText: type }).count()).toBe(1);
    }
  });
});

describe("a place in the stream that is lost", () => {
  let proxy: TestProxy;

  beforeAll(async () => {
    proxy = await startProxy(world().relay.url);
    return () => proxy.close();
  });

  it("is told on the page and marked in the feed, and states are right again", async () => {
    const tab = await openTab("", proxy.url);
    tab.allowOutages();
    await tab.page.evaluate(LOSE_THE_PLACE);
    await tab.field("API key").fill(tenant.key);
    await tab.page.keyboard.press("Enter");
    await tab.isConnection(/^live$/);
    await tab.go("feed", "Live feed");
    await tab.button("Pause").waitFor();
    proxy.cut();
    await tab.isConnection(/^not live: /);
    await tenant.send({ type: "chargestation.online", data: { _id: "gap-station" } });
    proxy.heal();
    await tab.page.getByRole("alert").filter({ hasText: "Events were skipped here" }).waitFor();
    await tab.main.getByText(/^Events are missing here/).waitFor();
    await tab.button("Understood").click();
    await tab.page.getByText("Events were skipped here").waitFor({ state: "detached" });
    await tab.go("stations", "Stations");
    await tab.link("gap-station").waitFor();
  });
});
