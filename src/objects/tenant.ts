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
    clock.rang();
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

  #comeBack(event: string, error: unknown): void {
    log("warn", event, { tenant: this.#id, ...faultFields(error) });
    this.#parts.clock.wakeAt(Date.now() + ALARM_RETRY_MS);
  }

  #isThere(): boolean {
    return this.#parts.isThere();
  }
}
