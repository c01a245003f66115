import { useSignal } from "@preact/signals";

import { gaps } from "../live/connection.ts";
import { Button } from "../ui/button.tsx";
import { Time } from "../ui/time.tsx";

const REASONS: Readonly<Record<string, string>> = {
  retention: "what was missed is no longer kept",
  epoch: "the relay's feed began anew",
  slow: "this page could not keep up",
};

/** Says that events were skipped, until somebody has read it. */
export function GapNotice() {
  const readUntilMs = useSignal(0);
  const newest = gaps.value[0];
  if (newest === undefined || newest.atMs <= readUntilMs.value) return null;
  return (
    <div class="note note-warn notice" role="alert">
      <p>
        Events were skipped here <Time at={newest.atMs} />:{" "}
        {REASONS[newest.reason] ?? newest.reason}. States are complete again; the live feed marks
        the place.
      </p>
      <Button
        kind="quiet"
        onClick={() => {
          readUntilMs.value = newest.atMs;
        }}
      >
        Understood
      </Button>
    </div>
  );
}
