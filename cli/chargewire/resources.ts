import * as z from "zod";

import type { Api, ApiError } from "../relay/api.ts";
import { RelayError } from "../relay/relay.ts";

/** What the management API answers, as far as the command line shows it. */

const Time = z.string().nullable();

export const Key = z.looseObject({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  hint: z.string(),
});

export const Source = z.looseObject({
  id: z.string(),
  name: z.string(),
  ingestPath: z.string(),
  enabled: z.boolean(),
  scheme: z.string(),
  schemeSeen: z.string().nullable(),
  toleranceSeconds: z.number(),
  silentAfterSeconds: z.number(),
  lastEventAt: Time,
  secrets: z.array(
    z.looseObject({ id: z.string(), hint: z.string(), createdAt: z.string(), expiresAt: Time }),
  ),
});
export type Source = z.infer<typeof Source>;

export const Route = z.looseObject({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  enabled: z.boolean(),
  filter: z.record(z.string(), z.unknown()),
  format: z.string(),
  health: z.string(),
  trouble: z
    .looseObject({ failures: z.number(), lastAnswer: z.string().nullable(), nextProbeAt: Time })
    .nullable(),
});
export type Route = z.infer<typeof Route>;

export const Lane = z.looseObject({
  station: z.string(),
  status: z.string(),
  settledSeq: z.number(),
  behind: z.number(),
  head: z.looseObject({ seq: z.number(), attempts: z.number(), nextAttemptAt: Time }).nullable(),
  lastAttempt: z.looseObject({ at: z.string(), snippet: z.string() }).nullable(),
});
export type Lane = z.infer<typeof Lane>;

export const Replay = z.looseObject({
  id: z.string(),
  kind: z.string(),
  route: z.string(),
  matched: z.number(),
  delivered: z.number(),
  failed: z.number(),
  status: z.string(),
  createdAt: z.string(),
});
export type Replay = z.infer<typeof Replay>;

export const DeadLetter = z.looseObject({
  id: z.string(),
  route: z.string(),
  station: z.string(),
  seq: z.number(),
  event: z.string(),
  type: z.string(),
  attempts: z.number(),
  lastAnswer: z.string().nullable(),
  at: z.string(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;

/** An RFC 9457 problem, as the relay answers a call that it refuses. */
const ProblemAnswer = z.looseObject({ code: z.string(), detail: z.string() });

/** What went wrong, for a person and for a program. */
export function problemOf(error: ApiError): { code: string; detail: string; status: number } {
  const { status, answer, message } = error;
  try {
    const { code, detail } = ProblemAnswer.parse(JSON.parse(answer));
    return { code, detail, status };
  } catch {
    return { code: "unexpected_answer", detail: message, status };
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** The one that a person means by an id or a name. */
export async function findNamed<T extends { readonly id: string; readonly name: string }>(
  items: AsyncIterable<T>,
  what: string,
  given: string,
): Promise<T> {
  const list = await all(items);
  const exact = list.find(({ id }) => id === given);
  const named = list.filter(({ name }) => name === given);
  const found = exact ?? named[0];
  if (found === undefined) throw new RelayError(`There is no ${what} "${given}".`);
  if (exact === undefined && named.length > 1) {
    const ids = named.map(({ id }) => id).join(", ");
    throw new RelayError(`Several ${what}s are called "${given}": ${ids}. Say which by its id.`);
  }
  return found;
}

export const listRoutes = (api: Api) => api.list("/v1/routes", Route);
export const listSources = (api: Api) => api.list("/v1/sources", Source);
export const findRoute = (api: Api, given: string) => findNamed(listRoutes(api), "route", given);
/** The route that is named, or all. */
export const findRoutes = async (api: Api, given: string | undefined): Promise<Route[]> =>
  given === undefined ? all(listRoutes(api)) : [await findRoute(api, given)];
export const findSource = (api: Api, given: string) => findNamed(listSources(api), "source", given);
