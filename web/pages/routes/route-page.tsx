import type { Route } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { useLoaded } from "../../api/use-resource.ts";
import { isAdmin } from "../../session/session.ts";
import { linkTo, place } from "../../shell/place.ts";
import { amount } from "../../ui/amount.ts";
import { ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { Deliveries } from "./deliveries.tsx";
import { REFRESH_MS, useFigures } from "./figures.ts";
import { HealthBadge, HealthNote } from "./health.tsx";
import { Lanes } from "./lanes.tsx";
import { DeadLetters } from "./letters/dead-letters.tsx";
import { Overview } from "./overview.tsx";
import { RouteActions } from "./route-actions.tsx";
import { Figure, Speed } from "./route-row.tsx";
import { useNotices } from "./use-notices.ts";

const TABS = [
  ["overview", "Overview"],
  ["lanes", "Lanes"],
  ["dead-letters", "Dead letters"],
  ["deliveries", "Deliveries"],
] as const;

/** One route: how it is, and its parts under tabs. */
export function RoutePage({ id }: { readonly id: string }) {
  const path = `/v1/routes/${encodeURIComponent(id)}`;
  const route = useLoaded(path, () => relay.getTagged<Route>(path), REFRESH_MS);
  const figures = useFigures();
  useNotices(id, route.reload);
  if (route.data === null) {
    return (
      <div class="page">
        <PageHead title="Route" />
        {route.error === null ? (
          <Loading what="The route" />
        ) : (
          <ErrorNote message={route.error} onRetry={route.reload} />
        )}
      </div>
    );
  }
  const { value, etag } = route.data;
  return (
    <div class="page">
      <PageHead
        title={value.name}
        lead={
          <span class="row">
            <HealthBadge route={value} />
            <code>{value.url}</code>
          </span>
        }
        actions={isAdmin() && <RouteActions route={value} etag={etag} onChange={route.reload} />}
      />
      {route.error !== null && <ErrorNote message={route.error} onRetry={route.reload} />}
      <HealthNote route={value} />
      <dl class="figures card">
        <Speed figures={figures} routeId={id} />
        <Figure name="Lanes in trouble" isWarning={value.troubledLanes > 0}>
          {amount(value.troubledLanes)}
          {value.troubledLanes >= 1000 && "+"}
        </Figure>
      </dl>
      <Tabs id={id} />
      <Tab route={value} onChange={route.reload} />
    </div>
  );
}

function currentTab(): string {
  return place.value.query.get("tab") ?? "overview";
}

function Tabs({ id }: { readonly id: string }) {
  return (
    <nav class="tabs" aria-label="Parts of the route">
      {TABS.map(([tab, title]) => (
        <a
          key={tab}
          href={linkTo(["routes", id], { tab: tab === "overview" ? null : tab })}
          aria-current={currentTab() === tab ? "page" : undefined}
        >
          {title}
        </a>
      ))}
    </nav>
  );
}

function Tab({ route, onChange }: { readonly route: Route; readonly onChange: () => void }) {
  switch (currentTab()) {
    case "lanes":
      return <Lanes route={route} onChange={onChange} />;
    case "dead-letters":
      return <DeadLetters routeId={route.id} />;
    case "deliveries":
      return <Deliveries routeId={route.id} />;
    default:
      return <Overview route={route} />;
  }
}
