import type { Actor } from "../domain/audit.ts";
import {
  type ConfigDocument,
  type ConfigRoute,
  type ConfigSource,
  showRoute,
  showSource,
} from "../domain/config-document.ts";
import { type ConfigRefusal, planConfig } from "../domain/config-plan.ts";
import { allowsChange, jointTag } from "../domain/entity-tag.ts";
import { err, ok, type Result } from "../domain/result.ts";
import type { Database } from "../store/database.ts";
import type { RouteRow } from "../store/route-store.ts";
import type { Changes } from "./tenant-changes.ts";
import {
  ConfigEdits,
  type Edit,
  type EditsWorld,
  routeEntry,
  sourceEntry,
} from "./tenant-config-edits.ts";
import { type ConfigRows, openConfig, readConfigRows } from "./tenant-config-rows.ts";
import type { Routes } from "./tenant-routes.ts";
import type { Sources } from "./tenant-sources.ts";

export interface ConfigWorld extends EditsWorld {
  /** Who waits at the gate of the route, as it was, is to look again. Never rejects. */
  readonly disperse: (before: RouteRow) => Promise<void>;
}

/** A document as it was taken up, or would be; `tag` names the state that there is now. */
export interface AppliedConfig {
  /** JSON of `PlanEntry[]`: what it tells of filters has no type that a call carries. */
  readonly plan: string;
  /** Sources that are not what they were. */
  readonly changedSources: readonly string[];
  readonly tag: string;
}

/** A tenant's sources and routes as one document. */
export class ConfigDocuments {
  readonly #db: Database;
  readonly #changes: Changes;
  readonly #sources: Sources;
  readonly #edits: ConfigEdits;
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
    this.#edits = new ConfigEdits(db, sources, routes, world);
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
        ...(await Promise.all(sources.map((step) => this.#edits.ofSource(step, rows, actor)))),
        ...(await Promise.all(routes.map((step) => this.#edits.ofRoute(step, rows, actor)))),
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
}

/** So that a document in git shows what has changed, and no more. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function tagOf({ sources, routes }: ConfigRows): Promise<string> {
  return jointTag([...sources, ...routes]);
}
