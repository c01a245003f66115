import { useEffect } from "preact/hooks";
import type { StationState } from "../../../client/client.ts";
import { ACCOUNT_STATION } from "../../../src/domain/station-id.ts";
import { relay } from "../../api/relay.ts";
import { useResource } from "../../api/use-resource.ts";
import { fleet } from "../../live/fleet.ts";
import { isAdmin } from "../../session/session.ts";
import { goTo, linkTo, place, replaceQuery } from "../../shell/place.ts";
import { ConfirmButton } from "../../ui/confirm-button.tsx";
import { Copy } from "../../ui/copy.tsx";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { Deliveries } from "./deliveries.tsx";
import { StationFacts } from "./station-facts.tsx";
import { Timeline } from "./timeline.tsx";
import { useTimeline } from "./use-timeline.ts";

const VIEWS = { timeline: "Timeline", deliveries: "Deliveries" } as const;

/** One station: how it is, what it said, and what became of that. */
export function StationPage({ id }: { readonly id: string }) {
  const path = `/v1/stations/${encodeURIComponent(id)}`;
  const first = useResource<StationState>(path);
  const timeline = useTimeline(path, id, first.data?.seq ?? null);
  const station = fleet.get(id);
  const title = id === ACCOUNT_STATION ? "Events of no single station" : id;

  useEffect(() => {
    document.title = `${title} · Chargewire`;
  }, [title]);

  return (
    <div class="page">
      <a href={linkTo(["stations"])}>All stations</a>
      <PageHead
        title={title}
        lead={
          id === ACCOUNT_STATION ? "Users, rates, and what the relay tells of itself." : undefined
        }
        actions={
          id !== ACCOUNT_STATION && <Actions id={id} path={path} isThere={station !== null} />
        }
      />
      {station !== null && <StationFacts station={station} events={timeline.events} />}
      {first.error !== null && <ErrorNote message={first.error} onRetry={first.reload} />}
      {first.data === null && first.isLoading && <Loading what="Loading the station" />}
      {first.data === null && !first.isLoading && fleet.isKnown && station === null && (
        <Empty title="The relay does not list this station">
          <p>It was taken out, or it has never sent anything. It is here again when it sends.</p>
        </Empty>
      )}
      {first.data !== null && <Views path={path} id={id} timeline={timeline} />}
    </div>
  );
}

function Views({
  path,
  id,
  timeline,
}: {
  readonly path: string;
  readonly id: string;
  readonly timeline: ReturnType<typeof useTimeline>;
}) {
  const shown = place.value.query.get("show") === "deliveries" ? "deliveries" : "timeline";
  return (
    <>
      <fieldset class="views">
        <legend class="visually-hidden">What to show of the station</legend>
        {(["timeline", "deliveries"] as const).map((view) => (
          <button
            key={view}
            type="button"
            class="view-button"
            aria-pressed={view === shown}
            onClick={() => replaceQuery({ show: view === "timeline" ? null : view })}
          >
            {VIEWS[view]}
          </button>
        ))}
      </fieldset>
      {shown === "timeline" ? <Timeline timeline={timeline} /> : <Deliveries path={path} id={id} />}
    </>
  );
}

function Actions({
  id,
  path,
  isThere,
}: {
  readonly id: string;
  readonly path: string;
  readonly isThere: boolean;
}) {
  return (
    <>
      <Copy text={id} what="the station's id" />
      <a
        class="button button-plain"
        href={linkTo(["feed"], { filter: JSON.stringify({ stations: [id] }) })}
      >
        Show in the feed
      </a>
      {isAdmin() && (
        <a class="button button-plain" href={linkTo(["replays", "new"], { stations: id })}>
          Replay
        </a>
      )}
      {isAdmin() && isThere && (
        <ConfirmButton
          title="Take this station out of the list?"
          consequence={
            <p>
              Its state is forgotten, and snapshots leave it out. Its events are kept, deliveries go
              on, and it is back as soon as it sends again.
            </p>
          }
          verb="Take it out"
          done="The station is out of the list."
          act={async () => {
            await relay.delete(path);
            fleet.remove(id);
            goTo(["stations"]);
          }}
        >
          Take out of the list
        </ConfirmButton>
      )}
    </>
  );
}
