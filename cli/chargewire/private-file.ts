import { renameSync, writeFileSync } from "node:fs";

/**
 * Writes a file for its owner's eyes alone, and never half of it: whoever is killed at any moment
 * leaves what was there before or what is there afterwards.
 */
export function writePrivately(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${text}\n`, { mode: 0o600 });
  renameSync(draft, file);
}
