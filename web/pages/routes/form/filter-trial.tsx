import { useEffect, useState } from "preact/hooks";

import type { Filter } from "../../../../src/domain/filter.ts";
import type { FilterTrialResult } from "../../../api/answers.ts";
import { relay } from "../../../api/relay.ts";
import { useLoaded } from "../../../api/use-resource.ts";
import { Badge } from "../../../ui/badge.tsx";
import { Button } from "../../../ui/button.tsx";
import { Time } from "../../../ui/time.tsx";

const TYPING_MS = 350;
const REFRESH_MS = 10_000;
const LIMIT = 25;

/** What the filter makes of the newest events, tried whenever it changes. */
export function FilterTrial({ filter }: { readonly filter: Filter }) {
  const [type, setType] = useState("");
  const text = useSettled(
    JSON.stringify({ filter, limit: LIMIT, ...(type.trim() !== "" && { type: type.trim() }) }),
  );
  const { data, error, isLoading, reload } = useLoaded(
    text,
    () => relay.post<FilterTrialResult>("/v1/filters/test", JSON.parse(text)),
    REFRESH_MS,
  );
  return (
    <section class="trial" aria-label="The filter tried on the newest events">
      <div class="row row-spread">
        <strong role="status">{summary(data, error, isLoading)}</strong>
        <Button kind="quiet" onClick={reload}>
          Try again now
        </Button>
      </div>
      <input
        aria-label="Try it on events of this type alone"
        placeholder="Of all types; or try on one, as session.*"
        spellcheck={false}
        autocomplete="off"
        value={type}
        onInput={(event) => setType(event.currentTarget.value)}
      />
      {error !== null && <p class="field-error">{error}</p>}
      {data !== null && data.items.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
        <ul class="trial-list" tabIndex={0} aria-label="Newest events">
          {data.items.map((item) => (
            <Tried key={item.event.id} item={item} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Tried({ item }: { readonly item: FilterTrialResult["items"][number] }) {
  const { event, matched, reasons } = item;
  return (
    <li>
      <Badge tone={matched ? "good" : "off"}>{matched ? "passes" : "held"}</Badge>
      <div>
        <div class="row">
          <code>{event.type}</code>
          <span class="quiet">
            <Time at={event.occurredAt} />
          </span>
        </div>
        {reasons.map(({ part, path, message }) => (
          <p key={`${part} ${path} ${message}`} class="reason">
            {path === undefined ? part : path}: {message}
          </p>
        ))}
      </div>
    </li>
  );
}

function summary(data: FilterTrialResult | null, error: string | null, isLoading: boolean): string {
  if (error !== null) return "The filter cannot be tried";
  if (data === null) return isLoading ? "Trying the filter …" : "";
  if (data.items.length === 0) return "No events to try it on yet";
  const passing = data.items.filter(({ matched }) => matched).length;
  return `${passing} of the ${data.items.length} newest events pass`;
}

/** The text once it has been left alone for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
