import { useState } from "preact/hooks";

import type { AuditReport } from "../../../src/domain/audit-chain.ts";
import type { AuditEntry } from "../../api/answers.ts";
import { Button } from "../../ui/button.tsx";
import { CopyText } from "../../ui/copy.tsx";
import { useAction } from "../../ui/use-action.ts";

/** Whether the log can be trusted: a check of what is loaded, and how to do it for good. */
export function Verify({
  entries,
  isWhole,
}: {
  readonly entries: readonly AuditEntry[];
  readonly isWhole: boolean;
}) {
  const [report, setReport] = useState<AuditReport | null>(null);
  const checking = useAction(async () => {
    const { verify } = await import("./verify.ts");
    setReport(verify(entries, isWhole));
  });
  return (
    <section class="card stack" aria-labelledby="verify-title">
      <h2 id="verify-title">Can this log be trusted?</h2>
      <p>
        Each entry has the hash of the one before it, so an entry that was changed, taken out or put
        in later shows. Whoever owns the storage could still write a whole new chain: note the
        newest hash somewhere else now and then.
      </p>
      <div class="row">
        <Button isBusy={checking.isRunning} onClick={() => checking.run()}>
          Verify what is loaded
        </Button>
      </div>
      <div role="status">{report !== null && <Verdict report={report} isWhole={isWhole} />}</div>
      <p class="quiet">
        This page came from the relay that it checks. For an independent check of the whole log run
        this in a checkout of the project, with a key in <code>CHARGEWIRE_KEY</code>; add{" "}
        <code>--known HASH</code> with a hash that you have noted.
      </p>
      <CopyText
        text={`npm run verify-audit -- --url ${location.origin}`}
        what="the command that verifies the log"
      />
    </section>
  );
}

function Verdict({
  report: { count, unchained, head, firstBreak },
  isWhole,
}: {
  readonly report: AuditReport;
  readonly isWhole: boolean;
}) {
  if (firstBreak !== null) {
    return (
      <p class="note note-bad">
        The chain does not hold at entry {firstBreak.number}: {firstBreak.reason}.
      </p>
    );
  }
  return (
    <div class="note note-info stack">
      <p>
        The chain holds over {isWhole ? "the whole log" : "what is loaded"}: {count} entries
        {unchained > 0 && `, of which the oldest ${unchained} are from before it began`}.
      </p>
      {head !== null && (
        <p>
          The newest hash: <CopyText text={head} what="the newest hash" />
        </p>
      )}
    </div>
  );
}
