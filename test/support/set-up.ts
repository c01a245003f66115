import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

import { findChromium } from "./chromium.ts";

/*
 * Run before the tests: what they need beside npm's packages. Missing, it is installed where that
 * surprises nobody: by apt, when we are root, as in a container. Elsewhere one line says what to do.
 */
const NEEDED: readonly { readonly package: string; readonly isThere: boolean }[] = [
  { package: "chromium", isThere: findChromium() !== null },
  { package: "curl", isThere: hasCommand("curl") },
  { package: "openssl", isThere: hasCommand("openssl") },
  { package: "procps", isThere: hasCommand("ps") },
];

function hasCommand(name: string): boolean {
  const folders = process.env.PATH?.split(delimiter) ?? [];
  return folders.some((folder) => existsSync(join(folder, name)));
}

function run(command: string, ...args: string[]): boolean {
  console.log(`> ${[command, ...args].join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(command, args, { stdio: "inherit", env }).status === 0;
}

function install(packages: readonly string[]): boolean {
  if (process.getuid?.() !== 0 || !hasCommand("apt-get")) return false;
  const options = ["install", "-y", "-qq", "--no-install-recommends"];
  return run("apt-get", "update", "-qq") && run("apt-get", ...options, ...packages);
}

const missing = NEEDED.filter(({ isThere }) => !isThere).map((needed) => needed.package);
if (missing.length > 0 && !install(missing)) {
  const names = missing.join(" ");
  console.error(
    `The tests need ${names}: install by \`sudo apt-get install ${names}\` or the like` +
      `${missing.includes("chromium") ? ", or name a Chromium or Chrome in CHROMIUM" : ""}.`,
  );
  process.exitCode = 1;
}
