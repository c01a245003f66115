import { type Actor, changesBetween } from "../domain/audit.ts";
import { HEALTHY } from "../domain/breaker.ts";
import { MAX_ROUTES } from "../domain/config-plan.ts";
import type { NewRoute, RoutePatch } from "../domain/control.ts";
import { changedAt } from "../domain/entity-tag.ts";
import type { Notice } from "../domain/notice.ts";
import { type Page, pageOf } from "../domain/page.ts";
import type { Config } from "../env.ts";
import type { Database } from "../store/database.ts";
import { countTroubled } from "../store/health-store.ts";
import * as store from "../store/route-store.ts";
import { latestSchemeSeen } from "../store/tenant-store.ts";
import type { Audit } from "./tenant-audit.ts";
import type { Changes } from "./tenant-changes.ts";
import type { RouteHealth } from "./tenant-health.ts";
import { changeRoute, makeRoute, rotateRouteSecret, secretFieldsOf } from "./tenant-route-rows.ts";
import { type RouteView, routeView } from "./tenant-views.ts";

/** What hears of a route's change. */
export interface RoutesWorld {
  readonly tenant: string;
  readonly config: () => Promise<Config>;
  /** Part of the transaction of the change that it tells of. */
  readonly announce: (notice: Notice, nowMs: number) => void;
  /** In the transaction that deletes a route: its replays end, and its dead letters go with it. */
  readonly cancelReplays: (routeId: string) => void;
  readonly recountLetters: () => void;
  /** Who waits at the gate of the route, as it was, is to look again. Never rejects. */
  readonly disperse: (before: store.RouteRow) => Promise<void>;
}

/** Lanes in trouble that are counted: beyond, who wants to know more lists them. */
const MAX_TROUBLED = 1_000;

/** With how its lanes fare. */
type LiveRouteView = RouteView & { readonly troubledLanes: number };
type RouteWithSecret = LiveRouteView & { readonly secret: string };

/**
 * The tenant's routes. A change is one transaction with its entry in the audit log, and in force
 * for the next event when it resolves.
 */
export class Routes {
  readonly #db: Database;
  readonly #audit: Audit;
  readonly #health: RouteHealth;
  readonly #changes: Changes;
  readonly #world: RoutesWorld;

  constructor(
    db: Database,
    audit: Audit,
    health: RouteHealth,
    changes: Changes,
    world: RoutesWorld,
  ) {
    this.#db = db;
    this.#audit = audit;
    this.#health = health;
    this.#changes = changes;
    this.#world = world;
  }

  list(after: string, limit: number): Page<LiveRouteView> {
    const rows = store.listRoutes(this.#db, after, limit + 1);
    return pageOf(
      rows,
      limit,
      (row) => this.#view(row),
      ({ id }) => id,
    );
  }

  get(id: string): LiveRouteView | null {
    const row = store.readRoute(this.#db, id);
    return row === null ? null : this.#view(row);
  }

  /** With its signing secret, shown once. Null when there are {@link MAX_ROUTES}. */
  create(input: NewRoute, actor: Actor): Promise<RouteWithSecret | null> {
    return this.#changes.alone(async () => {
      if (store.countRoutes(this.#db) >= MAX_ROUTES) return null;
      const { sealer } = await this.#world.config();
      const scheme = latestSchemeSeen(this.#db) ?? "timestamped";
      const { tenant } = this.#world;
      const { row, secret } = await makeRoute(tenant, input, scheme, sealer, Date.now());
      await this.#changes.configure(() => this.storeNew(row, actor));
      return { ...this.#view(row), secret };
    });
  }

  update(
    id: string,
    patch: RoutePatch,
    actor: Actor,
    ifMatch: string | null,
  ): Promise<LiveRouteView | "not_found" | "signs_only_raw" | "precondition_failed"> {
    const find = () => store.readRoute(this.#db, id);
    return this.#changes.aloneTo({ find, whenMissing: "not_found", ifMatch }, async (row) => {
      // Nothing is changed, so nothing that failed is forgotten.
      if (Object.keys(patch).length === 0) return this.#view(row);
      const { sealer } = await this.#world.config();
      const { tenant } = this.#world;
      const changed = await changeRoute(tenant, row, patch, sealer, Date.now());
      if (changed === null) return "signs_only_raw";
      await this.#changes.configure(() => {
        this.storeChanged(row, changed, secretFieldsOf(patch), actor);
      });
      await this.#world.disperse(row);
      return this.#view(changed);
    });
  }

  /** Stops a route's attempts, or lets them go on, each lane where it stood. */
  enable(id: string, enabled: boolean, actor: Actor): Promise<LiveRouteView | null> {
    return this.#changes.alone(async () => {
      const row = store.readRoute(this.#db, id);
      if (row === null) return null;
      const health = enabled ? "healthy" : row.health;
      const updatedAtMs = changedAt(row.updatedAtMs, Date.now());
      const changed = { ...row, enabled: Number(enabled), health, updatedAtMs };
      await this.#changes.configure(() => {
        store.writeRoute(this.#db, changed);
        if (enabled) this.#health.renew(id);
        this.#audit.record(actor, enabled ? "route.resumed" : "route.paused", id);
      });
      await this.#world.disperse(row);
      return this.#view(changed);
    });
  }

  /** A new signing secret, shown once; the ones before sign beside it for `overlapMs`. */
  rotateSecret(
    id: string,
    overlapMs: number,
    actor: Actor,
  ): Promise<RouteWithSecret | "not_found" | "limit_reached"> {
    return this.#changes.alone(async () => {
      const row = store.readRoute(this.#db, id);
      if (row === null) return "not_found";
      const { sealer } = await this.#world.config();
      const { tenant } = this.#world;
      const rotated = await rotateRouteSecret(tenant, row, overlapMs, sealer, Date.now());
      if (rotated === null) return "limit_reached";
      await this.#changes.configure(() => {
        store.writeRoute(this.#db, rotated.row);
        this.#health.renew(id);
        this.#audit.record(actor, "route.secret_rotated", id);
      });
      await this.#world.disperse(row);
      return { ...this.#view(rotated.row), secret: rotated.secret };
    });
  }

  /** The destination has answered that it wants nothing more. */
  disableGone(id: string, asOfMs: number): Promise<void> {
    return this.disable(id, "HTTP 410", asOfMs);
  }

  /** Not a person's doing: nothing more is attempted until one enables the route again. */
  disable(id: string, reason: string, asOfMs = Number.POSITIVE_INFINITY): Promise<void> {
    return this.#changes.alone(async () => {
      const row = store.readRoute(this.#db, id);
      // What was answered to the route as it was says nothing of the route as it is.
      if (row === null || row.enabled === 0 || row.updatedAtMs > asOfMs) return;
      const updatedAtMs = changedAt(row.updatedAtMs, Date.now());
      const changed = { ...row, enabled: 0, health: "disabled", updatedAtMs };
      await this.#changes.configure(() => {
        store.writeRoute(this.#db, changed);
        this.#health.noteDisabled(id, reason, Date.now());
        this.#audit.record(null, "route.disabled", id, { reason });
        const data = { name: row.name, reason };
        this.#world.announce({ type: "relay.route.disabled", route: id, data }, Date.now());
      });
      await this.#world.disperse(row);
    });
  }

  delete(
    id: string,
    actor: Actor,
    ifMatch: string | null,
  ): Promise<boolean | "precondition_failed"> {
    const find = () => store.readRoute(this.#db, id);
    return this.#changes.aloneTo({ find, whenMissing: false, ifMatch }, async (row) => {
      await this.#changes.configure(() => this.storeDeleted(row, actor));
      await this.#world.disperse(row);
      return true;
    });
  }

  // What stores a change, with its entry in the audit log: to be called from within `configure`.

  storeNew(row: store.RouteRow, actor: Actor): void {
    store.writeRoute(this.#db, row);
    this.#audit.record(actor, "route.created", row.id, { name: row.name, url: row.url });
  }

  /** `secrets` names what was set of them. */
  storeChanged(
    row: store.RouteRow,
    changed: store.RouteRow,
    secrets: readonly string[],
    actor: Actor,
  ): void {
    store.writeRoute(this.#db, changed);
    this.#health.renew(row.id);
    // The settings alone: how the route fares is no person's change.
    const [before, after] = [routeView(row, HEALTHY), routeView(changed, HEALTHY)];
    const changes = changesBetween(before, after, secrets);
    this.#audit.record(actor, "route.changed", row.id, { ...changes });
  }

  storeDeleted({ id, name, url }: store.RouteRow, actor: Actor): void {
    this.#health.renew(id);
    this.#world.cancelReplays(id);
    store.deleteRoute(this.#db, id);
    this.#world.recountLetters();
    this.#audit.record(actor, "route.deleted", id, { name, url });
  }

  #view(row: store.RouteRow): LiveRouteView {
    const troubledLanes = countTroubled(this.#db, row.id, MAX_TROUBLED);
    return { ...routeView(row, this.#health.breaker(row.id)), troubledLanes };
  }
}
