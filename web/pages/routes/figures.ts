import type * as z from "zod";

import type * as metrics from "../../../src/domain/metrics-answers.ts";
import type { DeadLetter, Lane, Page, Route } from "../../api/answers.ts";
import { withQuery } from "../../api/api.ts";
import { relay } from "../../api/relay.ts";
import { type Resource, useLoaded, useResource } from "../../api/use-resource.ts";
import { amount } from "../../ui/amount.ts";

type Metrics = z.infer<typeof metrics.Metrics>;

/** What a route attempted of late. */
export type RouteFigures = Metrics["total"]["routes"][number];

/** Minutes that rates and latencies are of. */
export const FIGURES_MINUTES = 5;
export const REFRESH_MS = 5_000;
const SLOW_REFRESH_MS = 30_000;
const MAX_COUNTED = 200;

export interface Figures {
  readonly of: (routeId: string) => RouteFigures | null;
  readonly seconds: number;
}

/** Null until they are known. */
export function useFigures(): Figures | null {
  const { data } = useResource<Metrics>(`/v1/metrics?minutes=${FIGURES_MINUTES}`, REFRESH_MS);
  if (data === null) return null;
  return {
    of: (routeId) => data.total.routes.find(({ route }) => route === routeId) ?? null,
    seconds: Math.max(1, (Date.now() - Date.parse(data.from)) / 1000),
  };
}

/** `2.4 /s`, or `12 /min` of what is slower than one in a second. */
export function rate(count: number, seconds: number): string {
  const perSecond = count / seconds;
  if (perSecond >= 1) return `${amount(perSecond, 1)} /s`;
  return `${amount(perSecond * 60, 1)} /min`;
}

/** A number that was counted up to a bound only. */
export interface Counted {
  readonly count: number;
  readonly isMore: boolean;
}

export const counted = ({ count, isMore }: Counted): string =>
  `${amount(count)}${isMore ? "+" : ""}`;

/** Events that lanes in trouble are behind: of the others, none is for longer than a moment. */
export async function readLag({ id, troubledLanes }: Route): Promise<Counted> {
  if (troubledLanes === 0) return { count: 0, isMore: false };
  const path = `/v1/routes/${id}/lanes`;
  const page = await relay.get<Page<Lane>>(
    withQuery(path, { status: "troubled", limit: MAX_COUNTED }),
  );
  const count = page.items.reduce((sum, { behind }) => sum + behind, 0);
  return { count, isMore: page.next !== null };
}

async function countLetters(routeId: string): Promise<Counted> {
  const path = withQuery(`/v1/routes/${routeId}/dead-letters`, { limit: MAX_COUNTED });
  const page = await relay.get<Page<DeadLetter>>(path);
  return { count: page.items.length, isMore: page.next !== null };
}

type ByRoute = Resource<ReadonlyMap<string, Counted>>;

/** Events behind of each route. */
export function useLags(routes: readonly Route[] | null): ByRoute {
  const troubled = routes?.map(({ id, troubledLanes }) => (troubledLanes > 0 ? `${id}!` : id));
  return useLoaded(
    troubled === undefined ? null : troubled.join(),
    () => ofEach(routes ?? [], readLag),
    REFRESH_MS,
  );
}

/** Dead letters of each route. */
export function useLetterCounts(routes: readonly Route[] | null): ByRoute {
  const ids = routes?.map(({ id }) => id).join();
  return useLoaded(
    ids === undefined ? null : ids,
    () => ofEach(routes ?? [], ({ id }) => countLetters(id)),
    SLOW_REFRESH_MS,
  );
}

/** One after the other: a hundred calls at once would be in the way of the rest of the page. */
async function ofEach(
  routes: readonly Route[],
  read: (route: Route) => Promise<Counted>,
): Promise<ReadonlyMap<string, Counted>> {
  const found = new Map<string, Counted>();
  for (const route of routes) found.set(route.id, await read(route));
  return found;
}
