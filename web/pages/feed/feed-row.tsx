import type { EventClass } from "../../api/answers.ts";
import { gapWords } from "../../live/gap-words.ts";
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

/** As long as its flash takes. */
const NEW_MS = 1_200;

/** One line: an event to be opened, or the place where some are missing. */
export function FeedRow({
  line,
  isOpen,
  isFollowed,
  onOpen,
}: {
  readonly line: FeedLine;
  readonly isOpen: boolean;
  /** The list goes with the newest, so that a line that comes in view has just come. */
  readonly isFollowed: boolean;
  readonly onOpen: (line: FeedLine) => void;
}) {
  if (line.kind === "gap") {
    return <p class="feed-gap">Events are missing here: {gapWords(line.reason)}.</p>;
  }
  const { event } = line;
  const isNew = isFollowed && Date.now() - line.atMs < NEW_MS;
  return (
    <button
      type="button"
      class={isNew ? "feed-row flash" : "feed-row"}
      aria-expanded={isOpen}
      onClick={() => onOpen(line)}
    >
      <span class="feed-time quiet">
        <Clock at={event.receivedAt} />
      </span>
      <span class="feed-type" title={event.type}>
        {event.type}
      </span>
      <span class="feed-class">
        <Badge tone={TONES[event.class]}>{event.class.replace("_", " ")}</Badge>
      </span>
      <span class="feed-station mono" title={event.station}>
        {event.station}
      </span>
      <span class="feed-seq quiet">
        {event.late && <Badge tone="warn">late</Badge>} #{event.seq}
      </span>
      <span class="feed-summary quiet">{summaryOf(event.body)}</span>
    </button>
  );
}
