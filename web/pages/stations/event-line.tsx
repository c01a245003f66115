import { useMemo, useState } from "preact/hooks";

import type { RelayedEvent } from "../../../client/client.ts";
import { Badge } from "../../ui/badge.tsx";
import { CopyText } from "../../ui/copy.tsx";
import { Json } from "../../ui/json.tsx";
import { Clock, Time } from "../../ui/time.tsx";

/** An event in one line; opened, all that is known of it. */
export function EventLine({ event }: { readonly event: RelayedEvent }) {
  const [isOpen, setOpen] = useState(false);
  return useMemo(
    () => (
      <li class="timeline-event">
        <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
          <summary>
            <span class="quiet number timeline-seq">#{event.seq}</span>
            <span class="timeline-type">{event.type}</span>
            {event.late && (
              <Badge tone="warn" title="An event that occurred later was accepted before it.">
                late
              </Badge>
            )}
            <small class="quiet">{event.class}</small>
            <small class="quiet timeline-time">
              <Clock at={event.occurredAt} /> · <Time at={event.occurredAt} />
            </small>
          </summary>
          {isOpen && <Opened event={event} />}
        </details>
      </li>
    ),
    [event, isOpen],
  );
}

function Opened({ event }: { readonly event: RelayedEvent }) {
  return (
    <div class="stack timeline-opened">
      <dl class="facts">
        <dt>Event</dt>
        <dd>
          <CopyText text={event.id} what="the event's id" />
        </dd>
        <dt>Source</dt>
        <dd>
          <code>{event.source}</code>
        </dd>
        <dt>Occurred</dt>
        <dd>{event.occurredAt}</dd>
        <dt>Received</dt>
        <dd>{event.receivedAt}</dd>
      </dl>
      <Json value={event.body} what={`the body of event ${event.seq}`} />
    </div>
  );
}
