import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { PROJECT_DIR } from "../../cli/relay/relay.ts";

/** Every version that was released, and the last commit of it. */
export const RELEASES = {
  "0.1.0": "78d14f2",
  "0.2.0": "c74f8f2",
  "0.3.0": "e09aa89",
  "0.4.0": "eaf13df",
} as const;
export type Release = keyof typeof RELEASES;

export const RELEASE_NAMES = ["0.1.0", "0.2.0", "0.3.0", "0.4.0"] as const satisfies Release[];

/** The version that the present one is rolled out over; the only one whose built Worker is kept. */
export const LAST_RELEASE = "0.4.0" satisfies Release;

/** A release, or the code of this repository. */
export type Version = Release | "current";

/** Where `npm run fixtures:upgrade` puts the built Worker of a release. */
export const workerPath = (release: Release) =>
  release === LAST_RELEASE
    ? join(PROJECT_DIR, `test/fixtures/releases/${release}.js.gz`)
    : join(PROJECT_DIR, `dist/releases/${release}.js.gz`);

/** The built Worker of a release. */
export const readWorker = (release: Release) =>
  gunzipSync(readFileSync(workerPath(release))).toString("utf8");
