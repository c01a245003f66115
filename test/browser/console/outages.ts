import { beforeAll, describe, expect, it } from "vitest";

import { ConsoleTenant, world } from "../../support/console-world.ts";

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
