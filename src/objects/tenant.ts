import { DurableObject } from "cloudflare:workers";

import type { Actor } from "../domain/audit.ts";
import type { ConfigDocument } from "../domain/config-document.ts";
import type {
  NewKey,
  NewReplay,
  NewRoute,
  NewSecret,
  NewSource,
  RoutePatch,
  SettingsPatch,
  SourcePatch,
} from "../domain/control.ts";
import type { Gap, LaneAction } from "../domain/lane.ts";
import type { DayUsage } from "../domain/usage.ts";
import { type Env, feedName } from "../env.ts";
import { faultFields, log } from "../log.ts";
import type { QuarantineRow } from "../store/quarantine-store.ts";
import type { GivenUp, GiveUpReason, LaneReport } from "./station-lane-reports.ts";
import { openParts, type TenantParts } from "./tenant-parts.ts";
import type { RedeliveryRefusal } from "./tenant-replays.ts";
import type { RefusalCount } from "./tenant-sources.ts";
import type { TicketAnswer } from "./tenant-tickets.ts";
import type { DeadLetterView } from "./tenant-views.ts";

const ALARM_RETRY_MS = 5_000;

/**
 * One per tenant, named by its id: the control plane. Off the hot path; what the hot path
 * needs of it is fetched and kept by the edge, the feed and the stations. A shell: each subject
 * is a part in tenant-*.ts, and tenant-parts.ts puts them together.
 *
 * What the edge, the feed and the stations call may come before the tenant is created, and
 * after it was removed; everything else comes with a key of the tenant's.
 */
export class TenantObject extends DurableObject<Env> {
  readonly #id: string;
  readonly #parts: TenantParts;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#id = ctx.id.name ?? "";
    this.#parts = openParts(ctx, env);
  }

  /** The first admin key, shown once; or what is known of the tenant that has, or had, this id. */
  async create(name: string) {
    return this.#parts.life.begin(name);
  }

  /** Removes everything of the tenant; a tombstone stays, so that nothing recreates it. */
  async remove() {
    return this.#parts.life.end();
  }

  /** Seals some of the secrets anew that are not sealed under the master key of now. Null when there is no such tenant. */
  async reseal() {
    return this.#isThere() ? this.#parts.resealing.step() : null;
  }

  /** Whose key has this hash, or null. */
  async authenticate(hash: string) {
    return this.#isThere() ? this.#parts.keys.authenticate(hash) : null;
  }

  async feedConfig() {
    return this.#parts.config.forFeed();
  }

  async listKeys(after: string, limit: number) {
    return this.#parts.keys.list(after, limit);
  }

  /** For whoever asks with it. */
  async currentKey(id: string) {
    return this.#isThere() ? this.#parts.keys.describe(id) : null;
  }

  async createKey(input: NewKey, actor: Actor) {
    return this.#parts.keys.create(input, actor);
  }

  async deleteKey(id: string, actor: Actor) {
    return this.#parts.keys.delete(id, actor);
  }

  async registerSubscribed(station: string, keyId: string) {
    return this.#isThere() && this.#parts.keys.subscribe(station, keyId);
  }

  /** A ticket opens one stream; a ticket of a tenant that is gone opens none. */
  async openTicket(id: string, stream: string, expiresAtMs: number): Promise<TicketAnswer> {
    return this.#isThere() ? this.#parts.tickets.open(id, stream, expiresAtMs) : "used";
  }

  async hasOpenedTicket(id: string, stream: string) {
    return this.#isThere() && this.#parts.tickets.hasOpened(id, stream);
  }

  async getSettings() {
    return this.#parts.settings.get();
  }

  async updateSettings(patch: SettingsPatch, actor: Actor) {
    return this.#parts.settings.update(patch, actor);
  }

  /** Sources and routes as one document, and the tag that names this state of it. */
  async getConfig() {
    return this.#parts.configDocuments.read();
  }

  async applyConfig(
    document: ConfigDocument,
    how: { readonly dryRun: boolean; readonly ifMatch: string | null },
    actor: Actor,
  ) {
    return this.#parts.configDocuments.apply(document, how, actor);
  }

  async listSources(after: string, limit: number) {
    return this.#parts.sources.list(after, limit);
  }

  async getSource(id: string) {
    return this.#parts.sources.get(id);
  }

  async createSource(input: NewSource, actor: Actor) {
    return this.#parts.sources.create(input, actor);
  }

  async updateSource(id: string, patch: SourcePatch, actor: Actor, ifMatch: string | null = null) {
    return this.#parts.sources.update(id, patch, actor, ifMatch);
  }

  async deleteSource(id: string, actor: Actor, ifMatch: string | null = null) {
    return this.#parts.sources.delete(id, actor, ifMatch);
  }

  async addSecret(sourceId: string, input: NewSecret, actor: Actor) {
    return this.#parts.sources.addSecret(sourceId, input, actor);
  }

  async deleteSecret(sourceId: string, id: string, actor: Actor) {
    return this.#parts.sources.deleteSecret(sourceId, id, actor);
  }

  async listRefusals(sourceId: string, before: number, limit: number) {
    return this.#parts.sources.refusals(sourceId, before, limit);
  }

  /** For the edge. Null when there is no such source, or no such tenant any more. */
  async ingestSource(id: string) {
    return this.#isThere() ? this.#parts.sources.forIngest(id) : null;
  }

  async noteSource(id: string, schemeSeen: string, atMs: number): Promise<void> {
    if (this.#isThere()) this.#parts.sources.note(id, schemeSeen, atMs);
  }

  async noteRefusals(sourceId: string, refusals: readonly RefusalCount[]): Promise<void> {
    if (this.#isThere()) this.#parts.sources.noteRefusals(sourceId, refusals);
  }

  async listRoutes(after: string, limit: number) {
    return this.#parts.routes.list(after, limit);
  }

  async getRoute(id: string) {
    return this.#parts.routes.get(id);
  }

  async createRoute(input: NewRoute, actor: Actor) {
    return this.#parts.routes.create(input, actor);
  }

  async updateRoute(id: string, patch: RoutePatch, actor: Actor, ifMatch: string | null = null) {
    return this.#parts.routes.update(id, patch, actor, ifMatch);
  }

  async enableRoute(id: string, enabled: boolean, actor: Actor) {
    return this.#parts.routes.enable(id, enabled, actor);
  }

  async rotateRouteSecret(id: string, overlapMs: number, actor: Actor) {
    return this.#parts.routes.rotateSecret(id, overlapMs, actor);
  }

  async testRoute(id: string, type: string) {
    return this.#isThere() ? this.#parts.gates.test(id, type) : null;
  }

  /** The destination has answered that it wants nothing more; `asOfMs` says which one that was. */
  async disableRoute(id: string, asOfMs: number) {
    return this.#parts.routes.disableGone(id, asOfMs);
  }

  async deleteRoute(id: string, actor: Actor, ifMatch: string | null = null) {
    return this.#parts.routes.delete(id, actor, ifMatch);
  }

  /** For stations: all routes, or null when nothing has changed since `version`. */
  async routesSince(version: number) {
    return this.#parts.config.routesSince(version);
  }

  /** What a lane's attempt came to, if the lane or its route is not well. */
  async reportAttempt(report: LaneReport) {
    return this.#isThere() ? this.#parts.lanes.report(report, Date.now()) : { isOpen: false };
  }

  /** A lane may attempt nothing; its station is woken when its route goes on or goes away. */
  async registerBlocked(routeId: string, station: string): Promise<void> {
    if (this.#isThere()) this.#parts.lanes.block(routeId, station, Date.now());
  }

  async registerParked(given: GivenUp): Promise<void> {
    if (this.#isThere()) this.#parts.lanes.park(given, Date.now());
  }

  async giveUp(given: GivenUp, reason: GiveUpReason): Promise<void> {
    if (this.#isThere()) this.#parts.lanes.giveUp(given, reason, Date.now());
  }

  /** A lane is past events that its log no longer has: its next delivery names them, too. */
  async announceLost(routeId: string, station: string, gap: Gap): Promise<void> {
    if (this.#isThere()) this.#parts.lanes.lost(routeId, station, gap, Date.now());
  }

  async troubledStations(routeId: string, after: string, limit: number) {
    return this.#parts.laneActions.troubled(routeId, after, limit);
  }

  /** What a person does about a lane (http/lanes.ts). The station is known to be there. */
  async actOnLane(routeId: string, station: string, action: LaneAction, actor: Actor) {
    return this.#parts.laneActions.act(routeId, station, action, actor);
  }

  async listDeadLetters(routeId: string, after: number, limit: number) {
    return this.#parts.deadLetters.list(routeId, after, limit);
  }

  /** As JSON text, with its event. Null when there is no such letter. */
  async getDeadLetter(routeId: string, number: number) {
    return this.#parts.deadLetters.get(routeId, number);
  }

  async discardDeadLetter(routeId: string, number: number, actor: Actor) {
    return this.#parts.deadLetters.discard(routeId, number, actor);
  }

  /** One dead letter, with the replay that carries it. */
  async redeliver(
    routeId: string,
    number: number,
    actor: Actor,
  ): Promise<DeadLetterView | RedeliveryRefusal> {
    const replay = this.#parts.replays.redeliver(routeId, number, actor);
    if (typeof replay === "string") return replay;
    return this.#parts.deadLetters.show(routeId, number) ?? "not_found";
  }

  /** All of a route's dead letters that are not under way already. */
  async redeliverAll(routeId: string, actor: Actor) {
    return this.#parts.replays.redeliver(routeId, null, actor);
  }

  async countReplay(input: NewReplay) {
    return this.#parts.replays.dryRun(input);
  }

  async createReplay(input: NewReplay, actor: Actor) {
    return this.#parts.replays.create(input, actor);
  }

  async listReplays(before: number, limit: number) {
    return this.#parts.replays.list(before, limit);
  }

  async getReplay(id: string) {
    return this.#parts.replays.get(id);
  }

  async cancelReplay(id: string, actor: Actor) {
    return this.#parts.replays.cancel(id, actor);
  }

  /** Keeps a webhook that was signed and could not be relayed, once. */
  async quarantine(
    entry: Omit<QuarantineRow, "number" | "size">,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<"kept" | "full" | "gone"> {
    return this.#isThere() ? this.#parts.quarantine.keep(entry, body) : "gone";
  }

  async listQuarantine(after: number, limit: number) {
    return this.#parts.quarantine.list(after, limit);
  }

  async getQuarantined(id: string) {
    return this.#parts.quarantine.get(id);
  }

  /** The station is known to be there. */
  async releaseQuarantined(id: string, station: string | null, actor: Actor) {
    return this.#parts.quarantine.release(id, station, actor);
  }

  async discardQuarantined(id: string, actor: Actor) {
    return this.#parts.quarantine.discard(id, actor);
  }

  /** Takes a station out of state and snapshots. False when there is none. */
  async deleteStation(station: string, actor: Actor): Promise<boolean> {
    const removed = await this.env.FEED.getByName(feedName(this.#id)).removeStation(station);
    if (removed && this.#isThere()) this.#parts.audit.record(actor, "station.deleted", station);
    return removed;
  }

  async listAudit(before: number, limit: number) {
    return this.#parts.audit.list(before, limit);
  }

  async showUsage(from: string, to: string) {
    return this.#parts.usage.show(from, to);
  }

  /** From the feed: what was done on days that are over. */
  async takeUsage(days: readonly DayUsage[]): Promise<void> {
    if (this.#isThere()) this.#parts.usage.take(days, Date.now());
  }

  /** Never throws: the platform gives an alarm up after six tries. */
  override async alarm(): Promise<void> {
    const { clock, replays, retention, messenger, health, usage } = this.#parts;
    await clock.rang();
    const notified = this.#notify();
    try {
      // What takes no time first: a station that is slow to wake holds up no probe.
      if (this.#isThere()) {
        if (health.run(Date.now())) messenger.mustTell();
        replays.kick();
        usage.write(Date.now());
        retention.kick();
      }
      await messenger.ring();
    } catch (error) {
      this.#comeBack("alarm.failed", error);
    } finally {
      await notified;
    }
  }

  /** Tells of what has happened here. Never throws. */
  async #notify(): Promise<void> {
    const { sources, notices } = this.#parts;
    try {
      if (!this.#isThere()) return;
      sources.watch(Date.now());
      await notices.run(Date.now());
    } catch (error) {
      this.#comeBack("notices.failed", error);
    }
  }

  #comeBack(event: "alarm.failed" | "notices.failed", error: unknown): void {
    log("warn", event, { tenant: this.#id, ...faultFields(error) });
    this.#parts.clock.wakeAt(Date.now() + ALARM_RETRY_MS);
  }

  #isThere(): boolean {
    return this.#parts.isThere();
  }
}
