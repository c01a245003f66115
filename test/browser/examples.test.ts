import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { TestTenant } from "../support/api.ts";
import { TestBrowser, type TestPage } from "../support/browser.ts";
import { PageServer } from "../support/page-server.ts";
import { TestRelay } from "../support/relay.ts";
import { eventsIn, opOf } from "../support/stream-log.ts";
import { webhook } from "../support/webhooks.ts";

const PATIENCE = { timeout: 45_000 };

let relay: TestRelay;
let pages: PageServer;
let browser: TestBrowser;
let tenant: TestTenant;
let ingestPath: string;

beforeAll(async () => {
  [relay, pages, browser] = await Promise.all([
    TestRelay.start(),
    PageServer.start(),
    TestBrowser.start(),
  ]);
});

afterAll(() => Promise.all([relay.stop(), pages.stop(), browser.stop()]));

beforeEach(async () => {
  tenant = await TestTenant.create(fetch, relay.url);
  ingestPath = (await tenant.source()).path;
});

afterEach(() => browser.closePages());

async function open(file: string, token?: string): Promise<TestPage> {
  const place = new URLSearchParams({ relay: relay.url, token: token ?? (await tenant.token()) });
  return browser.open(`${pages.origin}/examples/${file}#${place}`);
}

async function send(station: string, type = "session.updated"): Promise<void> {
  const answer = await tenant.send(ingestPath, webhook({ station, type }));
  expect(answer.status).toBe(200);
}

async function framesOf(page: TestPage): Promise<string[]> {
  return (await page.text("pre")).split("\n").filter((line) => line !== "");
}

describe.each(["page.html", "event-source.html"])("examples/%s", (file) => {
  it("shows the stations as they are, then each event once, also after the relay was killed", async () => {
    await send("cs1");
    const page = await open(file);
    const frames = () => framesOf(page);
    await expect
      .poll(async () => (await frames()).map(opOf), PATIENCE)
      .toEqual(["hello", "snapshot"]);
    await expect.poll(() => page.text("p"), PATIENCE).toBe("live");
    await send("cs1");
    await send("cs2");
    await expect.poll(async () => eventsIn(await frames()), PATIENCE).toEqual(["cs1#2", "cs2#1"]);
    expect([page.faults, page.outages]).toEqual([[], []]);

    await relay.kill();
    await expect.poll(() => page.text("p"), PATIENCE).toBe("waiting");
    await relay.restart();
    await send("cs1");
    await send("cs1");
    const all = ["cs1#2", "cs2#1", "cs1#3", "cs1#4"];
    await expect.poll(async () => eventsIn(await frames()), PATIENCE).toEqual(all);
    expect(await page.text("p")).toBe("live");
    await send("cs2");
    await expect.poll(async () => eventsIn(await frames()), PATIENCE).toEqual([...all, "cs2#2"]);
    // No second snapshot.
    expect((await frames()).map(opOf).filter((op) => op === "snapshot")).toHaveLength(1);
    expect(page.faults).toEqual([]);
  });
});

describe("examples/page.html", () => {
  it("goes on trying when it is refused, for it cannot tell why", async () => {
    const page = await open("page.html", "none");
    await expect.poll(() => page.outages.length, PATIENCE).toBeGreaterThan(2);
    expect(await page.text("p")).toBe("waiting");
    expect(page.faults).toEqual([]);
  });
});

describe("examples/event-source.html", () => {
  it("says so when it is refused", async () => {
    const page = await open("event-source.html", "none");
    await expect.poll(() => page.text("p"), PATIENCE).toBe("refused: 401");
    expect(page.faults).toEqual([]);
  });
});

describe("examples/client.html", () => {
  const rows = (page: TestPage) => page.texts("#stations tr");

  it("shows stations, live, also after the relay was killed", async () => {
    await send("cs1", "chargestation.online");
    const page = await open("client.html");
    await expect.poll(() => rows(page), PATIENCE).toEqual(["cs1\t1\t\ttrue"]);
    expect(await page.text("#status")).toBe("live");
    await send("cs2");
    await send("cs1", "chargestation.offline");
    const live = ["cs1\t2\tchargestation.offline\tfalse", "cs2\t1\tsession.updated\tunknown"];
    await expect.poll(() => rows(page), PATIENCE).toEqual(live);
    expect([page.faults, page.outages]).toEqual([[], []]);

    await relay.kill();
    await expect.poll(() => page.text("#status"), PATIENCE).toMatch(/^(offline|connecting)/);
    await relay.restart();
    await send("cs2");
    const after = [live[0], "cs2\t2\tsession.updated\tunknown"];
    await expect.poll(() => rows(page), PATIENCE).toEqual(after);
    expect(await page.text("#status")).toBe("live");
    expect(await page.texts("#gaps li")).toEqual([]);
    expect(page.faults).toEqual([]);
  });
});
