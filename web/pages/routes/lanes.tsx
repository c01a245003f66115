import type { Lane, Route } from "../../api/answers.ts";
import { withQuery } from "../../api/api.ts";
import { useList } from "../../api/use-resource.ts";
import { isAdmin } from "../../session/session.ts";
import { place, replaceQuery } from "../../shell/place.ts";
import { amount } from "../../ui/amount.ts";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { REFRESH_MS } from "./figures.ts";
import { LaneRow } from "./lane-row.tsx";
import { useNotices } from "./use-notices.ts";

const STATUSES = ["parked", "blocked", "waiting", "delivering", "idle"] as const;
const MAX_LANES = 1_000;
const MAX_SHOWN = 200;

/** The route at each station: which of its lanes stand, and at what. */
export function Lanes({
  route,
  onChange,
}: {
  readonly route: Route;
  readonly onChange: () => void;
}) {
  const { query } = place.value;
  const status = query.get("status") ?? (route.troubledLanes > 0 ? "troubled" : "all");
  const text = query.get("station") ?? "";
  const path = withQuery(`/v1/routes/${route.id}/lanes`, {
    status: status === "troubled" ? "troubled" : "all",
  });
  const lanes = useList<Lane>(path, REFRESH_MS);
  const reload = async () => {
    await lanes.reload();
    onChange();
  };
  useNotices(route.id, () => void lanes.reload());
  if (lanes.data === null) {
    if (lanes.error === null) return <Loading what="Lanes" />;
    return <ErrorNote message={lanes.error} onRetry={lanes.reload} />;
  }
  const found = lanes.data
    .filter((lane) => status === "all" || status === "troubled" || lane.status === status)
    .filter(({ station }) => station.includes(text.trim()));
  return (
    <section class="stack" aria-label="Lanes">
      {lanes.error !== null && <ErrorNote message={lanes.error} onRetry={lanes.reload} />}
      <LaneFilters status={status} text={text} />
      <p class="quiet" role="status">
        {amount(found.length)} {found.length === 1 ? "lane" : "lanes"}
        {found.length > MAX_SHOWN && `, the first ${MAX_SHOWN} shown: search for a station`}
        {lanes.data.length >= MAX_LANES && `. Looked at the first ${amount(MAX_LANES)} stations`}
      </p>
      {found.length === 0 ? (
        <NoLanes status={status} />
      ) : (
        <LaneTable lanes={found.slice(0, MAX_SHOWN)} routeId={route.id} onChange={reload} />
      )}
    </section>
  );
}

function LaneFilters({ status, text }: { readonly status: string; readonly text: string }) {
  return (
    <div class="row">
      <select
        class="routes-search"
        aria-label="Which lanes"
        value={status}
        onChange={(event) => replaceQuery({ status: event.currentTarget.value })}
      >
        <option value="all">all lanes</option>
        <option value="troubled">in trouble</option>
        {STATUSES.map((status) => (
          <option key={status} value={status}>
            {status}
          </option>
        ))}
      </select>
      <input
        type="search"
        class="routes-search"
        aria-label="Search lanes by station"
        placeholder="Station"
        value={text}
        onInput={(event) => replaceQuery({ station: event.currentTarget.value })}
      />
    </div>
  );
}

function NoLanes({ status }: { readonly status: string }) {
  if (status === "troubled") {
    return (
      <Empty title="No lane is in trouble">
        <p class="quiet">Every station's events are delivered as they come.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No such lane">
      <p class="quiet">A lane begins with the first event of a station that the route sees.</p>
    </Empty>
  );
}

function LaneTable({
  lanes,
  routeId,
  onChange,
}: {
  readonly lanes: readonly Lane[];
  readonly routeId: string;
  readonly onChange: () => Promise<void>;
}) {
  return (
    <section
      class="table-box"
      aria-label="Table of lanes"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
      tabIndex={0}
    >
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Station</th>
            <th scope="col">Status</th>
            <th scope="col" class="number">
              Behind
            </th>
            <th scope="col">Next to be delivered</th>
            <th scope="col">Last attempt</th>
            {isAdmin() && <th scope="col">Actions</th>}
          </tr>
        </thead>
        <tbody>
          {lanes.map((lane) => (
            <LaneRow key={lane.station} lane={lane} routeId={routeId} onChange={onChange} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
