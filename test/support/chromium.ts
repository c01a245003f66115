import { existsSync } from "node:fs";

const USUAL_PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The Chromium that `CHROMIUM` names, else the one that is installed; null when there is none. */
export function findChromium(): string | null {
  const { CHROMIUM } = process.env;
  const places = CHROMIUM === undefined ? USUAL_PLACES : [CHROMIUM];
  return places.find((path) => existsSync(path)) ?? null;
}
