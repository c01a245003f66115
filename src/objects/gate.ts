import { DurableObject } from "cloudflare:workers";

import { readRouteSecrets } from "../domain/delivery.ts";
import { checkDestination } from "../domain/destination-url.ts";
import type { AccessToken } from "../domain/oauth2.ts";
import type { FailedOutcome, Outcome } from "../domain/outcome.ts";
import { err, invariant, type Result } from "../domain/result.ts";
import { routeSecretsPurpose, type StationRoute } from "../domain/route.ts";
import { type Later, MAX_WAIT_MS, Throttle } from "../domain/throttle.ts";
import { configOf, type Env, parseObjectName } from "../env.ts";
import { fetchToken, noToken } from "../outbound/fetch-token.ts";
import type { CourierFacts } from "./courier.ts";
import { Tokens } from "./gate-tokens.ts";

/** An idle object may be forgotten after ten seconds, and with it when the next start may be. */
const FORGETFUL_MS = 8_000;

/**
 * One per route that limits attempts or needs access tokens, named `<tenant>/<route>`: what
 * all its lanes have to share. Stores nothing. Whose turn it is decides domain/throttle.ts.
 */
export class GateObject extends DurableObject<Env> {
  readonly #tenant: string;
  readonly #throttle = new Throttle();
  readonly #tokens = new Tokens((route) => this.#fetchToken(route));
  /** Lanes that wait here, each with what tells it that its turn has come (null) or is far off. */
  readonly #waiting = new Map<string, (turn: Later | null) => void>();
  #limitsOfMs = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#tenant = parseObjectName(ctx.id.name).tenant;
  }

  /**
   * One attempt, when it is the lane's turn; `later` when that is far off, and the lane keeps
   * its place if it comes back for the same event then.
   */
  async attempt(route: StationRoute, facts: CourierFacts): Promise<Outcome | Later> {
    if (route.changedAtMs >= this.#limitsOfMs) {
      this.#limitsOfMs = route.changedAtMs;
      const { ratePerSecond = null, concurrency = null } = route;
      this.#throttle.setLimits({ ratePerSecond, concurrency }, Date.now());
    }
    // A replay waits beside the station's lane, even if it is at the same event.
    const place = facts.replay === null ? "" : `/${facts.replay}`;
    const later = await this.#turn(`${facts.event.station}/${facts.event.seq}${place}`);
    if (later !== null) return later;
    try {
      return await this.attemptNow(route, facts);
    } finally {
      this.#throttle.end();
      this.#admit();
    }
  }

  /** One attempt outside all limits. */
  async attemptNow(route: StationRoute, facts: CourierFacts): Promise<Outcome> {
    const courier = this.ctx.exports.Courier;
    if (route.authType !== "oauth2") return courier.attempt(this.#tenant, route, facts);
    const token = await this.#tokens.get(route, Date.now());
    if (!token.ok) return token.error;
    const accessToken = token.value;
    const outcome = await courier.attempt(this.#tenant, route, { ...facts, accessToken });
    if (outcome.kind === "answered" && outcome.status === 401) this.#tokens.drop(accessToken);
    return outcome;
  }

  /** The route has changed or gone: who waits is to look again before it attempts anything. */
  async disperse(): Promise<void> {
    const nowMs = Date.now();
    for (const [lane, settle] of this.#waiting) settle(this.#throttle.sendAway(lane, nowMs, 0));
  }

  #turn(lane: string): Promise<Later | null> {
    // A lane has one attempt under way: whoever asked for it before does not wait any more.
    this.#waiting.get(lane)?.(this.#throttle.sendAway(lane, Date.now()));
    const later = this.#throttle.enter(lane, Date.now());
    if (later !== null) return Promise.resolve(later);
    return new Promise((resolve) => {
      const sendAway = () => settle(this.#throttle.sendAway(lane, Date.now()));
      const timer = setTimeout(sendAway, MAX_WAIT_MS);
      const settle = (turn: Later | null) => {
        clearTimeout(timer);
        this.#waiting.delete(lane);
        resolve(turn);
      };
      this.#waiting.set(lane, settle);
      this.#admit();
    });
  }

  /** Lets in everybody whose turn it is, and sees to being here when it is the next one's. */
  #admit(): void {
    for (;;) {
      const nowMs = Date.now();
      const next = this.#throttle.next(nowMs);
      if (next === null || "inMs" in next) {
        const idleMs = this.#throttle.freeAtMs - nowMs;
        this.#comeBackIn(next?.inMs ?? (idleMs > FORGETFUL_MS ? idleMs : null));
        return;
      }
      const settle = this.#waiting.get(next.lane);
      invariant(settle !== undefined, "a lane whose turn it is waits here");
      settle(null);
    }
  }

  #comeBackIn(ms: number | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = ms === null ? null : setTimeout(() => this.#admit(), Math.ceil(ms));
  }

  async #fetchToken(route: StationRoute): Promise<Result<AccessToken, FailedOutcome>> {
    const { sealer, destinations, hopId } = await configOf(this.env);
    const purpose = routeSecretsPurpose(this.#tenant, route.id);
    const { auth } = readRouteSecrets(await sealer.open(route.sealedSecrets, purpose));
    invariant(auth?.type === "oauth2", "the route has client credentials");
    // Checked when stored and again here, as every destination is.
    const checked = checkDestination(auth.tokenUrl, destinations);
    if (!checked.ok) return err(noToken(checked.error, 0));
    const { timeoutMs } = route;
    return fetchToken(auth, { url: checked.value.href, timeoutMs, hopId });
  }
}
