import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { TestTenant } from "../support/api.ts";
import { TestBrowser } from "../support/browser.ts";
import { ObservedPage, unannounced } from "../support/observed-page.ts";
import { PageServer } from "../support/page-server.ts";
import { startProxy, type TestProxy } from "../support/proxy.ts";
import { TestRelay } from "../support/relay.ts";
import { webhook } from "../support/webhooks.ts";

const PATIENCE = { timeout: 45_000 };
const STATIONS = ["cs1", "cs2", "cs3"];

let relay: TestRelay;
let pages: PageServer;
let browser: TestBrowser;
let proxy: TestProxy;
let tenant: TestTenant;
let ingestPath: string;
let tokenSeconds: number;
let rounds: number;
const opened: ObservedPage[] = [];

beforeAll(async () => {
  const newToken = async () =>
    (await tenant.call("POST", "/v1/tokens", { ttlSeconds: tokenSeconds })).body;
  [relay, pages, browser] = await Promise.all([
    TestRelay.start(),
    PageServer.start({ "/token": newToken }),
    TestBrowser.start(),
  ]);
});

afterAll(() => Promise.all([relay.stop(), pages.stop(), browser.stop()]));

beforeEach(async () => {
  tokenSeconds = 3_600;
  rounds = 0;
  tenant = await TestTenant.create(fetch, relay.url);
  ingestPath = (await tenant.source()).path;
  proxy = await startProxy(relay.url);
});

afterEach(async () => {
  for (const { tab } of opened.splice(0)) expect(tab.faults).toEqual([]);
  await browser.closePages();
  await proxy.close();
});

async function observe(from = "now"): Promise<ObservedPage> {
  const place = new URLSearchParams({ relay: proxy.url, from });
  const page = new ObservedPage(
    await browser.open(`${pages.origin}/test/browser/observer.html#${place}`),
  );
  opened.push(page);
  await page.shows("live");
  return page;
}

/** So many more events of every station. */
async function send(count: number, filler = ""): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    rounds += 1;
    for (const station of STATIONS) {
      const body = webhook({ data: { chargestation: station, filler } });
      const answer = await tenant.send(ingestPath, body);
      expect(answer.status).toBe(200);
    }
  }
}

/** All that has been sent, by station. */
const sent = () =>
  Object.fromEntries(
    STATIONS.map((station) => [station, Array.from({ length: rounds }, (_, i) => i + 1)]),
  );

describe("the client in a browser", () => {
  it("is live at once, and shows what happens", async () => {
    const page = await observe();
    await send(3);
    await page.hasEvents(sent());
    const { statuses, errors, tokenCount } = await page.observed();
    expect(statuses.map(({ state }) => state)).toEqual(["connecting", "live"]);
    expect([errors, tokenCount, page.tab.outages]).toEqual([[], 1, []]);
  });

  it("begins with the stations as they are, and continues that exactly", async () => {
    await send(2);
    const page = await observe("snapshot");
    await send(1);
    await expect.poll(() => page.items(), PATIENCE).toHaveLength(4);
    const [snapshot, ...events] = await page.items();
    expect(snapshot).toBe("snapshot:cs1#2,cs2#2,cs3#2");
    expect(events).toEqual(["cs1#3", "cs2#3", "cs3#3"]);
  });

  it("brings every event once and in order while the network comes and goes", async () => {
    const page = await observe();
    for (let cut = 0; cut < 4; cut += 1) {
      const sending = send(10);
      await sleep(50);
      proxy.cut();
      await page.shows("waiting");
      proxy.heal();
      await sending;
      await page.shows("live");
    }
    await page.hasEvents(sent());
    const { statuses } = await page.observed();
    const waits = statuses.filter(({ state }) => state === "waiting");
    expect(new Set(waits.map(({ reason }) => reason))).toEqual(new Set(["network"]));
    for (const { retryAtMs, atMs } of waits) expect(retryAtMs).toBeGreaterThan(atMs);
  });

  it("goes on where it was after the relay was killed", async () => {
    const page = await observe();
    await send(2);
    await relay.kill();
    await page.shows("waiting");
    await relay.restart();
    await send(2);
    await page.hasEvents(sent());
    await page.shows("live");
    await send(1);
    await page.hasEvents(sent());
  });

  it("comes back at once when the browser is online again", async () => {
    const page = await observe();
    await page.tab.setOffline(true);
    proxy.cut();
    const retryAtMs = async () => (await page.observed()).statuses.at(-1)?.retryAtMs ?? 0;
    // It waits for 0.5 s, 1 s, 2 s, 4 s, then 8 s.
    await expect
      .poll(async () => (await retryAtMs()) - Date.now(), PATIENCE)
      .toBeGreaterThan(7_000);
    const dueAtMs = await retryAtMs();
    await send(2);
    proxy.heal();
    await page.tab.setOffline(false);
    await page.hasEvents(sent());
    expect((await page.observed()).statuses.at(-1)?.atMs).toBeLessThan(dueAtMs);
  });

  it("shows two tabs the same, and goes on in one when the other is closed", async () => {
    const [first, second] = [await observe(), await observe()];
    await send(3);
    await first.hasEvents(sent());
    await second.hasEvents(sent());
    expect(await first.tab.evaluate("document.visibilityState")).toBe("hidden");
    await first.tab.evaluate("subscription.close()");
    await first.shows("closed");
    await send(1);
    await second.hasEvents(sent());
    expect((await first.items()).length).toBe(9);
  });
});

describe("a tab that nobody looks at", () => {
  it("shows after a freeze what happened meanwhile, once and in order", async () => {
    const page = await observe();
    await send(1);
    await page.hasEvents(sent());
    await page.tab.freeze();
    await send(10);
    expect(await page.items()).toHaveLength(3);
    await page.tab.thaw();
    await page.hasEvents(sent());
    await send(1);
    await page.hasEvents(sent());
    expect(await page.tab.evaluate("document.visibilityState")).toBe("hidden");
  });

  it("resumes when its connection died while it was frozen", async () => {
    const page = await observe();
    await send(1);
    await page.tab.freeze();
    proxy.cut();
    proxy.heal();
    await send(5);
    await page.tab.thaw();
    await page.hasEvents(sent());
    await page.shows("live");
  });

  it("notices when it is looked at again that the network has died without a word", async () => {
    const page = await observe();
    const other = await observe();
    expect(await page.tab.evaluate("document.visibilityState")).toBe("hidden");
    proxy.stall();
    await send(2);
    await page.tab.show();
    await expect
      .poll(async () => (await page.observed()).statuses.at(-1)?.reason, PATIENCE)
      .toBe("silent");
    proxy.heal();
    await page.hasEvents(sent());
    await other.hasEvents(sent());
  });

  it("goes on when a person comes back to it with the back button", async () => {
    const page = await observe();
    await send(1);
    await page.hasEvents(sent());
    await page.tab.page.goto(`${pages.origin}/test/browser/calls.html`);
    await send(2);
    await page.tab.page.goBack({ waitUntil: "commit" });
    await page.hasEvents(sent());
    await page.shows("live");
  });
});

describe("a page that is too busy", () => {
  it("is told that it missed something, and gets the present states instead", async () => {
    const page = await observe();
    await send(1);
    await page.hasEvents(sent());
    const blocked = page.tab.evaluate("for (const end = Date.now() + 8_000; Date.now() < end; );");
    await send(10, "x".repeat(400_000));
    await blocked;
    await send(1);
    await expect.poll(async () => (await page.items()).at(-1), PATIENCE).toBe(`cs3#${rounds}`);
    const items = await page.items();
    expect(items).toContain("gap:slow");
    expect(unannounced(items)).toEqual([]);
    const progress = (await page.observed()).statuses.filter(
      ({ state }) => state === "catching_up",
    );
    expect(progress.at(-1)?.behind).toBeLessThan(10);
  });
});

describe("a token that ends", () => {
  it("is renewed before it does, on the same connection", async () => {
    tokenSeconds = 4;
    const page = await observe();
    const until = Date.now() + 14_000;
    while (Date.now() < until) {
      await send(1);
      await sleep(300);
    }
    await page.hasEvents(sent());
    const { statuses, errors, tokenCount } = await page.observed();
    expect(statuses.map(({ state }) => state)).toEqual(["connecting", "live"]);
    expect(tokenCount).toBeGreaterThanOrEqual(4);
    expect([errors, proxy.connectionCount, page.tab.outages]).toEqual([[], 1, []]);
  });

  it("is replaced after a freeze in which it ended", async () => {
    tokenSeconds = 2;
    const page = await observe();
    await page.tab.freeze();
    // The relay looks for tokens that have ended every ten seconds.
    await sleep(13_000);
    tokenSeconds = 3_600;
    await send(2);
    await page.tab.thaw();
    await page.hasEvents(sent());
    await page.shows("live");
  });
});
