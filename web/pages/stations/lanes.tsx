import type { Lane, Page, Route } from "../../api/answers.ts";
import { withQuery } from "../../api/api.ts";
import { relay } from "../../api/relay.ts";
import { useLoaded } from "../../api/use-resource.ts";
import { linkTo } from "../../shell/place.ts";
import { amount } from "../../ui/amount.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Time } from "../../ui/time.tsx";

const EVERY_MS = 10_000;
/** Each route is a call of its own. */
const MAX_ROUTES = 12;
const TONES: Readonly<Record<Lane["status"], Tone>> = {
  idle: "good",
  delivering: "busy",
  waiting: "warn",
  blocked: "warn",
  parked: "bad",
};

/** Where each route stands with this station. */
export function Lanes({
  routes,
  station,
}: {
  readonly routes: readonly Route[];
  readonly station: string;
}) {
  const asked = routes.slice(0, MAX_ROUTES);
  const lanes = useLoaded(
    `${station} ${asked.map(({ id }) => id).join()}`,
    () => Promise.all(asked.map(({ id }) => laneOf(id, station))),
    EVERY_MS,
  );
  if (lanes.data === null || asked.length === 0) return null;
  return (
    <ul class="lanes" aria-label="Lanes of this station">
      {asked.map(({ id, name }, index) => (
        <li key={id} class="card row row-spread">
          <a href={linkTo(["routes", id])}>{name}</a>
          <Standing lane={lanes.data?.[index] ?? null} />
        </li>
      ))}
    </ul>
  );
}

function Standing({ lane }: { readonly lane: Lane | null }) {
  if (lane === null) return <span class="quiet">nothing for it yet</span>;
  const { status, behind, head } = lane;
  return (
    <span class="row">
      {behind > 0 && <span>{amount(behind)} behind</span>}
      {head !== null && (
        <small class="quiet">
          #{head.seq}, {head.attempts} tries
          {head.nextAttemptAt !== null && (
            <>
              , next <Time at={head.nextAttemptAt} />
            </>
          )}
        </small>
      )}
      <Badge tone={TONES[status] ?? "off"}>{status}</Badge>
    </span>
  );
}

/** The list is by station, so the one that follows what comes just before it is the one. */
async function laneOf(route: string, station: string): Promise<Lane | null> {
  const last = station.charCodeAt(station.length - 1);
  const after = `${station.slice(0, -1)}${String.fromCharCode(last - 1)}~`;
  const path = withQuery(`/v1/routes/${route}/lanes`, { after, limit: 1 });
  const [lane] = (await relay.get<Page<Lane>>(path)).items;
  return lane?.station === station ? lane : null;
}
