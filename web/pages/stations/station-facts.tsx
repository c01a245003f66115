import type { RelayedEvent, SessionState } from "../../../client/client.ts";
import type { FleetStation } from "../../live/fleet.ts";
import { standingOfConnector } from "../../live/standing.ts";
import { amount, energy, power } from "../../ui/amount.ts";
import { Badge } from "../../ui/badge.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { Time } from "../../ui/time.tsx";
import { powerBySession } from "./session-power.ts";
import { TONES } from "./standing-words.ts";

/** How the station is now, by its last word about each thing. */
export function StationFacts({
  station: { state, standing, lastType },
  events,
}: {
  readonly station: FleetStation;
  readonly events: readonly RelayedEvent[];
}) {
  const powers = powerBySession(events);
  const sessions = state.sessions ?? [];
  return (
    <div class="station-now">
      <section class="card stack" aria-label="State">
        <div class="card-head">
          <h2>State</h2>
          <Badge tone={TONES[standing]}>{standing}</Badge>
        </div>
        <dl class="facts">
          <dt>{state.online === false ? "Offline" : "Online"}</dt>
          <dd>{state.online === null ? "not known" : <Time at={state.onlineAt} />}</dd>
          <dt>Last event</dt>
          <dd>
            {lastType !== null && `${lastType}, `}
            <Time at={state.lastEventAt} />
          </dd>
          <dt>Newest seq</dt>
          <dd>{amount(state.seq)}</dd>
        </dl>
        <Connectors connectors={state.connectors} />
      </section>
      <section class="card stack" aria-label="Sessions">
        <h2>{sessions.length === 0 ? "No session runs" : "Sessions that run"}</h2>
        <div class="sessions">
          {sessions.map((session) => (
            <RunningSession
              key={session.id}
              session={session}
              points={powers.get(session.id) ?? []}
            />
          ))}
        </div>
        {sessions.length === 0 && <LastSession powers={powers} />}
      </section>
    </div>
  );
}

function Connectors({ connectors }: { readonly connectors: FleetStation["state"]["connectors"] }) {
  if (connectors.length === 0) return <p class="quiet">It has said nothing of its connectors.</p>;
  return (
    <ul class="connectors" aria-label="Connectors">
      {connectors.map(({ id, status, at }) => (
        <li key={id} class="row row-spread">
          <code>{id}</code>
          <span class="row">
            <Badge tone={TONES[standingOfConnector(status)]}>{status ?? "not known"}</Badge>
            <small class="quiet">
              <Time at={at} />
            </small>
          </span>
        </li>
      ))}
    </ul>
  );
}

type Points = readonly (readonly [number, number])[];

function RunningSession({
  session,
  points,
}: {
  readonly session: SessionState;
  readonly points: Points;
}) {
  return (
    <div class="stack session">
      <p class="row row-spread">
        <code>{session.id}</code>
        <Badge tone="busy">{session.status ?? "runs"}</Badge>
      </p>
      <dl class="session-facts">
        <Fact name="Power">{power(session.powerW)}</Fact>
        <Fact name="Energy">{energy(session.energyWh)}</Fact>
        <Fact name="Charge">{session.soc === null ? "–" : `${amount(session.soc, 1)} %`}</Fact>
        <Fact name="Started">
          {session.startedAt === null ? "–" : <Time at={session.startedAt} />}
        </Fact>
      </dl>
      <PowerLine id={session.id} points={points} />
    </div>
  );
}

function Fact({
  name,
  children,
}: {
  readonly name: string;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function LastSession({ powers }: { readonly powers: ReadonlyMap<string, Points> }) {
  const last = [...powers].at(-1);
  if (last === undefined) return <p class="quiet">Nor do the events below tell of one.</p>;
  const [id, points] = last;
  return (
    <>
      <p class="quiet">
        The last one was <code>{id}</code>.
      </p>
      <PowerLine id={id} points={points} />
    </>
  );
}

/** How the power went, as far as the events below tell it. */
function PowerLine({ id, points }: { readonly id: string; readonly points: Points }) {
  if (points.length < 2) return null;
  const top = Math.max(...points.map(([, watts]) => watts));
  const label = `Power of session ${id}: ${points.length} readings, up to ${power(top)}`;
  return (
    <div>
      <Sparkline points={points} label={label} />
      <p class="row row-spread quiet session-legend">
        <Time at={points[0]?.[0] ?? null} />
        <span>up to {power(top)}</span>
        <Time at={points.at(-1)?.[0] ?? null} />
      </p>
    </div>
  );
}
