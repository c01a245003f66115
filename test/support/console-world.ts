import { expect } from "vitest";

import { TestTenant } from "./api.ts";
import { TestBrowser } from "./browser.ts";
import { ConsoleTab } from "./console-tab.ts";
import { LocalServer } from "./local-server.ts";
import { TestRelay } from "./relay.ts";
import { type WebhookBody, webhook } from "./webhooks.ts";

interface Parts {
  readonly relay: TestRelay;
  readonly browser: TestBrowser;
  /** Where routes deliver to. */
  readonly destination: LocalServer;
}

let parts: Parts | null = null;
const tabs: ConsoleTab[] = [];

/** One relay and one Chromium for all tests of the console: starting them takes longer than most tests. */
export async function openWorld(): Promise<void> {
  const [relay, browser, destination] = await Promise.all([
    TestRelay.start(),
    TestBrowser.start(),
    LocalServer.start(),
  ]);
  parts = { relay, browser, destination };
}

export async function closeWorld(): Promise<void> {
  const { relay, browser, destination } = world();
  await Promise.all([relay.stop(), browser.stop(), destination.stop()]);
}

export function world(): Parts {
  if (parts === null) throw new Error("The world has not been opened.");
  return parts;
}

/** Closes all tabs, and holds that nothing went wrong in them. */
export async function closeTabs(): Promise<void> {
  const faults = tabs.splice(0).flatMap((tab) => tab.faults);
  await world().browser.closePages();
  expect(faults).toEqual([]);
}

/** A tab at the bare address, or with a fragment; `origin` is the relay's own, or a proxy before it. */
export async function openTab(fragment = "", origin = world().relay.url): Promise<ConsoleTab> {
  const tab = await ConsoleTab.open(world().browser, origin, fragment);
  tabs.push(tab);
  return tab;
}

/** A tab of somebody who is signed in, at a place. */
export async function enterAt(key: string, place: string, title: string): Promise<ConsoleTab> {
  const tab = await openTab(`key=${key}`);
  await tab.button("Sign out").waitFor();
  await tab.go(place, title);
  return tab;
}

/** A tenant of its own with a source to send to. */
export class ConsoleTenant {
  readonly api: TestTenant;
  readonly source: { readonly id: string; readonly path: string };

  private constructor(api: TestTenant, source: { id: string; path: string }) {
    this.api = api;
    this.source = source;
  }

  static async create(): Promise<ConsoleTenant> {
    const api = await TestTenant.create(fetch, world().relay.url);
    return new ConsoleTenant(api, await api.source());
  }

  get key(): string {
    return this.api.key;
  }

  enter(place: string, title: string): Promise<ConsoleTab> {
    return enterAt(this.key, place, title);
  }

  /** Events of a station, each acknowledged before the next is sent. */
  async send(...events: (Partial<WebhookBody> & { station?: string })[]): Promise<void> {
    for (const event of events) {
      const answer = await this.api.send(this.source.path, webhook(event));
      expect(answer.status).toBe(200);
    }
  }
}
