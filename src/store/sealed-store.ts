import type { Database } from "./database.ts";

/** A record with a sealed text. */
export type SealedRow = { readonly id: string; readonly sealed: string };

/** Secrets of sources whose text does not begin so, expired ones among them. */
export function listSourceSecretsOtherThan(db: Database, prefix: string): SealedRow[] {
  return db.all<SealedRow>(
    "SELECT id, sealed FROM source_secrets WHERE substr(sealed, 1, ?) <> ? ORDER BY id",
    prefix.length,
    prefix,
  );
}

/** Routes whose sealed text does not begin so. */
export function listRoutesOtherThan(db: Database, prefix: string): SealedRow[] {
  return db.all<SealedRow>(
    `SELECT id, sealed_secrets AS sealed FROM routes
     WHERE substr(sealed_secrets, 1, ?) <> ? ORDER BY id`,
    prefix.length,
    prefix,
  );
}

/** Unless it has gone, or is another by now. */
export function replaceSourceSecret(db: Database, { id, sealed }: SealedRow, by: string): void {
  db.run("UPDATE source_secrets SET sealed = ? WHERE id = ? AND sealed = ?", by, id, sealed);
}

export function replaceRouteSecrets(db: Database, { id, sealed }: SealedRow, by: string): void {
  db.run(
    "UPDATE routes SET sealed_secrets = ? WHERE id = ? AND sealed_secrets = ?",
    by,
    id,
    sealed,
  );
}
