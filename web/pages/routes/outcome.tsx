import type { RouteTestResult } from "../../api/answers.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";

const TONES: Readonly<Record<string, Tone>> = {
  delivered: "good",
  trouble: "warn",
  refused: "bad",
  gone: "bad",
};
const MEANINGS: Readonly<Record<string, string>> = {
  delivered: "The destination has taken it.",
  trouble: "The destination is to blame: it is tried again.",
  refused: "The destination does not want this event: tried once more, then given up.",
  gone: "HTTP 410: the route is disabled.",
};

/** What an attempt came to: `delivered, HTTP 200`. */
export function OutcomeBadge({
  attempt,
}: {
  readonly attempt: Pick<RouteTestResult, "class" | "status" | "error">;
}) {
  const { class: outcome, status, error } = attempt;
  return (
    <Badge tone={TONES[outcome] ?? "info"} {...titled(MEANINGS[outcome])}>
      {outcome}, {status === null ? (error ?? "no answer") : `HTTP ${status}`}
    </Badge>
  );
}

function titled(title: string | undefined) {
  return title === undefined ? {} : { title };
}

/** The beginning of an answer, whole lines kept. */
export function Snippet({ text }: { readonly text: string }) {
  if (text === "") return <span class="quiet">no body</span>;
  return <pre class="snippet">{text}</pre>;
}
