import type { Actor } from "../domain/audit.ts";
import {
  type ConfigDocument,
  type ConfigRoute,
  type ConfigSource,
  showRoute,
  showSource,
} from "../domain/config-document.ts";
import {
  type ConfigRefusal,
  type FieldChange,
  planConfig,
  type RouteStep,
  type SourceStep,
} from "../domain/config-plan.ts";
import { allowsChange, jointTag } from "../domain/entity-tag.ts";
import { err, invariant, ok, type Result } from "../domain/result.ts";
import type { Config } from "../env.ts";
import type { Database } from "../store/database.ts";
import type { RouteRow } from "../store/route-store.ts";
import { latestSchemeSeen } from "../store/tenant-store.ts";
import type { Changes } from "./tenant-changes.ts";
import { type ConfigRows, openConfig, readConfigRows } from "./tenant-config-rows.ts";
import { changeRoute, makeRoute, secretFieldsOf } from "./tenant-route-rows.ts";
import type { Routes } from "./tenant-routes.ts";
import { changeSource, makeSource, sealSourceSecret } from "./tenant-source-rows.ts";
import type { Sources } from "./tenant-sources.ts";

/** How long a source's secret before goes on being accepted beside one that a document sets. */
const SECRET_OVERLAP_SECONDS = 86_400;

export interface ConfigWorld {
  readonly tenant: string;
  readonly config: () => Promise<Config>;
  /** Who waits at the gate of the route, as it was, is to look again. Never rejects. */
  readonly disperse: (before: RouteRow) => Promise<void>;
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

/** A document as it was taken up, or would be; `tag` names the state that there is now. */
export interface AppliedConfig {
  /** JSON of `PlanEntry[]`: what it tells of filters has no type that a call carries. */
  readonly plan: string;
  /** Sources that are not what they were. */
  readonly changedSources: readonly string[];
  readonly tag: string;
}

/** What one step comes to, with all that takes time done before. */
interface Edit {
  readonly entry: PlanEntry;
  /** Part of the one transaction. */
  readonly store: () => void;
  /** The route as it was. */
  readonly before: RouteRow | null;
}

/** A tenant's sources and routes as one document. */
export class ConfigDocuments {
  readonly #db: Database;
  readonly #changes: Changes;
  readonly #sources: Sources;
  readonly #routes: Routes;
  readonly #world: ConfigWorld;

  constructor(
    db: Database,
    changes: Changes,
    sources: Sources,
    routes: Routes,
    world: ConfigWorld,
  ) {
    this.#db = db;
    this.#changes = changes;
    this.#sources = sources;
    this.#routes = routes;
    this.#world = world;
  }

  async read(): Promise<{
    document: {
      readonly sources: readonly ConfigSource[];
      readonly routes: readonly ConfigRoute[];
    };
    tag: string;
  }> {
    const rows = readConfigRows(this.#db, Date.now());
    const { sealer } = await this.#world.config();
    const { sources, routes } = await openConfig(this.#world.tenant, rows, sealer);
    const document = {
      sources: sources.map(showSource).sort(byName),
      routes: routes.map(showRoute).sort(byName),
    };
    return { document, tag: await tagOf(rows) };
  }

  /** All of it or none of it: the plan is made, and refused, before anything is changed. */
  apply(
    document: ConfigDocument,
    { dryRun, ifMatch }: { readonly dryRun: boolean; readonly ifMatch: string | null },
    actor: Actor,
  ): Promise<Result<AppliedConfig, ConfigRefusal>> {
    return this.#changes.alone(async () => {
      const rows = readConfigRows(this.#db, Date.now());
      const tag = await tagOf(rows);
      if (!allowsChange(ifMatch, tag)) {
        const detail = "The configuration has changed since it was read; read it again.";
        return err({ code: "precondition_failed" as const, detail });
      }
      const { sealer } = await this.#world.config();
      const planned = planConfig(document, await openConfig(this.#world.tenant, rows, sealer));
      if (!planned.ok) return planned;
      const { sources, routes } = planned.value;
      if (dryRun) {
        const plan = [...sources.map(sourceEntry), ...routes.map(routeEntry)];
        return ok({ plan: JSON.stringify(plan), changedSources: [], tag });
      }
      const edits = [
        ...(await Promise.all(sources.map((step) => this.#editSource(step, rows, actor)))),
        ...(await Promise.all(routes.map((step) => this.#editRoute(step, rows, actor)))),
      ];
      await this.#store(edits);
      const stored = await tagOf(readConfigRows(this.#db, Date.now()));
      const plan = edits.map(({ entry }) => entry);
      const changedSources = plan.flatMap(({ kind, action, id }) =>
        kind === "source" && action !== "none" && id !== undefined ? [id] : [],
      );
      return ok({ plan: JSON.stringify(plan), changedSources, tag: stored });
    });
  }

  async #store(edits: readonly Edit[]): Promise<void> {
    if (edits.every(({ entry }) => entry.action === "none")) return;
    await this.#changes.configure(() => {
      for (const { store } of edits) store();
    });
    this.#sources.watch(Date.now());
    const before = edits.flatMap((edit) => (edit.before === null ? [] : [edit.before]));
    await Promise.all(before.map((row) => this.#world.disperse(row)));
  }

  async #editSource(step: SourceStep, rows: ConfigRows, actor: Actor): Promise<Edit> {
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

  async #editRoute(step: RouteStep, rows: ConfigRows, actor: Actor): Promise<Edit> {
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

const sourceEntry = (step: SourceStep): PlanEntry => entryOf("source", step);
const routeEntry = (step: RouteStep): PlanEntry => entryOf("route", step);

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

/** So that a document in git shows what has changed, and no more. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function tagOf({ sources, routes }: ConfigRows): Promise<string> {
  return jointTag([...sources, ...routes]);
}
