import { useState } from "preact/hooks";

import type { Delivery, Route } from "../../api/answers.ts";
import { withQuery } from "../../api/api.ts";
import { relay } from "../../api/relay.ts";
import { useList, useLoaded } from "../../api/use-resource.ts";
import { linkTo } from "../../shell/place.ts";
import { latency } from "../../ui/amount.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { Time } from "../../ui/time.tsx";
import { Lanes } from "./lanes.tsx";

const EVERY_MS = 10_000;
const STEP = 50;
const TONES: Readonly<Record<Delivery["class"], Tone>> = {
  delivered: "good",
  trouble: "warn",
  refused: "bad",
  gone: "bad",
};

/** What became of the station's events at the destinations: attempts, newest first. */
export function Deliveries({ path, id }: { readonly path: string; readonly id: string }) {
  const routes = useList<Route>("/v1/routes", 30_000);
  const [route, setRoute] = useState<string | null>(null);
  const [most, setMost] = useState(STEP);
  const list = withQuery(`${path}/deliveries`, { route });
  const attempts = useLoaded(`${list} ${most}`, () => relay.list<Delivery>(list, most), EVERY_MS);
  const names = new Map((routes.data ?? []).map(({ id, name }) => [id, name]));
  return (
    <section class="stack" aria-label="Deliveries">
      {routes.data !== null && <Lanes routes={routes.data} station={id} />}
      <label class="row timeline-filter">
        Route
        <select
          value={route ?? ""}
          onChange={({ currentTarget: { value } }) => setRoute(value === "" ? null : value)}
        >
          <option value="">all</option>
          {[...names].map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {attempts.error !== null && <ErrorNote message={attempts.error} onRetry={attempts.reload} />}
      {attempts.data === null && attempts.isLoading && <Loading what="Loading deliveries" />}
      {attempts.data?.length === 0 && (
        <Empty title="Nothing was sent to a destination yet">
          <p>
            <a href={linkTo(["routes"])}>Routes</a> say what is delivered where.
          </p>
        </Empty>
      )}
      {attempts.data !== null && attempts.data.length > 0 && (
        <Attempts attempts={attempts.data} names={names} />
      )}
      {attempts.data !== null && attempts.data.length >= most && (
        <div class="row">
          <Button onClick={() => setMost(most + STEP)}>Load older</Button>
        </div>
      )}
    </section>
  );
}

function Attempts({
  attempts,
  names,
}: {
  readonly attempts: readonly Delivery[];
  readonly names: ReadonlyMap<string, string>;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
    <section class="table-box" tabIndex={0} aria-label="Attempts at destinations">
      <table class="table">
        <thead>
          <tr>
            <th>When</th>
            <th>Route</th>
            <th>Event</th>
            <th>Attempt</th>
            <th>Outcome</th>
            <th>Latency</th>
            <th>Answer</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt) => (
            <tr key={`${attempt.route} ${attempt.seq} ${attempt.attempt} ${attempt.at}`}>
              <td>
                <Time at={attempt.at} />
              </td>
              <td>
                <a href={linkTo(["routes", attempt.route])}>
                  {names.get(attempt.route) ?? attempt.route}
                </a>
              </td>
              <td>
                <span class="quiet">#{attempt.seq}</span> {attempt.type}
                {attempt.replay !== null && <small class="quiet"> (replay)</small>}
              </td>
              <td class="number">{attempt.attempt}</td>
              <td>
                <Badge tone={TONES[attempt.class] ?? "off"}>{attempt.class}</Badge>{" "}
                <span class="quiet">{attempt.status ?? attempt.error}</span>
              </td>
              <td class="number">{latency(attempt.latencyMs)}</td>
              <td>
                <code class="station-snippet">{attempt.snippet}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
