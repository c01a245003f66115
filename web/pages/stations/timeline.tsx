import { useMemo, useState } from "preact/hooks";

import type { RelayedEvent } from "../../../client/client.ts";
import { place, replaceQuery } from "../../shell/place.ts";
import { amount } from "../../ui/amount.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote, Loading } from "../../ui/notes.tsx";
import { EventLine } from "./event-line.tsx";
import { isOfType, linesOf, type TimelineLine } from "./timeline-lines.ts";
import type { TimelineSource } from "./use-timeline.ts";

const STEP = 100;

/** A station's events, newest first, as they come. */
export function Timeline({ timeline }: { readonly timeline: TimelineSource }) {
  const { events, oldestKept, error, isLoading } = timeline;
  const [pausedSeq, setPausedSeq] = useState<number | null>(null);
  const [most, setMost] = useState(STEP);
  const type = place.value.query.get("type") ?? "";

  const newestSeq = events.at(-1)?.seq ?? 0;
  const untilSeq = pausedSeq ?? Number.POSITIVE_INFINITY;
  const lines = useMemo(
    () => linesOf(events, oldestKept).filter((line) => isShown(line, type, untilSeq)),
    [events, oldestKept, type, untilSeq],
  );
  const loadOlder = async () => {
    setMost(most + STEP);
    if (lines.length < most + STEP && timeline.canLoadOlder) await timeline.loadOlder();
  };
  const waiting = events.filter(({ seq }) => seq > untilSeq).length;
  return (
    <section class="stack" aria-label="Timeline">
      <div class="row">
        <TypeFilter events={events} chosen={type} />
        <Button onClick={() => setPausedSeq(pausedSeq === null ? newestSeq : null)}>
          {pausedSeq === null ? "Pause" : `Go on (${amount(waiting)} new)`}
        </Button>
      </div>
      {error !== null && <ErrorNote message={error} />}
      {lines.length === 0 && !isLoading && (
        <p class="quiet">
          {type === "" ? "No events are kept." : "No loaded event is of this type."}
        </p>
      )}
      <ol class="timeline">
        {lines
          .slice(0, most)
          .map((line) =>
            line.kind === "event" ? (
              <EventLine key={line.event.seq} event={line.event} />
            ) : (
              <Hole key={`hole-${line.first}`} hole={line} onLoad={timeline.load} />
            ),
          )}
      </ol>
      {isLoading && <Loading what="Loading events" />}
      {timeline.canLoadOlder || lines.length > most ? (
        <div class="row">
          <Button isBusy={isLoading} onClick={loadOlder}>
            Load older
          </Button>
        </div>
      ) : (
        <p class="quiet">
          {oldestKept === 1 ? "The beginning." : "Older events are not kept here."}
        </p>
      )}
    </section>
  );
}

function isShown(line: TimelineLine<RelayedEvent>, type: string, untilSeq: number): boolean {
  if (line.kind === "hole") return line.first <= untilSeq;
  return line.event.seq <= untilSeq && isOfType(line.event.type, type);
}

function TypeFilter({
  events,
  chosen,
}: {
  readonly events: readonly RelayedEvent[];
  readonly chosen: string;
}) {
  const types = useMemo(() => {
    const found = new Set(events.map(({ type }) => type));
    const families = new Set([...found].map((type) => `${type.split(".")[0]}.*`));
    return [...families, ...found].sort();
  }, [events]);
  const options = chosen === "" || types.includes(chosen) ? types : [chosen, ...types];
  return (
    <label class="row timeline-filter">
      Type
      <select
        value={chosen}
        onChange={({ currentTarget: { value } }) => replaceQuery({ type: value })}
      >
        <option value="">all</option>
        {options.map((type) => (
          <option key={type} value={type}>
            {type}
          </option>
        ))}
      </select>
    </label>
  );
}

function Hole({
  hole: { first, last, isLost },
  onLoad,
}: {
  readonly hole: { readonly first: number; readonly last: number; readonly isLost: boolean };
  readonly onLoad: (first: number, last: number) => Promise<void>;
}) {
  const seqs = first === last ? `Seq ${first} is` : `Seqs ${first} to ${last} are`;
  return (
    <li class="timeline-hole note note-warn notice">
      <p>
        {seqs} {isLost ? "not kept any more." : "not here."}
      </p>
      {!isLost && (
        <Button kind="quiet" onClick={() => void onLoad(Math.max(first, last - 199), last)}>
          Load
        </Button>
      )}
    </li>
  );
}
