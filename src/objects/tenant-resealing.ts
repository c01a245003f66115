import { routeSecretsPurpose, sourceSecretPurpose } from "../domain/route.ts";
import type { Sealer } from "../domain/sealing.ts";
import type { Config } from "../env.ts";
import type { Database } from "../store/database.ts";
import * as store from "../store/sealed-store.ts";
import type { Audit } from "./tenant-audit.ts";
import type { Changes } from "./tenant-changes.ts";

/** Texts that one step seals anew, so that no call takes long. */
const STEP_TEXTS = 100;

export interface ResealProgress {
  /** Texts that this step has sealed anew. */
  readonly resealed: number;
  /** Texts that are still to be sealed anew. */
  readonly remaining: number;
  /** Texts that no configured key opens; nothing was done about them. */
  readonly unreadable: number;
}

export interface ResealingWorld {
  readonly tenant: string;
  readonly config: () => Promise<Config>;
}

interface Replacement {
  readonly row: store.SealedRow;
  readonly by: string;
}

/**
 * Brings the tenant's secrets under the master key of now. The stations have copies of those of
 * routes: they fetch them with the version that is raised, before their next attempt, and no
 * lane takes its route for changed by that.
 */
export class Resealing {
  readonly #db: Database;
  readonly #audit: Audit;
  readonly #changes: Changes;
  readonly #world: ResealingWorld;

  constructor(db: Database, audit: Audit, changes: Changes, world: ResealingWorld) {
    this.#db = db;
    this.#audit = audit;
    this.#changes = changes;
    this.#world = world;
  }

  /** Safe to repeat; changes nothing when nothing is left to be done. */
  step(): Promise<ResealProgress> {
    return this.#changes.alone(async () => {
      const { tenant } = this.#world;
      const { sealer } = await this.#world.config();
      const prefix = await sealer.currentPrefix();
      const secrets = store.listSourceSecretsOtherThan(this.#db, prefix);
      const routes = store.listRoutesOtherThan(this.#db, prefix);
      const forSources = await sealAnew(sealer, secrets, STEP_TEXTS, (id) =>
        sourceSecretPurpose(tenant, id),
      );
      const left = STEP_TEXTS - forSources.done.length;
      const forRoutes = await sealAnew(sealer, routes, left, (id) =>
        routeSecretsPurpose(tenant, id),
      );
      const resealed = forSources.done.length + forRoutes.done.length;
      const unreadable = forSources.unreadable + forRoutes.unreadable;
      const change = () => {
        for (const { row, by } of forSources.done) store.replaceSourceSecret(this.#db, row, by);
        for (const { row, by } of forRoutes.done) store.replaceRouteSecrets(this.#db, row, by);
        if (resealed > 0) this.#audit.record(null, "secrets.resealed", "secrets", { resealed });
      };
      if (forRoutes.done.length > 0) await this.#changes.configure(change);
      else this.#db.transaction(change);
      const remaining = secrets.length + routes.length - resealed - unreadable;
      return { resealed, remaining, unreadable };
    });
  }
}

/** At most `limit` of them; those that cannot be opened stand in the way of none. */
async function sealAnew(
  sealer: Sealer,
  rows: readonly store.SealedRow[],
  limit: number,
  purposeOf: (id: string) => string,
): Promise<{ done: Replacement[]; unreadable: number }> {
  const done: Replacement[] = [];
  let unreadable = 0;
  for (const row of rows) {
    try {
      const { id, sealed } = row;
      // Also beyond the limit, so that what cannot be read is told at the first step.
      const by = await sealer.sealAnew(sealed, purposeOf(id));
      if (done.length < limit) done.push({ row, by });
    } catch {
      unreadable += 1;
    }
  }
  return { done, unreadable };
}
