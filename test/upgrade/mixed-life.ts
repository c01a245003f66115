import * as z from "zod";

import { type Api, NewRoute } from "../../cli/relay/api.ts";
import { LocalServer } from "../support/local-server.ts";
import { comesTrue, listAs } from "./make-state.ts";

/** For hangs. */
const LIMIT_MS = 30_000;
const STEP_HEADER = "x-step";

const State = z.looseObject({ station: z.string(), seq: z.int() });

/** What accounts of events do not show of versions side by side: states, and changes of the configuration. */
export class MixedLife {
  readonly #api: Api;
  readonly #destination: LocalServer;
  #step = 0;

  private constructor(api: Api, destination: LocalServer) {
    this.#api = api;
    this.#destination = destination;
  }

  static async open(api: Api): Promise<MixedLife> {
    return new MixedLife(api, await LocalServer.start());
  }

  /** What does not go on by the versions that run now, in words. To be asked while events come. */
  async findStuck(): Promise<string[]> {
    this.#step += 1;
    const [doStatesGoOn, isRouteHeardOf] = await Promise.all([
      this.#doStatesGoOn(),
      this.#isRouteHeardOf(String(this.#step)),
    ]);
    return [
      ...(doStatesGoOn ? [] : [`Step ${this.#step}: no station's state has gone on.`]),
      ...(isRouteHeardOf ? [] : [`Step ${this.#step}: no station has heard of a new route.`]),
    ];
  }

  close(): Promise<void> {
    return this.#destination.stop();
  }

  async #doStatesGoOn(): Promise<boolean> {
    const before = await this.#shownSeqs();
    return comesTrue(async () => {
      const seqs = await this.#shownSeqs();
      return [...seqs].some(([station, seq]) => seq > (before.get(station) ?? 0));
    }, LIMIT_MS);
  }

  async #isRouteHeardOf(step: string): Promise<boolean> {
    const { requests, url } = this.#destination;
    const input = { name: `step ${step}`, url, headers: { [STEP_HEADER]: step } };
    const { id } = await this.#api.post("/v1/routes", input, NewRoute);
    const isHeardOf = await comesTrue(
      async () => requests.some(({ headers }) => headers[STEP_HEADER] === step),
      LIMIT_MS,
    );
    await this.#api.delete(`/v1/routes/${id}`);
    return isHeardOf;
  }

  async #shownSeqs(): Promise<Map<string, number>> {
    const states = await listAs(this.#api, "/v1/stations", State);
    return new Map(states.map(({ station, seq }) => [station, seq]));
  }
}
