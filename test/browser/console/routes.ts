import { beforeAll, describe, expect, it } from "vitest";

import { ConsoleTenant, world } from "../../support/console-world.ts";
import { webhook } from "../../support/webhooks.ts";

const PATIENCE = { timeout: 20_000 };
let tenant: ConsoleTenant;

beforeAll(async () => {
  tenant = await ConsoleTenant.create();
  await tenant.send({ type: "session.started" }, { type: "chargestation.online" });
});

describe("routes", () => {
  it("are made with the filter tried as it is written, and shown with their secret once", async () => {
    const tab = await tenant.enter("routes/new", "New route");
    await tab.field("Name").fill("billing");
    await tab.field("Address").fill(world().destination.url);
    await tab.says("2 of the 2 newest events pass");
    await tab.page.getByRole("combobox", { name: "Types" }).fill("session.*");
    await tab.page.keyboard.press("Enter");
    await tab.says("1 of the 2 newest events pass");
    await tab.button(/^Create/).click();
    await tab.heading("billing is there").waitFor();
    await tab.says(/whsec_/);
    await tab.go("routes", "Routes");
    await tab.link("billing").first().waitFor();
    expect(await tab.page.getByText("whsec_").count()).toBe(0);
  });

  it("deliver, are tested, paused and resumed", async () => {
    const tab = await tenant.enter("routes", "Routes");
    await tab.link("billing").first().click();
    await tab.heading("billing").waitFor();
    await tenant.send({ type: "session.updated", station: "delivered-station" });
    await expect.poll(() => world().destination.of("delivered-station").length).toBe(1);
    await tab.button("Test").click();
    await tab.button("Send it").click();
    await tab.dialog("Test the destination").getByText(/200/).first().waitFor();
    await tab.page.keyboard.press("Escape");
    await tab.dialog("Test the destination").waitFor({ state: "detached" });
    await tab.button("Pause").click();
    await tab
      .dialog(/Pause billing/)
      .getByRole("button", { name: /^Pause/ })
      .click();
    await tab.button("Resume").click();
    await tab.button("Pause").waitFor();
  });

  it("show a new secret once when it is rotated", async () => {
    const tab = await tenant.enter("routes", "Routes");
    await tab.link("billing").first().click();
    await tab.button("Rotate secret").click();
    await tab.button("Make a new secret").click();
    await tab
      .dialog("Rotate the signing secret")
      .getByText(/^whsec_/)
      .waitFor();
    await tab.button("I have it").click();
    expect(await tab.page.getByText(/^whsec_/).count()).toBe(0);
  });

  it("say so when somebody else was faster with a change", async () => {
    const { id } = await tenant.api.route(world().destination.url, { name: "contested" });
    const tab = await tenant.enter(`routes/${id}/edit`, "Change contested");
    // The call is refused, which the browser notes.
    tab.allowOutages();
    await tenant.api.call("PATCH", `/v1/routes/${id}`, { timeoutMs: 5_000 });
    await tab.field("Name").fill("mine");
    await tab.button(/^Save/).click();
    await tab.button("Put my changes on top of theirs").click();
    await tab.button(/^Save/).click();
    await tab.heading("mine").waitFor();
    const { body } = await tenant.api.call("GET", `/v1/routes/${id}`);
    expect(body).toMatchObject({ name: "mine", timeoutMs: 5_000 });
  });

  it("tell of dead letters with the last answer, and redeliver them", async () => {
    const { destination } = world();
    const { id } = await tenant.api.route(destination.url, {
      name: "picky",
      filter: { stations: ["refused-station"] },
      retry: { scheduleSeconds: [1] },
    });
    destination.answer = ({ headers }) => ({
      status: headers["chargewire-station"] === "refused-station" ? 422 : 200,
    });
    await tenant.send({ station: "refused-station" });
    const tab = await tenant.enter(`routes/${id}?tab=dead-letters`, "picky");
    await tab.link(/^Dead letters/).click();
    await tab.says(/HTTP 422/);
    destination.answer = () => ({ status: 200 });
    await tab.button(/^Redeliver event 1 of refused-station|^Redeliver .*refused-station/).click();
    await expect.poll(() => destination.of("refused-station").length).toBe(1);
    await tab.says("No dead letters");
  });

  it("let an operator try a lane again, or give its next event up", async () => {
    const { destination } = world();
    const stations = ["tried-station", "skipped-station"];
    const { id } = await tenant.api.route(destination.url, {
      name: "stuck",
      filter: { stations },
      retry: { scheduleSeconds: [3_600] },
    });
    destination.answer = ({ headers }) => ({
      status: stations.includes(headers["chargewire-station"] ?? "") ? 503 : 200,
    });
    for (const station of stations) await tenant.send({ station });
    const tab = await tenant.enter(`routes/${id}?tab=lanes`, "stuck");
    await tab.button("Skip the next event of skipped-station").click();
    await tab.button("Skip it").click();
    await tab.says("The event is a dead letter now.");
    destination.answer = () => ({ status: 200 });
    await tab.button("Retry the lane of tried-station now").click();
    await expect.poll(() => destination.of("tried-station").length, PATIENCE).toBe(1);
    await tab.link(/^Dead letters/).click();
    await tab.main.getByRole("row").filter({ hasText: "skipped-station" }).waitFor();
    expect(destination.of("skipped-station")).toEqual([]);
  });

  it("get a replay that is counted before it is sent, and its progress to the end", async () => {
    const { destination } = world();
    // Of a tenant whose only route it is.
    const tenant = await ConsoleTenant.create();
    const { id } = await tenant.api.route(destination.url, { name: "replayed" });
    for (const _ of [1, 2, 3]) {
      await tenant.api.send(tenant.source.path, webhook({ station: "replayed-station" }));
    }
    await expect.poll(() => destination.of("replayed-station").length).toBe(3);
    const tab = await tenant.enter(
      `replays/new?route=${id}&stations=replayed-station`,
      "New replay",
    );
    await tab.button("Count what it would send").click();
    expect(destination.of("replayed-station").length).toBe(3);
    await tab.button(/Start the replay of 3 events/).click();
    await tab.heading("Replay of a time range").waitFor();
    await tab.says(/done/);
    await expect.poll(() => destination.of("replayed-station").length).toBe(6);
  });
});
