import { linkTo } from "../shell/place.ts";
import { amount } from "../ui/amount.ts";
import { Button } from "../ui/button.tsx";
import { running } from "./running.ts";

/** Says on every page that this tab plays stations, and stops them. */
export function SimulatorBadge() {
  const run = running.value;
  if (run === null) return null;
  return (
    <span class="connection">
      <a class="badge tone-info" href={linkTo(["sources"])}>
        simulating {amount(run.stations)}
      </a>
      <Button
        kind="quiet"
        label="Stop simulated stations"
        isBusy={run.isStopping}
        onClick={run.stop}
      >
        Stop
      </Button>
    </span>
  );
}
