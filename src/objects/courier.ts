import { WorkerEntrypoint } from "cloudflare:workers";

import { type AttemptFacts, buildDelivery, readRouteSecrets, redact } from "../domain/delivery.ts";
import { checkDestination } from "../domain/destination-url.ts";
import type { Outcome } from "../domain/outcome.ts";
import { routeSecretsPurpose, type StationRoute } from "../domain/route.ts";
import { configOf, type Env } from "../env.ts";
import { deliver } from "../outbound/deliver.ts";

/** What an attempt needs to know beside its route. */
export type CourierFacts = Omit<AttemptFacts, "format" | "edrvScheme">;

/**
 * Makes one attempt per call, each in an invocation of its own: the platform lets one
 * invocation wait for six connections at a time, and slow routes must not use up a station's.
 */
export class Courier extends WorkerEntrypoint<Env> {
  async attempt(tenant: string, route: StationRoute, facts: CourierFacts): Promise<Outcome> {
    const config = await configOf(this.env);
    // Checked when stored and again here: the policy may have become stricter since.
    const destination = checkDestination(route.url, config.destinations);
    if (!destination.ok) {
      return { kind: "failed", error: "refused_url", detail: destination.error, latencyMs: 0 };
    }
    const purpose = routeSecretsPurpose(tenant, route.id);
    const secrets = readRouteSecrets(await config.sealer.open(route.sealedSecrets, purpose));
    const { format, edrvScheme, timeoutMs } = route;
    const request = await buildDelivery({ ...facts, format, edrvScheme }, secrets, Date.now());
    const { href: url } = destination.value;
    return deliver({ url, ...request, timeoutMs, hopId: config.hopId }, (text) =>
      redact(text, secrets, request),
    );
  }
}
