import { heardAtMs, status } from "../../live/connection.ts";
import { amount } from "../../ui/amount.ts";
import { now, Time } from "../../ui/time.tsx";
import type { Feed } from "./use-feed.ts";

/** What the list is worth at this moment: how fresh it is, and how much of all it shows. */
export function FeedState({ feed }: { readonly feed: Feed }) {
  const shown = feed.lines.filter(({ kind }) => kind === "event").length;
  return (
    <p class="quiet">
      {/* The times and counts change all the while, which is not to be read out. */}
      <span role="status">{freshness()}</span>
      {heardAtMs.value !== null && (
        <>
          {" "}
          Last event <Time at={Math.min(heardAtMs.value, now.value)} />.
        </>
      )}{" "}
      {amount(shown)} shown of {amount(feed.lookedAt)} loaded.
    </p>
  );
}

function freshness(): string {
  const standing = status.value;
  switch (standing.state) {
    case "live":
      return "Live: events show as they come.";
    case "connecting":
      return "Connecting.";
    case "catching_up":
      return standing.behind === null
        ? "Loading the stations; events follow."
        : `Resuming: ${amount(standing.behind)} events to come, none is left out.`;
    case "waiting":
      return "Not live. What is missed now comes when the connection is back.";
    case "closed":
      return "Closed. No more events come.";
  }
}
