import { amount } from "../../ui/amount.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { outcomes } from "./bulk.ts";

/** What came of each entry when something was done with several. */
export function OutcomeList() {
  const all = outcomes.value;
  if (all === null) return null;
  const bad = all.filter(({ isGood }) => !isGood);
  return (
    <section class="card stack" aria-label="What came of it">
      <div class="card-head">
        <h2>
          {amount(all.length - bad.length)} done, {amount(bad.length)} not
        </h2>
        <Button
          kind="quiet"
          onClick={() => {
            outcomes.value = null;
          }}
        >
          Dismiss
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <ul class="outcomes" tabIndex={0}>
        {[...bad, ...all.filter(({ isGood }) => isGood)].map(({ id, isGood, text }) => (
          <li key={id}>
            <Badge tone={isGood ? "good" : "bad"}>{isGood ? "done" : "not done"}</Badge>
            <code>{id.slice(0, 24)}</code>
            <span>{text}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
