import type { ComponentChildren } from "preact";

import type { Route } from "../../api/answers.ts";
import { linkTo } from "../../shell/place.ts";
import { amount, latency } from "../../ui/amount.ts";
import { type Counted, counted, FIGURES_MINUTES, type Figures, rate } from "./figures.ts";
import { HealthBadge, Trouble } from "./health.tsx";

/** A route in the list: what it is, how it is, and its figures of the last minutes. */
export function RouteRow({
  route,
  figures,
  lag,
  letters,
}: {
  readonly route: Route;
  readonly figures: Figures | null;
  readonly lag: Counted | null;
  readonly letters: Counted | null;
}) {
  const { id, name, url, troubledLanes } = route;
  const path = ["routes", id];
  return (
    <li class="card route">
      <div class="route-name">
        <div class="row">
          <h2>
            <a href={linkTo(path)}>{name}</a>
          </h2>
          <HealthBadge route={route} />
        </div>
        <code class="quiet">{url}</code>
        <Trouble route={route} />
      </div>
      <dl class="figures">
        <Speed figures={figures} routeId={id} />
        <Figure name="Events behind" isWarning={(lag?.count ?? 0) > 0}>
          {lag === null ? "–" : counted(lag)}
        </Figure>
        <Figure name="Lanes in trouble" isWarning={troubledLanes > 0}>
          <a class="figure-link" href={linkTo(path, { tab: "lanes" })}>
            {troubledLanes >= 1000 ? "1,000+" : amount(troubledLanes)}
          </a>
        </Figure>
        <Figure name="Dead letters" isWarning={(letters?.count ?? 0) > 0}>
          <a class="figure-link" href={linkTo(path, { tab: "dead-letters" })}>
            {letters === null ? "–" : counted(letters)}
          </a>
        </Figure>
      </dl>
    </li>
  );
}

/** Rates and latency of the last minutes; dashes while they are not known. */
export function Speed({
  figures,
  routeId,
}: {
  readonly figures: Figures | null;
  readonly routeId: string;
}) {
  const own = figures?.of(routeId) ?? null;
  const per = (count: number) => (figures === null ? "–" : rate(count, figures.seconds));
  return (
    <>
      <Figure name={`Delivered, last ${FIGURES_MINUTES} min`}>{per(own?.delivered ?? 0)}</Figure>
      <Figure name="Failed attempts" isWarning={(own?.failed ?? 0) > 0}>
        {per(own?.failed ?? 0)}
      </Figure>
      <Figure name="Latency p50 / p99">
        {latency(own?.deliveryMs?.p50)} / {latency(own?.deliveryMs?.p99)}
      </Figure>
    </>
  );
}

export function Figure({
  name,
  isWarning = false,
  children,
}: {
  readonly name: string;
  readonly isWarning?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <div class={isWarning ? "figure figure-warn" : "figure"}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
