import type { Delivery, Lane, Page } from "../../api/answers.ts";
import { withQuery } from "../../api/api.ts";
import { useList, useResource } from "../../api/use-resource.ts";
import { linkTo, place, replaceQuery } from "../../shell/place.ts";
import { latency } from "../../ui/amount.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { Clock, Time } from "../../ui/time.tsx";
import { REFRESH_MS } from "./figures.ts";
import { OutcomeBadge, Snippet } from "./outcome.tsx";

const MAX_SHOWN = 100;

/** The last attempt at each station, newest first; of one station, all that its lane remembers. */
export function Deliveries({ routeId }: { readonly routeId: string }) {
  const station = place.value.query.get("station") ?? "";
  return station === "" ? (
    <Newest routeId={routeId} />
  ) : (
    <OfStation routeId={routeId} station={station} />
  );
}

interface Line extends Omit<Delivery, "route"> {
  readonly station: string;
}

function Newest({ routeId }: { readonly routeId: string }) {
  const lanes = useList<Lane>(`/v1/routes/${routeId}/lanes`, REFRESH_MS);
  if (lanes.data === null) return <Pending error={lanes.error} reload={lanes.reload} />;
  const lines = lanes.data
    .flatMap(({ station, lastAttempt }) =>
      lastAttempt === null ? [] : [{ station, ...lastAttempt }],
    )
    .sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
  return (
    <section class="stack" aria-label="Deliveries">
      <p class="quiet">
        The last attempt of each station's lane. A station's link shows all that it remembers.
      </p>
      <Attempts lines={lines.slice(0, MAX_SHOWN)} routeId={routeId} />
    </section>
  );
}

function OfStation({ routeId, station }: { readonly routeId: string; readonly station: string }) {
  const path = `/v1/stations/${encodeURIComponent(station)}/deliveries`;
  const page = useResource<Page<Delivery>>(
    withQuery(path, { route: routeId, limit: MAX_SHOWN }),
    REFRESH_MS,
  );
  return (
    <section class="stack" aria-label="Deliveries">
      <div class="row">
        <span>
          Attempts of <a href={linkTo(["stations", station])}>{station}</a>, newest first
        </span>
        <Button onClick={() => replaceQuery({ station: null })}>Show all stations</Button>
      </div>
      {page.data === null ? (
        <Pending error={page.error} reload={page.reload} />
      ) : (
        <Attempts
          lines={page.data.items.map((delivery) => ({ station, ...delivery }))}
          routeId={routeId}
        />
      )}
    </section>
  );
}

function Pending({
  error,
  reload,
}: {
  readonly error: string | null;
  readonly reload: () => void;
}) {
  if (error === null) return <Loading what="Deliveries" />;
  return <ErrorNote message={error} onRetry={reload} />;
}

function Attempts({
  lines,
  routeId,
}: {
  readonly lines: readonly Line[];
  readonly routeId: string;
}) {
  if (lines.length === 0) {
    return (
      <Empty title="Nothing was attempted yet">
        <p class="quiet">Attempts appear here as soon as an event passes the route's filter.</p>
      </Empty>
    );
  }
  return (
    <section
      class="table-box"
      aria-label="Table of attempts"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
      tabIndex={0}
    >
      <table class="table">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Station</th>
            <th scope="col">Event</th>
            <th scope="col">Result</th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col">Answer</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Attempt key={`${line.station} ${line.at}`} line={line} routeId={routeId} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Attempt({ line, routeId }: { readonly line: Line; readonly routeId: string }) {
  const { station, at, seq, type, attempt, replay } = line;
  return (
    <tr>
      <td>
        <Time at={at} />
        <div class="quiet">
          <Clock at={at} />
        </div>
      </td>
      <td>
        <a class="mono" href={linkTo(["routes", routeId], { tab: "deliveries", station })}>
          {station}
        </a>
      </td>
      <td>
        <code>{type ?? "no longer kept"}</code>
        <div class="quiet">
          #{seq}, try {attempt}
          {replay !== null && (
            <>
              , <a href={linkTo(["replays", replay])}>of a replay</a>
            </>
          )}
        </div>
      </td>
      <td>
        <OutcomeBadge attempt={line} />
      </td>
      <td class="number">{latency(line.latencyMs)}</td>
      <td>
        <Snippet text={line.snippet} />
      </td>
    </tr>
  );
}
