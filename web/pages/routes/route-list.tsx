import type { Route } from "../../api/answers.ts";
import { useList } from "../../api/use-resource.ts";
import { isAdmin } from "../../session/session.ts";
import { linkTo, place, replaceQuery } from "../../shell/place.ts";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { REFRESH_MS, useFigures, useLags, useLetterCounts } from "./figures.ts";
import { HEALTHS, type Health, healthOf } from "./health.tsx";
import { RouteRow } from "./route-row.tsx";
import { useNotices } from "./use-notices.ts";

/** All routes, those that need somebody first. */
export function RouteList() {
  const routes = useList<Route>("/v1/routes", REFRESH_MS);
  const figures = useFigures();
  const lags = useLags(routes.data);
  const letters = useLetterCounts(routes.data);
  useNotices(null, () => {
    void routes.reload();
    void lags.reload();
    void letters.reload();
  });
  const { query } = place.value;
  const shown = choose(routes.data ?? [], query.get("q") ?? "", query.get("health"));
  return (
    <div class="page">
      <PageHead
        title="Routes"
        lead="Where events are delivered to, and how well that goes."
        actions={isAdmin() && <NewRouteLink />}
      />
      {routes.error !== null && <ErrorNote message={routes.error} onRetry={routes.reload} />}
      {routes.data === null && routes.error === null && <Loading what="Routes" />}
      {routes.data?.length === 0 && <NoRoutes />}
      {routes.data !== null && routes.data.length > 0 && (
        <>
          <Filters routes={routes.data} />
          <ul class="routes">
            {shown.map((route) => (
              <RouteRow
                key={route.id}
                route={route}
                figures={figures}
                lag={lags.data?.get(route.id) ?? null}
                letters={letters.data?.get(route.id) ?? null}
              />
            ))}
          </ul>
          {shown.length === 0 && (
            <Empty title="No route is like that">
              <p class="quiet">Another search or another health may find it.</p>
            </Empty>
          )}
        </>
      )}
    </div>
  );
}

function NewRouteLink() {
  return (
    <a class="button button-primary" href={linkTo(["routes", "new"])}>
      New route
    </a>
  );
}

function NoRoutes() {
  return (
    <Empty title="No routes yet">
      <p>
        A route delivers events to an HTTPS address of yours, signed, in order per station, and
        tried again until they are taken.
      </p>
      {isAdmin() ? <NewRouteLink /> : <p class="quiet">A key of the role admin can create one.</p>}
    </Empty>
  );
}

function Filters({ routes }: { readonly routes: readonly Route[] }) {
  const { query } = place.value;
  const chosen = query.get("health");
  const counts = new Map<Health, number>();
  for (const route of routes) {
    const health = healthOf(route);
    counts.set(health, (counts.get(health) ?? 0) + 1);
  }
  return (
    <div class="row">
      <input
        type="search"
        class="routes-search"
        aria-label="Search routes by name or address"
        placeholder="Search name or address"
        value={query.get("q") ?? ""}
        onInput={(event) => replaceQuery({ q: event.currentTarget.value })}
      />
      {HEALTHS.filter((health) => counts.has(health) || chosen === health).map((health) => (
        <button
          key={health}
          type="button"
          class="button chip"
          aria-pressed={chosen === health}
          onClick={() => replaceQuery({ health: chosen === health ? null : health })}
        >
          {health} {counts.get(health) ?? 0}
        </button>
      ))}
    </div>
  );
}

function choose(routes: readonly Route[], text: string, health: string | null): Route[] {
  const wanted = text.trim().toLowerCase();
  return routes
    .filter((route) => health === null || healthOf(route) === health)
    .filter(({ name, url }) => `${name} ${url}`.toLowerCase().includes(wanted))
    .sort(byNeed);
}

/** Those in trouble first, then by name: an order that does not move while nothing happens. */
function byNeed(one: Route, other: Route): number {
  const rank = (route: Route) => HEALTHS.indexOf(healthOf(route));
  return rank(one) - rank(other) || one.name.localeCompare(other.name);
}
