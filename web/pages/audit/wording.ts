import { linkTo } from "../../shell/place.ts";

/** What was done, as the verb of a sentence whose subject is the key. */
const WORDS: Readonly<Record<string, string>> = {
  "key.created": "made the key",
  "key.deleted": "deleted the key",
  "source.created": "made the source",
  "source.changed": "changed the source",
  "source.deleted": "deleted the source",
  "source.secret_added": "added a secret to the source",
  "source.secret_deleted": "deleted a secret of the source",
  "route.created": "made the route",
  "route.changed": "changed the route",
  "route.paused": "paused the route",
  "route.resumed": "resumed the route",
  "route.disabled": "switched off the route",
  "route.deleted": "deleted the route",
  "route.secret_rotated": "rotated the secret of the route",
  "lane.retried": "retried a lane of the route",
  "lane.skipped": "skipped an event in a lane of the route",
  "lane.resumed": "resumed a lane of the route",
  "replay.created": "began the replay",
  "replay.cancelled": "cancelled the replay",
  "dead_letters.redelivered": "redelivered dead letters of the route",
  "dead_letter.discarded": "discarded a dead letter of the route",
  "settings.changed": "changed the settings",
  "secrets.resealed": "sealed secrets under a new master key",
  "station.deleted": "removed the station",
  "quarantine.released": "released the quarantined webhook",
  "quarantine.discarded": "discarded the quarantined webhook",
};

/** An action that this page does not know is shown as it is. */
export const wordsOf = (action: string): string => WORDS[action] ?? action;

/** What an action is about: `route` of `route.changed`. */
export const subjectOf = (action: string): string => action.split(".")[0] ?? action;

/** The actions whose words name the target already. */
export const isNamed = (action: string): boolean =>
  action === "settings.changed" || action === "secrets.resealed";

/** Where the target is shown; null when there is no page for it, or it is gone. */
export function pageOf(action: string, target: string): string | null {
  if (action.endsWith(".deleted") || action.startsWith("quarantine.")) return null;
  switch (subjectOf(action)) {
    case "key":
      return linkTo(["keys"]);
    case "source":
      return linkTo(["sources", target]);
    case "route":
    case "lane":
    case "dead_letter":
    case "dead_letters":
      return linkTo(["routes", target]);
    case "replay":
      return linkTo(["replays", target]);
    case "settings":
      return linkTo(["settings"]);
    default:
      return null;
  }
}
