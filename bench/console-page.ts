import { chromium } from "playwright-core";

import { findChromium } from "../test/support/chromium.ts";

/** What went on in the page meanwhile. */
export interface Measured {
  /** Milliseconds from one frame to the next. */
  readonly frames: readonly number[];
  /** Tasks that held the page for over 50 ms. */
  readonly longTasks: number;
}

/** The stations page of the console, in a Chromium of its own. */
export interface ConsolePage {
  /** From the opening of the link on. */
  readonly firstStationMs: number;
  readonly measure: (during: () => Promise<unknown>) => Promise<Measured>;
  /** Turns the wheel over the list, there and back. */
  readonly scroll: (lengthMs: number) => Promise<void>;
  readonly heapMiB: () => Promise<number>;
  readonly close: () => Promise<void>;
}

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--enable-precise-memory-info"];
const WHEEL_PX = 400;
const WHEEL_EVERY_MS = 40;

/** In the page, which knows frames; text, because nothing of it runs here. */
const START = `(() => {
  const seen = { frames: [], longTasks: 0, goesOn: true };
  let last = performance.now();
  const frame = (now) => {
    seen.frames.push(now - last);
    last = now;
    if (seen.goesOn) requestAnimationFrame(frame);
  };
  requestAnimationFrame((now) => { last = now; requestAnimationFrame(frame); });
  new PerformanceObserver((list) => { seen.longTasks += list.getEntries().length; })
    .observe({ type: "longtask" });
  window.measured = seen;
})()`;
const STOP = `(() => {
  const { frames, longTasks } = window.measured;
  window.measured.goesOn = false;
  return { frames, longTasks };
})()`;

export async function openConsole(url: string, apiKey: string): Promise<ConsolePage> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error("There is no Chromium: set CHROMIUM.");
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const startedMs = performance.now();
  await page.goto(`${url}/#key=${apiKey}`);
  await page.waitForSelector(".station-row", { timeout: 60_000 });
  const firstStationMs = performance.now() - startedMs;
  return {
    firstStationMs,
    measure: async (during) => {
      await page.evaluate(START);
      await during();
      const measured: Measured = await page.evaluate(STOP);
      return measured;
    },
    scroll: async (lengthMs) => {
      await page.locator(".virtual").hover();
      const untilMs = performance.now() + lengthMs;
      const turnMs = untilMs - lengthMs / 2;
      while (performance.now() < untilMs) {
        await page.mouse.wheel(0, performance.now() < turnMs ? WHEEL_PX : -WHEEL_PX);
        await page.waitForTimeout(WHEEL_EVERY_MS);
      }
    },
    heapMiB: async () => {
      const devtools = await page.context().newCDPSession(page);
      await devtools.send("HeapProfiler.collectGarbage");
      const { usedSize } = await devtools.send("Runtime.getHeapUsage");
      return usedSize / 1_048_576;
    },
    close: () => browser.close(),
  };
}
