import type { Status } from "../../client/client.ts";
import { reconnectNow, status } from "../live/connection.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { now } from "../ui/time.tsx";

const REASONS: Readonly<Record<string, string>> = {
  network: "the connection broke",
  silent: "the relay fell silent",
  refused: "the relay is refusing connections",
  reconnect: "the relay asked for it",
  restart: "the relay is restarting",
  over_capacity: "too many subscribers",
  too_slow: "this page was too slow",
  token_expired: "the token expired",
  token_failed: "there is no token",
  asked: "asked for",
};

/** How the stream stands, in words: nothing on a page is fresher than this says. */
export function ConnectionBadge() {
  const { tone, text } = describe(status.value, now.value);
  return (
    <span class="connection" role="status">
      <Badge tone={tone}>
        <span class="connection-dot" aria-hidden="true" />
        {text}
      </Badge>
      {status.value.state === "waiting" && (
        <Button kind="quiet" onClick={reconnectNow}>
          Now
        </Button>
      )}
    </span>
  );
}

function describe(status: Status, nowMs: number): { tone: Tone; text: string } {
  switch (status.state) {
    case "live":
      return { tone: "good", text: "live" };
    case "connecting":
      return { tone: "busy", text: "connecting" };
    case "catching_up": {
      const { behind } = status;
      const text = behind === null ? "loading stations" : `resuming, ${behind} events behind`;
      return { tone: "busy", text };
    }
    case "waiting": {
      const why = REASONS[status.reason] ?? status.reason;
      const seconds =
        status.retryAtMs === null
          ? null
          : Math.max(0, Math.ceil((status.retryAtMs - nowMs) / 1000));
      const when = seconds === null ? "" : `, next try in ${seconds} s`;
      return { tone: "warn", text: `not live: ${why}${when}` };
    }
    case "closed":
      return { tone: "bad", text: status.reason === "refused" ? status.detail : "closed" };
  }
}
