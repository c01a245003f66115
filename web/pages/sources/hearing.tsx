import type { RelayedEvent } from "../../../client/client.ts";
import type { Refusals, Source } from "../../api/answers.ts";
import { recent } from "../../live/recent.ts";
import { linkTo } from "../../shell/place.ts";
import { Time } from "../../ui/time.tsx";
import { refusalWords } from "./words.ts";

/** Whether what eDRV sends arrives and verifies, as it happens. */
export function Hearing({
  source,
  refusal,
}: {
  readonly source: Source;
  /** The newest. */
  readonly refusal: Refusals | null;
}) {
  const event = lastEventOf(source.id);
  const heardAt = event?.receivedAt ?? source.lastEventAt;
  const isRefused = refusal !== null && (heardAt === null || refusal.at > heardAt);
  return (
    <div class="stack" role="status">
      {heardAt !== null ? (
        <Heard source={source} event={event} heardAt={heardAt} />
      ) : (
        <p class="note note-info">{waitingWords(source)}</p>
      )}
      {isRefused && <Refused refusal={refusal} />}
    </div>
  );
}

function Heard(props: {
  readonly source: Source;
  readonly event: RelayedEvent | null;
  readonly heardAt: string;
}) {
  const { source, event, heardAt } = props;
  return (
    <p class="note note-good">
      Verified
      {source.schemeSeen !== null && (
        <>
          {" "}
          by the scheme <strong>{source.schemeSeen}</strong>
        </>
      )}
      {event !== null && (
        <>
          : <code>{event.type}</code> of <EventPlace station={event.station} />
        </>
      )}
      , <Time at={heardAt} />.
    </p>
  );
}

function EventPlace({ station }: { readonly station: string }) {
  if (station === "_account") return <>the account</>;
  return <a href={linkTo(["stations", station])}>{station}</a>;
}

function Refused({ refusal }: { readonly refusal: Refusals }) {
  const { title, advice } = refusalWords(refusal.reason);
  return (
    <p class="note note-warn">
      The newest request was refused <Time at={refusal.at} />: <strong>{title}</strong>. {advice}
    </p>
  );
}

function waitingWords({ enabled, secrets }: Source): string {
  if (!enabled) return "This source is disabled: whatever is sent to it is answered with 404.";
  if (secrets.length === 0) return "Add the signing secret: until then every webhook is refused.";
  return "Waiting for the first webhook …";
}

function lastEventOf(sourceId: string): RelayedEvent | null {
  const line = recent
    .lines()
    .findLast((line) => line.kind === "event" && isFrom(line.event, sourceId));
  return line?.kind === "event" ? line.event : null;
}

function isFrom({ source, class: kind }: RelayedEvent, sourceId: string): boolean {
  return source === sourceId && kind !== "relay";
}
