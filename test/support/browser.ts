import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";

import { findChromium } from "./chromium.ts";

const FLAGS = [
  "--headless",
  // Containers have no user namespaces to make a sandbox of.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/** How the browser itself tells that a connection failed or was refused. */
const NETWORK_FAILURE =
  /^(WebSocket connection to '\S+' failed: |Failed to load resource: |Access to \S+ at '\S+' from origin '\S+' has been blocked by CORS policy: )/;

/**
 * A Chromium with a profile of its own. It is started here and not by Playwright, whose browsers
 * take every page for seen and active: in this one, pages are hidden, throttled and frozen as
 * they are at a person's.
 */
export class TestBrowser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #browser: Browser;
  readonly #pages: TestPage[] = [];

  private constructor(child: ChildProcess, profile: string, browser: Browser) {
    this.#process = child;
    this.#profile = profile;
    this.#browser = browser;
  }

  static async start(): Promise<TestBrowser> {
    const path = findChromium();
    if (path === null) {
      throw new Error("There is no Chromium: `npm test` says how to install one, or set CHROMIUM.");
    }
    const profile = mkdtempSync(join(tmpdir(), "chargewire-chromium-"));
    const child = spawn(path, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
      // A group of its own: it consists of many processes.
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const killNow = () => killGroup(child);
    process.once("exit", killNow);
    child.once("exit", () => process.off("exit", killNow));
    const endpoint = await endpointOf(child, child.stderr);
    const browser = await chromium.connectOverCDP(endpoint, { noDefaults: true });
    return new TestBrowser(child, profile, browser);
  }

  /** A new tab, in front of the others. */
  async open(url: string): Promise<TestPage> {
    const [context] = this.#browser.contexts();
    if (context === undefined) throw new Error("Chromium has ended");
    const page = await context.newPage();
    const opened = new TestPage(page, await context.newCDPSession(page));
    this.#pages.push(opened);
    await page.goto(url);
    return opened;
  }

  /** All tabs that were opened here. */
  async closePages(): Promise<void> {
    for (const page of this.#pages.splice(0)) await page.close();
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    const hasEnded = once(this.#process, "close");
    killGroup(this.#process);
    await hasEnded;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** A tab, and what went wrong in it. */
export class TestPage {
  readonly page: Page;
  /** Exceptions that nobody caught, and errors and warnings in the console. */
  readonly faults: string[] = [];
  /** What the browser writes there of its own accord when the network or a server says no. */
  readonly outages: string[] = [];
  readonly #devtools: CDPSession;

  constructor(page: Page, devtools: CDPSession) {
    this.page = page;
    this.#devtools = devtools;
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      const isOutage = message.args().length === 0 && NETWORK_FAILURE.test(message.text());
      (isOutage ? this.outages : this.faults).push(message.text());
    });
  }

  /** The text of an element, without what is around it. */
  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).innerText()).trim();
  }

  texts(selector: string): Promise<string[]> {
    return this.page.locator(selector).allInnerTexts();
  }

  evaluate(expression: string): Promise<unknown> {
    return this.page.evaluate(expression);
  }

  /** As the browser does it with a tab that nobody looks at: no timer and no handler runs. */
  async freeze(): Promise<void> {
    await this.#devtools.send("Page.setWebLifecycleState", { state: "frozen" });
  }

  /** Afterwards the page runs, and is still hidden. */
  async thaw(): Promise<void> {
    await this.#devtools.send("Page.setWebLifecycleState", { state: "active" });
  }

  /** Brings it in front of the other tabs. */
  show(): Promise<void> {
    return this.page.bringToFront();
  }

  async setOffline(offline: boolean): Promise<void> {
    await this.#devtools.send("Network.emulateNetworkConditions", {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  }

  close(): Promise<void> {
    return this.page.close();
  }
}

/** Where the browser can be driven from, which it prints when it is ready. */
function endpointOf(child: ChildProcess, output: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    createInterface({ input: output }).on("line", (line) => {
      lines.push(line);
      const endpoint = /^DevTools listening on (ws:\S+)$/.exec(line)?.[1];
      if (endpoint !== undefined) resolve(endpoint);
    });
    child.once("error", reject);
    child.once("close", () => reject(new Error(`Chromium ended: ${lines.join("\n")}`)));
  });
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
