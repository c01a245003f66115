import type { Lane } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { isAdmin } from "../../session/session.ts";
import { linkTo } from "../../shell/place.ts";
import { amount, latency } from "../../ui/amount.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmButton } from "../../ui/confirm-button.tsx";
import { Time } from "../../ui/time.tsx";
import { useAction } from "../../ui/use-action.ts";
import { OutcomeBadge } from "./outcome.tsx";

const TONES: Readonly<Record<Lane["status"], Tone>> = {
  idle: "good",
  delivering: "busy",
  waiting: "warn",
  blocked: "bad",
  parked: "bad",
};

const MEANINGS: Readonly<Record<Lane["status"], string>> = {
  idle: "Nothing is owed.",
  delivering: "Events are on their way.",
  waiting: "For the time of its next try.",
  blocked: "The route is paused, disabled or failing.",
  parked: "It waits for a person: resume it, or skip its event.",
};

interface LaneProps {
  readonly lane: Lane;
  readonly routeId: string;
  readonly onChange: () => Promise<void>;
}

export function LaneRow(props: LaneProps) {
  const { lane, routeId } = props;
  const { station, status, behind, head, gap, lastAttempt } = lane;
  return (
    <tr>
      <td>
        <a class="mono" href={linkTo(["stations", station])}>
          {station}
        </a>
      </td>
      <td>
        <Badge tone={TONES[status] ?? "info"} title={MEANINGS[status]}>
          {status}
        </Badge>
      </td>
      <td class="number">{amount(behind)}</td>
      <td>
        {head === null ? (
          <span class="quiet">
            {behind === 0 ? "nothing is owed" : `#${lane.settledSeq + 1} on`}
          </span>
        ) : (
          <>
            #{head.seq}, tried {head.attempts === 1 ? "once" : `${head.attempts} times`}
            {head.nextAttemptAt !== null && (
              <div class="quiet">
                next try <Time at={head.nextAttemptAt} />
              </div>
            )}
          </>
        )}
        {gap !== null && (
          <div class="quiet">
            left out: #{gap.first} to #{gap.last}
          </div>
        )}
      </td>
      <td>
        {lastAttempt === null ? (
          <span class="quiet">none</span>
        ) : (
          <>
            <OutcomeBadge attempt={lastAttempt} />{" "}
            <a href={linkTo(["routes", routeId], { tab: "deliveries", station })}>
              <Time at={lastAttempt.at} />
              <span class="visually-hidden">: attempts of {station}</span>
            </a>
            <div class="reason">
              {lastAttempt.type ?? `#${lastAttempt.seq}`}, {latency(lastAttempt.latencyMs)}
            </div>
          </>
        )}
      </td>
      {isAdmin() && (
        <td>
          <LaneActions {...props} />
        </td>
      )}
    </tr>
  );
}

/** Of a lane that owes nothing there is nothing to do. */
function LaneActions({ lane: { station, status, head }, routeId, onChange }: LaneProps) {
  const call = async (action: string) => {
    await relay.post(`/v1/routes/${routeId}/lanes/${encodeURIComponent(station)}/${action}`);
    await onChange();
  };
  const retry = useAction(() => call("retry"), "It is tried now.");
  const resume = useAction(() => call("resume"), "The lane goes on.");
  if (status === "idle") return null;
  return (
    <div class="cell-actions">
      <Button
        label={`Retry the lane of ${station} now`}
        isBusy={retry.isRunning}
        onClick={() => void retry.run()}
      >
        Retry
      </Button>
      {status === "parked" && (
        <Button
          label={`Resume the lane of ${station}`}
          isBusy={resume.isRunning}
          onClick={() => void resume.run()}
        >
          Resume
        </Button>
      )}
      <ConfirmButton
        label={`Skip the next event of ${station}`}
        title={head === null ? "Give the next event up?" : `Give event #${head.seq} up?`}
        consequence="It becomes a dead letter, from where it can be redelivered, and the lane goes on with the event after it. The next delivery announces the gap."
        verb="Skip it"
        done="The event is a dead letter now."
        act={() => call("skip")}
      >
        Skip
      </ConfirmButton>
    </div>
  );
}
