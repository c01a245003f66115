import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium, type Page } from "playwright-core";

import { findFreePort } from "../cli/relay/free-port.ts";
import { PROJECT_DIR } from "../cli/relay/relay.ts";
import { findChromium } from "../test/support/chromium.ts";

/*
 * Takes the pictures of the README: the demo of `npm start` with its simulated stations, after it has
 * run for a while. Fixed sizes, so that two runs differ in what they show alone.
 */

const IMAGES = join(PROJECT_DIR, "docs/images");
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 780 };
/** Until there is something to look at. */
const WARM_UP_MS = 60_000;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic"];

const SHOTS = [
  { name: "stations", place: "stations", scheme: "light", viewport: WIDE },
  { name: "stations-dark", place: "stations", scheme: "dark", viewport: WIDE },
  { name: "feed", place: "feed", scheme: "light", viewport: WIDE },
  { name: "charts", place: "charts", scheme: "light", viewport: WIDE },
  { name: "route", place: "routes", scheme: "light", viewport: WIDE },
  { name: "phone", place: "stations", scheme: "light", viewport: PHONE },
] as const;

const directory = mkdtempSync(join(tmpdir(), "chargewire-screenshots-"));
const args = ["--port", String(await findFreePort()), "--state", join(directory, "state")];
const demo = spawn(process.execPath, [
  join(PROJECT_DIR, "cli/start.ts"),
  ...args,
  "--stations",
  "40",
]);
try {
  const link = await linkOf(demo.stdout);
  const executablePath = findChromium();
  if (executablePath === null) throw new Error("There is no Chromium: set CHROMIUM.");
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  mkdirSync(IMAGES, { recursive: true });
  const page = await browser.newPage({ viewport: WIDE });
  await page.goto(link);
  await page.getByText("live", { exact: true }).waitFor();
  console.log(`Waiting ${WARM_UP_MS / 1000} s for the stations to have done something …`);
  await page.waitForTimeout(WARM_UP_MS);
  for (const shot of SHOTS) await take(page, shot);
  await browser.close();
} finally {
  const hasEnded = new Promise((resolve) => demo.once("close", resolve));
  demo.kill("SIGINT");
  await hasEnded;
  rmSync(directory, { recursive: true, force: true });
}

async function take(page: Page, { name, place, scheme, viewport }: (typeof SHOTS)[number]) {
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme: scheme });
  await page.evaluate(`location.hash = "#/${place}"`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  if (name === "route") await page.getByRole("link", { name: "Demo receiver" }).first().click();
  // On a busy machine a page may be loading still.
  await page.locator(".loading").first().waitFor({ state: "detached" });
  // The page says how fresh it is by the second; a moment later it is drawn.
  await page.waitForTimeout(3_000);
  const path = join(IMAGES, `console-${name}.png`);
  await page.screenshot({ path });
  console.log(
    `${path.slice(PROJECT_DIR.length + 1)}: ${Math.round(statSync(path).size / 1024)} KiB`,
  );
}

/** The link that signs in, which `npm start` prints first. */
function linkOf(output: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: output });
    lines.on("line", (line) => {
      const link = /http:\S+#key=\S+/.exec(line)?.[0];
      if (link !== undefined) resolve(link);
    });
    lines.once("close", () => reject(new Error("The demo has ended.")));
  });
}
