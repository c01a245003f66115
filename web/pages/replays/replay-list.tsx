import { useEffect, useState } from "preact/hooks";

import type { Replay, Route } from "../../api/answers.ts";
import { useList } from "../../api/use-resource.ts";
import { isAdmin } from "../../session/session.ts";
import { linkTo, place, replaceQuery } from "../../shell/place.ts";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { Time } from "../../ui/time.tsx";
import { CancelReplay } from "./cancel-replay.tsx";
import { ReplayBadge, ReplayProgress } from "./progress.tsx";

export const RUNNING_REFRESH_MS = 1_000;
export const RESTING_REFRESH_MS = 10_000;

/** All replays that the relay remembers, newest first. */
export function ReplayList() {
  const [everyMs, setEveryMs] = useState(RESTING_REFRESH_MS);
  const replays = useList<Replay>("/v1/replays", everyMs);
  const routes = useList<Route>("/v1/routes");
  const isRunning = replays.data?.some(({ finishedAt }) => finishedAt === null) ?? false;
  useEffect(() => setEveryMs(isRunning ? RUNNING_REFRESH_MS : RESTING_REFRESH_MS), [isRunning]);
  const route = place.value.query.get("route") ?? "";
  const shown = (replays.data ?? []).filter((replay) => route === "" || replay.route === route);
  return (
    <div class="page">
      <PageHead
        title="Replays"
        lead="Events sent to a route once more, marked, and beside what is delivered live."
        actions={isAdmin() && <NewReplayLink />}
      />
      {replays.error !== null && <ErrorNote message={replays.error} onRetry={replays.reload} />}
      {replays.data === null && replays.error === null && <Loading what="Replays" />}
      {replays.data?.length === 0 && <NoReplays />}
      {replays.data !== null && replays.data.length > 0 && (
        <>
          <RouteChoice route={route} routes={routes.data ?? []} />
          <Table replays={shown} routes={routes.data ?? []} onChange={replays.reload} />
        </>
      )}
    </div>
  );
}

function NewReplayLink() {
  return (
    <a class="button button-primary" href={linkTo(["replays", "new"])}>
      New replay
    </a>
  );
}

function NoReplays() {
  return (
    <Empty title="No replays yet">
      <p>
        When a receiver has lost something, a replay sends what came in a time range once more. It
        counts first, and then begins.
      </p>
      {isAdmin() && <NewReplayLink />}
    </Empty>
  );
}

function RouteChoice({
  route,
  routes,
}: {
  readonly route: string;
  readonly routes: readonly Route[];
}) {
  return (
    <div class="row">
      <select
        class="replay-choice"
        aria-label="Replays of which route"
        value={route}
        onChange={(event) => replaceQuery({ route: event.currentTarget.value })}
      >
        <option value="">of all routes</option>
        {routes.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

interface TableProps {
  readonly replays: readonly Replay[];
  readonly routes: readonly Route[];
  readonly onChange: () => Promise<void>;
}

function Table({ replays, routes, onChange }: TableProps) {
  if (replays.length === 0) return <Empty title="No replay of this route" />;
  return (
    <section
      class="table-box"
      aria-label="Table of replays"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
      tabIndex={0}
    >
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Begun</th>
            <th scope="col">Route</th>
            <th scope="col">What</th>
            <th scope="col">Status</th>
            <th scope="col">Progress</th>
            {isAdmin() && <th scope="col">Actions</th>}
          </tr>
        </thead>
        <tbody>
          {replays.map((replay) => (
            <Row key={replay.id} {...{ replay, routes, onChange }} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({
  replay,
  routes,
  onChange,
}: Omit<TableProps, "replays"> & { readonly replay: Replay }) {
  const name = routes.find(({ id }) => id === replay.route)?.name ?? replay.route;
  return (
    <tr>
      <td>
        <a href={linkTo(["replays", replay.id])}>
          <Time at={replay.createdAt} />
          <span class="visually-hidden">: replay {replay.id}</span>
        </a>
      </td>
      <td>
        <a href={linkTo(["routes", replay.route])}>{name}</a>
      </td>
      <td>
        <What replay={replay} />
      </td>
      <td>
        <ReplayBadge replay={replay} />
      </td>
      <td>
        <ReplayProgress replay={replay} />
      </td>
      {isAdmin() && (
        <td>{replay.finishedAt === null && <CancelReplay id={replay.id} onChange={onChange} />}</td>
      )}
    </tr>
  );
}

/** Which events it sends, in short. */
export function What({ replay }: { readonly replay: Replay }) {
  const { kind, stations, types, from, to } = replay;
  if (kind === "dead_letters") return <>dead letters</>;
  const local = (at: string | null) => (at === null ? "…" : new Date(at).toLocaleString());
  const few = (items: readonly string[] | null, what: string) => {
    if (items === null) return `all ${what}`;
    return items.length > 3 ? `${items.length} ${what}` : items.join(", ");
  };
  return (
    <>
      {local(from)} to {local(to)}
      <div class="quiet">
        {few(stations, "stations")}; {few(types, "types")}
      </div>
    </>
  );
}
