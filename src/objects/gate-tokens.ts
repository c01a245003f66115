import type { AccessToken } from "../domain/oauth2.ts";
import type { FailedOutcome } from "../domain/outcome.ts";
import { ok, type Result } from "../domain/result.ts";
import type { StationRoute } from "../domain/route.ts";

type Fetched = Result<AccessToken, FailedOutcome>;

/** A route's access token: fetched once for all who ask at a time, and kept until it is stale. */
export class Tokens {
  readonly #fetch: (route: StationRoute) => Promise<Fetched>;
  /** The secrets that the token was got with: those of a changed route get another. */
  #madeFor = "";
  #token: AccessToken | null = null;
  #fetching: Promise<Fetched> | null = null;

  constructor(fetch: (route: StationRoute) => Promise<Fetched>) {
    this.#fetch = fetch;
  }

  async get(route: StationRoute, nowMs: number): Promise<Result<string, FailedOutcome>> {
    if (this.#madeFor !== route.sealedSecrets) {
      this.#madeFor = route.sealedSecrets;
      this.#token = null;
      this.#fetching = null;
    }
    if (this.#token !== null && this.#token.staleAtMs > nowMs) return ok(this.#token.value);
    this.#fetching ??= this.#refresh(route);
    const fetched = await this.#fetching;
    return fetched.ok ? ok(fetched.value.value) : fetched;
  }

  /** The destination did not take it. */
  drop(value: string): void {
    if (this.#token?.value === value) this.#token = null;
  }

  async #refresh(route: StationRoute): Promise<Fetched> {
    try {
      const fetched = await this.#fetch(route);
      if (fetched.ok && this.#madeFor === route.sealedSecrets) this.#token = fetched.value;
      return fetched;
    } finally {
      if (this.#madeFor === route.sealedSecrets) this.#fetching = null;
    }
  }
}
