import { useComputed } from "@preact/signals";

import { FirstRun } from "../../first-run/first-run.tsx";
import { fleet } from "../../live/fleet.ts";
import { place, replaceQuery } from "../../shell/place.ts";
import { amount, power } from "../../ui/amount.ts";
import { Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { readView } from "./arrangement.ts";
import { FleetList } from "./fleet-list.tsx";
import { StandingButtons } from "./standing-buttons.tsx";

/** Every station at a glance. */
export function FleetPage() {
  const view = readView(place.value.query);
  // Of the beat only what is said here: the page itself is not drawn anew with it.
  const isEmpty = useComputed(() => fleet.size === 0).value;
  if (!fleet.isKnown) {
    return (
      <div class="page">
        <PageHead title="Stations" />
        <Loading what="Loading the stations" />
      </div>
    );
  }
  return (
    <div class="page">
      <PageHead title="Stations" lead={<Totals />} />
      {isEmpty ? (
        <FirstRun />
      ) : (
        <>
          <StandingButtons chosen={view.standing} />
          <div class="station-search">
            <input
              type="search"
              aria-label="Search by the id of a station, connector or session"
              placeholder="Search by the id of a station, connector or session"
              autocomplete="off"
              spellcheck={false}
              value={view.search}
              onInput={({ currentTarget }) => replaceQuery({ search: currentTarget.value })}
            />
          </div>
          <FleetList view={view} />
        </>
      )}
    </div>
  );
}

function Totals() {
  const stations = fleet.all();
  let [online, sessions, powerW] = [0, 0, 0];
  for (const { state, powerW: watts } of stations) {
    if (state.online === true) online += 1;
    sessions += state.sessions?.length ?? 0;
    powerW += watts;
  }
  return (
    <>
      {amount(stations.length)} stations, {amount(online)} online, {amount(sessions)} sessions,{" "}
      {power(powerW)} now
    </>
  );
}
