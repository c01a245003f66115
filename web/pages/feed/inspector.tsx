import { useEffect, useRef } from "preact/hooks";

import type { RelayedEvent } from "../../../client/client.ts";
import { ACCOUNT_STATION } from "../../../src/domain/station-id.ts";
import { linkTo } from "../../shell/place.ts";
import { Button } from "../../ui/button.tsx";
import { CopyText } from "../../ui/copy.tsx";
import { Json } from "../../ui/json.tsx";
import { Time } from "../../ui/time.tsx";

/** All that is known of one event. */
export function Inspector({
  event,
  onClose,
}: {
  readonly event: RelayedEvent;
  readonly onClose: () => void;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [event]);
  return (
    <aside class="card stack feed-inspector" aria-label="Event">
      <div class="card-head">
        <h2 ref={heading} tabIndex={-1}>
          {event.type}
        </h2>
        <Button kind="quiet" onClick={onClose}>
          Close
        </Button>
      </div>
      <dl class="facts">
        <dt>Station</dt>
        <dd>
          {event.station === ACCOUNT_STATION ? (
            "none in particular"
          ) : (
            <a href={linkTo(["stations", event.station])}>{event.station}</a>
          )}
        </dd>
        <dt>Seq</dt>
        <dd>
          {event.seq}
          {event.late && ", late: an event that occurred later had come before it"}
        </dd>
        <dt>Event</dt>
        <dd>
          <CopyText text={event.id} what="the event's id" />
        </dd>
        <dt>Class</dt>
        <dd>{event.class}</dd>
        <dt>Source</dt>
        <dd>
          {event.source === null ? (
            "the relay itself"
          ) : (
            <a href={linkTo(["sources", event.source])}>{event.source}</a>
          )}
        </dd>
        <dt>Occurred</dt>
        <dd>
          {event.occurredAt} (<Time at={event.occurredAt} />)
        </dd>
        <dt>Received</dt>
        <dd>
          {event.receivedAt} (<Time at={event.receivedAt} />)
        </dd>
      </dl>
      <Json value={event.body} what="the body" />
    </aside>
  );
}
