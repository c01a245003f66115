import { DurableObject } from "cloudflare:workers";

import { readRouteSecrets } from "../domain/delivery.ts";
import { checkDestination } from "../domain/destination-url.ts";
import type { AccessToken } from "../domain/oauth2.ts";
import type { FailedOutcome, Outcome } from "../domain/outcome.ts";
import { err, invariant, type Result } from "../domain/result.ts";
import { routeSecretsPurpose, type StationRoute } from "../domain/route.ts";
import type { Later } from "../domain/throttle.ts";
import { Turnstile } from "../domain/turnstile.ts";
import { configOf, type Env, parseObjectName } from "../env.ts";
import { fetchToken, noToken } from "../outbound/fetch-token.ts";
import type { CourierFacts } from "./courier.ts";
import { Tokens } from "./gate-tokens.ts";

/**
 * One per route that limits attempts or needs access tokens, named `<tenant>/<route>`: what
 * all its lanes have to share. Stores nothing. Whose turn it is decides domain/turnstile.ts.
 */
export class GateObject extends DurableObject<Env> {
  readonly #tenant: string;
  readonly #turnstile = new Turnstile();
  readonly #tokens = new Tokens((route) => this.#fetchToken(route));
  #limitsOfMs = 0;

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
      this.#turnstile.setLimits({ ratePerSecond, concurrency });
    }
    // A replay waits beside the station's lane, even if it is at the same event.
    const place = facts.replay === null ? "" : `/${facts.replay}`;
    const later = await this.#turnstile.enter(`${facts.event.station}/${facts.event.seq}${place}`);
    if (later !== null) return later;
    try {
      return await this.attemptNow(route, facts);
    } finally {
      this.#turnstile.leave();
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
    this.#turnstile.disperse();
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
