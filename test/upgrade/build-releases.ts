import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

import { buildRelay } from "../../bench/relay-server.ts";
import { PROJECT_DIR } from "../../cli/relay/relay.ts";
import { RELEASES, type Release, workerPath } from "./releases.ts";

/** Builds the Worker of a release from its last commit, with the dependencies that it locked. */
export function buildRelease(release: Release): void {
  const directory = join(mkdtempSync(join(tmpdir(), "chargewire-release-")), release);
  git("worktree", "add", "--detach", directory, RELEASES[release]);
  try {
    const options = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"];
    execFileSync("npm", ["ci", ...options], { cwd: directory, stdio: "ignore" });
    // The console's files are no part of the Worker, but have to have a place.
    mkdirSync(join(directory, "dist/console"), { recursive: true });
    const { code } = buildRelay(directory);
    const packed = gzipSync(code, { level: 9 });
    mkdirSync(dirname(workerPath(release)), { recursive: true });
    writeFileSync(workerPath(release), packed);
    console.log(`${release}  ${RELEASES[release]}  ${code.length} bytes, packed ${packed.length}`);
  } finally {
    git("worktree", "remove", "--force", directory);
    rmSync(dirname(directory), { recursive: true, force: true });
  }
}

function git(...args: string[]): void {
  execFileSync("git", args, { cwd: PROJECT_DIR, stdio: "ignore" });
}
