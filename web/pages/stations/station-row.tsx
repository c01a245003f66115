import { useMemo } from "preact/hooks";

import { type FleetStation, fleet } from "../../live/fleet.ts";
import { standingOfConnector } from "../../live/standing.ts";
import { linkTo } from "../../shell/place.ts";
import { amount, energy, power } from "../../ui/amount.ts";
import { Badge } from "../../ui/badge.tsx";
import { Time } from "../../ui/time.tsx";
import { countWords, TONES } from "./standing-words.ts";

/** One station in one line, or as a tile where there is no room. Drawn anew only when it changes. */
export function StationRow({ id }: { readonly id: string }) {
  const station = fleet.get(id);
  return useMemo(() => draw(id, station), [id, station]);
}

function draw(id: string, station: FleetStation | null) {
  if (station === null) return <span class="station-row quiet">{id} is gone</span>;
  const { state, standing, powerW, energyWh, lastType, changedAtMs } = station;
  const sessions = state.sessions?.length ?? 0;
  return (
    <a class="station-row" href={linkTo(["stations", id])}>
      {isFresh(changedAtMs) && <span key={changedAtMs} class="station-flash" aria-hidden="true" />}
      <span class="station-id mono">{id}</span>
      <span class="station-standing">
        <Badge tone={TONES[standing]}>{standing}</Badge>
      </span>
      <span class="station-connectors">
        <Connectors station={station} />
      </span>
      <span class="station-power number">
        {sessions === 0 ? (
          <span class="quiet">no session</span>
        ) : (
          <>
            {power(powerW)}
            <small class="quiet">
              {sessions === 1 ? " 1 session" : ` ${amount(sessions)} sessions`}
            </small>
          </>
        )}
      </span>
      <span class="station-energy number">{sessions === 0 ? "" : energy(energyWh)}</span>
      <span class="station-last">
        {lastType !== null && <span class="station-type">{lastType}</span>}{" "}
        <small class="quiet">
          <Time at={state.lastEventAt} />
        </small>
      </span>
    </a>
  );
}

const MOST_DOTS = 8;

/** A dot for each connector, and in words what they are. */
function Connectors({ station: { state } }: { readonly station: FleetStation }) {
  const standings = state.connectors.map(({ status }) => standingOfConnector(status));
  if (standings.length === 0) return <small class="quiet">no connector known</small>;
  return (
    <>
      <span class="dots" aria-hidden="true">
        {standings.slice(0, MOST_DOTS).map((standing, index) => (
          <span key={index} class={`dot dot-${standing}`} />
        ))}
      </span>
      <small class="quiet">{countWords(standings)}</small>
    </>
  );
}

const FLASH_MS = 1_200;

/** A row that is scrolled into view does not flash for what was before. */
function isFresh(changedAtMs: number | null): changedAtMs is number {
  return changedAtMs !== null && Date.now() - changedAtMs < FLASH_MS;
}
