import "./progress.css";

import type { Replay } from "../../api/answers.ts";
import { amount } from "../../ui/amount.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";

const TONES: Readonly<Record<Replay["status"], Tone>> = {
  running: "busy",
  waiting: "warn",
  done: "good",
  cancelled: "off",
};

/** Done with failures is not as good as done. */
export function ReplayBadge({ replay: { status, failed } }: { readonly replay: Replay }) {
  const isFlawed = status === "done" && failed > 0;
  return (
    <Badge tone={isFlawed ? "warn" : (TONES[status] ?? "info")}>
      {isFlawed ? "done, with failures" : status}
    </Badge>
  );
}

/** How far it has come, as a bar and in words. */
export function ReplayProgress({ replay }: { readonly replay: Replay }) {
  const { id, matched, delivered, failed, finishedAt } = replay;
  const settled = delivered + failed;
  const percent = matched === 0 ? 100 : Math.floor((settled / matched) * 100);
  return (
    <div class="replay-progress">
      <progress
        aria-label={`Progress of replay ${id}`}
        max={Math.max(1, matched)}
        value={matched === 0 && finishedAt !== null ? 1 : settled}
      />
      <span class="row">
        <span>
          {matched === 0 && finishedAt === null
            ? "counting …"
            : `${amount(settled)} of ${amount(matched)}, ${percent} %`}
        </span>
        {failed > 0 && <span class="replay-failed">{amount(failed)} failed</span>}
      </span>
    </div>
  );
}
