import { useSignal } from "@preact/signals";

import { gaps } from "../live/connection.ts";
import { gapWords } from "../live/gap-words.ts";
import { Button } from "../ui/button.tsx";
import { Time } from "../ui/time.tsx";

/** Says that events were skipped, until somebody has read it. */
export function GapNotice() {
  const readUntilMs = useSignal(0);
  const newest = gaps.value[0];
  if (newest === undefined || newest.atMs <= readUntilMs.value) return null;
  return (
    <div class="note note-warn notice" role="alert">
      <p>
        Events were skipped here <Time at={newest.atMs} />: {gapWords(newest.reason)}. States are
        complete again; the live feed marks the place.
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
