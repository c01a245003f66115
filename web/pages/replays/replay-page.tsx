import { useEffect, useState } from "preact/hooks";

import type { Lane, Replay, Route } from "../../api/answers.ts";
import { useList, useResource } from "../../api/use-resource.ts";
import { isAdmin } from "../../session/session.ts";
import { linkTo } from "../../shell/place.ts";
import { amount } from "../../ui/amount.ts";
import { ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { Time } from "../../ui/time.tsx";
import { HealthBadge } from "../routes/health.tsx";
import { CancelReplay } from "./cancel-replay.tsx";
import { ReplayBadge, ReplayProgress } from "./progress.tsx";
import { RESTING_REFRESH_MS, RUNNING_REFRESH_MS, What } from "./replay-list.tsx";

/** One replay, as it goes on. */
export function ReplayPage({ id }: { readonly id: string }) {
  const [everyMs, setEveryMs] = useState(RUNNING_REFRESH_MS);
  const { data, error, reload } = useResource<Replay>(
    `/v1/replays/${encodeURIComponent(id)}`,
    everyMs,
  );
  const route = useResource<Route>(data === null ? null : `/v1/routes/${data.route}`, 5_000);
  const isFinished = data !== null && data.finishedAt !== null;
  useEffect(() => setEveryMs(isFinished ? RESTING_REFRESH_MS : RUNNING_REFRESH_MS), [isFinished]);
  if (data === null) {
    return (
      <div class="page">
        <PageHead title="Replay" />
        {error === null ? (
          <Loading what="The replay" />
        ) : (
          <ErrorNote message={error} onRetry={reload} />
        )}
      </div>
    );
  }
  const canCancel = isAdmin() && !isFinished;
  return (
    <div class="page">
      <PageHead
        title={data.kind === "range" ? "Replay of a time range" : "Redelivery of dead letters"}
        lead={<ReplayBadge replay={data} />}
        actions={canCancel && <CancelReplay id={id} onChange={reload} />}
      />
      {error !== null && <ErrorNote message={error} onRetry={reload} />}
      <section class="card stack" aria-label="Progress">
        <ReplayProgress replay={data} />
        <p class="visually-hidden" role="status">
          {isFinished ? `The replay is ${data.status}.` : ""}
        </p>
        <Facts replay={data} route={route.data} />
      </section>
      {data.status === "waiting" && <Waiting route={data.route} />}
      {data.failed > 0 && <Failures replay={data} />}
    </div>
  );
}

function Facts({ replay, route }: { readonly replay: Replay; readonly route: Route | null }) {
  return (
    <dl class="facts">
      <dt>Route</dt>
      <dd class="row">
        <a href={linkTo(["routes", replay.route])}>{route?.name ?? replay.route}</a>
        {route !== null && <HealthBadge route={route} />}
      </dd>
      <dt>What</dt>
      <dd>
        <What replay={replay} />
      </dd>
      <dt>Delivered</dt>
      <dd>{amount(replay.delivered)}</dd>
      <dt>Failed</dt>
      <dd>{amount(replay.failed)}</dd>
      <dt>Begun</dt>
      <dd>
        <Time at={replay.createdAt} />
      </dd>
      <dt>Ended</dt>
      <dd>{replay.finishedAt === null ? "not yet" : <Time at={replay.finishedAt} />}</dd>
    </dl>
  );
}

function Waiting({ route }: { readonly route: string }) {
  return (
    <p class="note note-warn" role="status">
      It waits: its <a href={linkTo(["routes", route])}>route</a> is paused, disabled or failing.
      Nothing is used up meanwhile, and it goes on by itself when the route does.
    </p>
  );
}

/** Why events fail, and where the answers are. */
function Failures({ replay }: { readonly replay: Replay }) {
  const lanes = useList<Lane>(`/v1/routes/${replay.route}/lanes`);
  const stations = (lanes.data ?? []).filter(
    ({ lastAttempt }) => lastAttempt?.replay === replay.id && lastAttempt.class !== "delivered",
  );
  return (
    <section class="note note-bad stack" aria-label="Failures">
      <p>
        <strong>{amount(replay.failed)} events were not taken.</strong> An event fails when the
        destination has refused it twice (4xx), or when it still was in trouble after 1 s, 5 s, 30
        s, 2 min and 10 min. The replay goes on without it.{" "}
        {replay.kind === "dead_letters"
          ? "What failed is among the dead letters, with its newest answer."
          : "The attempts of each station have the answers."}
      </p>
      <p class="row">
        {replay.kind === "dead_letters" && (
          <a href={linkTo(["routes", replay.route], { tab: "dead-letters" })}>Dead letters</a>
        )}
        {stations.slice(0, 20).map(({ station, lastAttempt }) => (
          <a key={station} href={linkTo(["routes", replay.route], { tab: "deliveries", station })}>
            {station}: {lastAttempt?.status ?? lastAttempt?.error ?? "no answer"}
          </a>
        ))}
        <a href={linkTo(["routes", replay.route], { tab: "deliveries" })}>
          Deliveries of the route
        </a>
      </p>
    </section>
  );
}
