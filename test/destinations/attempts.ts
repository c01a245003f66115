import * as z from "zod";

import type { Api } from "../../cli/relay/api.ts";
import type { Reason } from "./faults.ts";

const Delivery = z.looseObject({
  route: z.string(),
  class: z.string(),
  status: z.number().nullable(),
  error: z.string().nullable(),
});

/** How many attempts came to what: why there was no answer, or the status. */
export type Outcomes = ReadonlyMap<Reason | string, number>;

/** How the attempts of a route came out at these stations, by the relay's own log. */
export async function outcomesOf(
  api: Api,
  route: string,
  stations: Iterable<string>,
): Promise<Outcomes> {
  const outcomes = new Map<Reason | string, number>();
  for (const station of stations) {
    const path = `/v1/stations/${station}/deliveries`;
    for await (const { status, error } of api.list(path, Delivery, { route })) {
      const outcome = error ?? status ?? "nothing";
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  }
  return outcomes;
}
