import type { EventClass } from "../../api/answers.ts";
import type { FeedLine } from "../../live/recent.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Clock } from "../../ui/time.tsx";
import { summaryOf } from "./summary.ts";

const TONES: Readonly<Record<EventClass, Tone>> = {
  network: "good",
  action: "busy",
  synchronous: "info",
  charging_intelligence: "info",
  unknown: "off",
  relay: "warn",
};

const REASONS: Readonly<Record<string, string>> = {
  retention: "what followed is no longer kept",
  epoch: "the relay's feed began anew",
  slow: "this page could not keep up",
};

/** One line: an event to be opened, or the place where some are missing. */
export function FeedRow({
  line,
  isOpen,
  onOpen,
}: {
  readonly line: FeedLine;
  readonly isOpen: boolean;
  readonly onOpen: (line: FeedLine) => void;
}) {
  if (line.kind === "gap") {
    return <p class="feed-gap">Events are missing here: {REASONS[line.reason] ?? line.reason}.</p>;
  }
  const { event } = line;
  return (
    <button
      type="button"
      class={line.number > 0 ? "feed-row flash" : "feed-row"}
      aria-expanded={isOpen}
      onClick={() => onOpen(line)}
    >
      <span class="feed-time quiet">
        <Clock at={event.receivedAt} />
      </span>
      <span class="feed-type">{event.type}</span>
      <span class="feed-class">
        <Badge tone={TONES[event.class]}>{event.class.replace("_", " ")}</Badge>
      </span>
      <span class="feed-station mono">
        {event.station} <span class="quiet">#{event.seq}</span>
        {event.late && " late"}
      </span>
      <span class="feed-summary quiet">{summaryOf(event.body)}</span>
    </button>
  );
}
