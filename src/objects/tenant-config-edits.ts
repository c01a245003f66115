import type { Actor } from "../domain/audit.ts";
import type { FieldChange, RouteStep, SourceStep } from "../domain/config-plan.ts";
import { invariant } from "../domain/result.ts";
import type { Config } from "../env.ts";
import type { Database } from "../store/database.ts";
import type { RouteRow } from "../store/route-store.ts";
import { latestSchemeSeen } from "../store/tenant-store.ts";
import type { ConfigRows } from "./tenant-config-rows.ts";
import { changeRoute, makeRoute, secretFieldsOf } from "./tenant-route-rows.ts";
import type { Routes } from "./tenant-routes.ts";
import { changeSource, makeSource, sealSourceSecret } from "./tenant-source-rows.ts";
import type { Sources } from "./tenant-sources.ts";

/** How long a source's secret before goes on being accepted beside one that a document sets. */
const SECRET_OVERLAP_SECONDS = 86_400;

export interface EditsWorld {
  readonly tenant: string;
  readonly config: () => Promise<Config>;
}

/** What is done, or would be, with one source or route. */
export interface PlanEntry {
  readonly action: "create" | "update" | "delete" | "none";
  readonly kind: "source" | "route";
  readonly name: string;
  /** Not of what would be created. */
  readonly id?: string;
  /** Of a source that was created. */
  readonly ingestPath?: string;
  /** The signing secret of a route that was created, shown once. */
  readonly secret?: string;
  readonly changes: readonly FieldChange[];
}

/** What one step comes to, with all that takes time done before. */
export interface Edit {
  readonly entry: PlanEntry;
  /** Part of the one transaction. */
  readonly store: () => void;
  /** The route as it was. */
  readonly before: RouteRow | null;
}

/** Makes of each step of a plan what remains to be stored: seals, mints and reads, and changes nothing. */
export class ConfigEdits {
  readonly #db: Database;
  readonly #sources: Sources;
  readonly #routes: Routes;
  readonly #world: EditsWorld;

  constructor(db: Database, sources: Sources, routes: Routes, world: EditsWorld) {
    this.#db = db;
    this.#sources = sources;
    this.#routes = routes;
    this.#world = world;
  }

  async ofSource(step: SourceStep, rows: ConfigRows, actor: Actor): Promise<Edit> {
    const entry = sourceEntry(step);
    if (step.action === "none") return { entry, store: () => {}, before: null };
    const { ids, sealer } = await this.#world.config();
    const { tenant } = this.#world;
    const seal = async (id: string, secret: string | null) =>
      secret === null ? null : sealSourceSecret(tenant, id, secret, sealer);
    if (step.action === "create") {
      const id = await ids.sourceId(tenant);
      const secret = await seal(id, step.settings.secret);
      const row = makeSource(id, step.settings, Date.now());
      return {
        entry: { ...entry, id, ingestPath: `/ingest/${id}` },
        store: () => this.#sources.storeNew(row, secret, actor),
        before: null,
      };
    }
    const row = rows.sources.find(({ id }) => id === step.id);
    invariant(row !== undefined, "a plan names what is there");
    if (step.action === "delete") {
      return { entry, store: () => this.#sources.storeDeleted(row, actor), before: null };
    }
    const { secret: text, ...settings } = step.settings;
    const secret = await seal(row.id, text);
    const changed = changeSource(row, settings, Date.now());
    const hasOthers = step.changes.some(({ field }) => field !== "secret");
    return {
      entry,
      store: () => {
        if (hasOthers) this.#sources.storeChanged(row, changed, actor);
        if (secret === null) return;
        this.#sources.storeSecret(changed, secret, SECRET_OVERLAP_SECONDS, actor);
      },
      before: null,
    };
  }

  async ofRoute(step: RouteStep, rows: ConfigRows, actor: Actor): Promise<Edit> {
    const entry = routeEntry(step);
    if (step.action === "none") return { entry, store: () => {}, before: null };
    const { sealer } = await this.#world.config();
    const { tenant } = this.#world;
    if (step.action === "create") {
      const scheme = latestSchemeSeen(this.#db) ?? "timestamped";
      const { row, secret } = await makeRoute(tenant, step.settings, scheme, sealer, Date.now());
      return {
        entry: { ...entry, id: row.id, secret },
        store: () => this.#routes.storeNew(row, actor),
        before: null,
      };
    }
    const row = rows.routes.find(({ id }) => id === step.id);
    invariant(row !== undefined, "a plan names what is there");
    if (step.action === "delete") {
      return { entry, store: () => this.#routes.storeDeleted(row, actor), before: row };
    }
    const changed = await changeRoute(tenant, row, step.settings, sealer, Date.now());
    invariant(changed !== null, "a plan has no route that signs and is not raw");
    const fields = step.changes.map(({ field }) => field);
    const secrets = secretFieldsOf(step.settings).filter((field) => fields.includes(field));
    return {
      entry,
      store: () => this.#routes.storeChanged(row, changed, secrets, actor),
      before: row,
    };
  }
}

export const sourceEntry = (step: SourceStep): PlanEntry => entryOf("source", step);
export const routeEntry = (step: RouteStep): PlanEntry => entryOf("route", step);

function entryOf(kind: PlanEntry["kind"], step: SourceStep | RouteStep): PlanEntry {
  const { action, name } = step;
  return {
    action,
    kind,
    name,
    ...(step.action === "create" ? {} : { id: step.id }),
    changes: step.action === "update" ? step.changes : [],
  };
}
