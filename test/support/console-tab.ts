import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

import type { TestBrowser, TestPage } from "./browser.ts";
import { findBarriers, type Scope } from "./console-axe.ts";

const PATIENCE = { timeout: 20_000 };
/** Run in the page before its own scripts: what its policy refuses is told like any other fault. */
const TELL_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) => {
  console.error("refused by policy: " + event.violatedDirective + " " + event.blockedURI + " " + event.sample);
});`;

export const WIDE = { width: 1400, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** A tab with the console in it. Elements are found as a person finds them: by role and name. */
export class ConsoleTab {
  readonly tab: TestPage;
  readonly page: Page;
  /** Requests to anybody but the relay. */
  readonly #foreign: string[] = [];
  #mayHaveOutages = false;

  private constructor(tab: TestPage, origin: string) {
    this.tab = tab;
    this.page = tab.page;
    this.page.setDefaultTimeout(PATIENCE.timeout);
    this.page.on("request", (request) => {
      if (new URL(request.url()).origin !== origin) this.#foreign.push(request.url());
    });
  }

  /** `fragment`: what follows the `#`, such as `key=…` of a link that signs in. */
  static async open(browser: TestBrowser, origin: string, fragment = ""): Promise<ConsoleTab> {
    const opened = new ConsoleTab(await browser.open("about:blank"), origin);
    await opened.page.addInitScript(TELL_VIOLATIONS);
    await opened.page.setViewportSize(WIDE);
    await opened.page.goto(`${origin}/#${fragment}`);
    return opened;
  }

  /** As by a click on a link: the console stays. Resolves when the page has what it asked for. */
  async go(place: string, title: string | RegExp): Promise<void> {
    await this.page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`);
    await this.heading(title).waitFor();
    await this.page.locator("main .loading").first().waitFor({ state: "detached" });
  }

  heading(name: string | RegExp): Locator {
    return this.page.getByRole("heading", { level: 1, name });
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", {
      name,
      ...(typeof name === "string" && { exact: true }),
    });
  }

  link(name: string | RegExp): Locator {
    return this.page.getByRole("link", { name });
  }

  field(label: string | RegExp): Locator {
    return this.page.getByLabel(label);
  }

  dialog(name: string | RegExp): Locator {
    return this.page.getByRole("dialog", { name });
  }

  /** The part of the page that has no navigation in it. */
  get main(): Locator {
    return this.page.getByRole("main");
  }

  /** Waits until the page says it somewhere. */
  async says(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** Waits for the word that the console has for its connection. */
  async isConnection(word: RegExp): Promise<void> {
    await expect.poll(() => this.connection(), PATIENCE).toMatch(word);
  }

  connection(): Promise<string> {
    return this.page.locator(".connection .badge").innerText();
  }

  /** Which element has the focus, by its role's text or label. */
  focused(): Promise<string> {
    return this.page.evaluate(
      `document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent?.trim() ?? ""`,
    );
  }

  barriers(scope: Scope = "all"): Promise<string[]> {
    return findBarriers(this.page, scope);
  }

  /** From now on the browser may say that the network failed or that a call was refused. */
  allowOutages(): void {
    this.#mayHaveOutages = true;
  }

  /** What must not be at the end of a test. */
  get faults(): readonly string[] {
    const outages = this.#mayHaveOutages ? [] : this.tab.outages;
    return [...this.tab.faults, ...outages, ...this.#foreign.map((url) => `foreign: ${url}`)];
  }
}
