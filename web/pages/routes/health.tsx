import type { Route } from "../../api/answers.ts";
import { amount } from "../../ui/amount.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Time } from "../../ui/time.tsx";

/** How a route is, the most pressing first. `paused` is the person's doing, the others the destination's. */
export const HEALTHS = ["disabled", "failing", "suspect", "paused", "healthy"] as const;
export type Health = (typeof HEALTHS)[number];

const TONES: Readonly<Record<Health, Tone>> = {
  disabled: "bad",
  failing: "bad",
  suspect: "warn",
  paused: "off",
  healthy: "good",
};

const MEANINGS: Readonly<Record<Health, string>> = {
  disabled:
    "It answered 410, or failed for five days on end. Nothing is sent until it is resumed; events are kept.",
  failing: "Nothing is sent but a probe now and then. Events are kept, and no try is used up.",
  suspect: "Something failed within the last minute. Deliveries go on.",
  paused: "Somebody paused it. Nothing is sent until it is resumed; events are kept.",
  healthy: "Its destination takes what it is sent.",
};

/** A route that is disabled and paused counts as disabled: that is what somebody must know. */
export function healthOf({ enabled, health }: Pick<Route, "enabled" | "health">): Health {
  if (health === "disabled") return "disabled";
  return enabled ? health : "paused";
}

export function HealthBadge({ route }: { readonly route: Route }) {
  const health = healthOf(route);
  return (
    <Badge tone={TONES[health] ?? "info"} title={MEANINGS[health]}>
      {health}
    </Badge>
  );
}

/** What is wrong with the destination, in one line; nothing while nothing is. */
export function Trouble({ route: { trouble } }: { readonly route: Route }) {
  if (trouble === null) return null;
  const { failures, refusals, lastAnswer, lastFailureAt, failingSince, nextProbeAt } = trouble;
  return (
    <span class="trouble">
      {failures > 0 && <span>{amount(failures)} failures in a row</span>}
      {refusals > 0 && <span>{amount(refusals)} refusals in a row</span>}
      <span>
        last answer {lastAnswer ?? "none"}, <Time at={lastFailureAt} />
      </span>
      {failingSince !== null && (
        <span>
          failing since <Time at={failingSince} />
        </span>
      )}
      {nextProbeAt !== null && (
        <span>
          next probe <Time at={nextProbeAt} />
        </span>
      )}
    </span>
  );
}

/** What the route's health means for its events. */
export function HealthNote({ route }: { readonly route: Route }) {
  const health = healthOf(route);
  if (health === "healthy") return null;
  const isBad = health === "failing" || health === "disabled";
  return (
    <div class={`note ${isBad ? "note-bad" : "note-warn"}`} role="status">
      <p>
        <strong>This route is {health}.</strong> {MEANINGS[health]}
      </p>
      <Trouble route={route} />
    </div>
  );
}
