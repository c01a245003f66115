import { useState } from "preact/hooks";

import type { QuarantinedWebhook } from "../../api/answers.ts";
import { isAdmin } from "../../session/session.ts";
import { linkTo } from "../../shell/place.ts";
import { amount, size } from "../../ui/amount.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Time } from "../../ui/time.tsx";
import { reasonWords } from "./reasons.ts";

const DRAWN_AT_FIRST = 100;

export interface EntryTableProps {
  readonly entries: readonly QuarantinedWebhook[];
  readonly nameOf: (source: string) => string;
  readonly picked: ReadonlySet<string>;
  readonly onPick: (picked: ReadonlySet<string>) => void;
  readonly onOpen: (id: string) => void;
}

export function EntryTable(props: EntryTableProps) {
  const { entries, picked, onPick } = props;
  const [drawn, setDrawn] = useState(DRAWN_AT_FIRST);
  const isAll = entries.length > 0 && entries.every(({ id }) => picked.has(id));
  const toggleAll = () => onPick(new Set(isAll ? [] : entries.map(({ id }) => id)));
  const toggle = (id: string) => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    onPick(next);
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <section class="table-box" tabIndex={0} aria-label="Quarantined webhooks">
        <table class="table">
          <thead>
            <tr>
              {isAdmin() && (
                <td>
                  <input
                    type="checkbox"
                    aria-label="Select all that are listed"
                    checked={isAll}
                    onChange={toggleAll}
                  />
                </td>
              )}
              <th scope="col">Received</th>
              <th scope="col">Reason</th>
              <th scope="col">Source</th>
              <th scope="col">Size</th>
              <th scope="col">Body</th>
            </tr>
          </thead>
          <tbody>
            {entries.slice(0, drawn).map((entry) => (
              <Row
                {...props}
                key={entry.id}
                entry={entry}
                isPicked={picked.has(entry.id)}
                onToggle={() => toggle(entry.id)}
              />
            ))}
          </tbody>
        </table>
      </section>
      {entries.length > drawn && (
        <div class="row">
          <Button onClick={() => setDrawn(drawn + DRAWN_AT_FIRST)}>
            Show more: {amount(entries.length - drawn)} left
          </Button>
        </div>
      )}
    </>
  );
}

function Row({
  entry,
  nameOf,
  isPicked,
  onToggle,
  onOpen,
}: EntryTableProps & {
  readonly entry: QuarantinedWebhook;
  readonly isPicked: boolean;
  readonly onToggle: () => void;
}) {
  const { title, why, isReleasable } = reasonWords(entry.reason);
  return (
    <tr>
      {isAdmin() && (
        <td>
          <input
            type="checkbox"
            aria-label={`Select ${entry.id}`}
            checked={isPicked}
            onChange={onToggle}
          />
        </td>
      )}
      <td class="quarantine-short">
        <Time at={entry.receivedAt} />
        <Button kind="quiet" label={`Inspect ${entry.id}`} onClick={() => onOpen(entry.id)}>
          Inspect
        </Button>
      </td>
      <td class="quarantine-reason">
        <Badge tone={isReleasable ? "warn" : "bad"}>{title}</Badge>
        <small class="quiet">{why}</small>
      </td>
      <td>
        <a href={linkTo(["sources", entry.source])}>{nameOf(entry.source)}</a>
      </td>
      <td class="number quarantine-short">{size(entry.size)}</td>
      <td class="quarantine-body">
        <code>{entry.preview === "" ? "(empty)" : entry.preview.slice(0, 160)}</code>
      </td>
    </tr>
  );
}
