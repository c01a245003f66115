import type { UsageReport } from "../../api/answers.ts";
import { amount } from "../../ui/amount.ts";
import { dollars } from "./figures.ts";

type Counts = UsageReport["total"];

const COLUMNS: readonly (readonly [string, (counts: Counts) => string])[] = [
  ["Accepted", ({ accepted }) => amount(accepted)],
  ["Duplicates", ({ duplicates }) => amount(duplicates)],
  ["Refused", ({ refused }) => amount(refused)],
  ["Quarantined", ({ quarantined }) => amount(quarantined)],
  ["Attempts", ({ attempts }) => amount(attempts)],
  ["Delivered", ({ delivered }) => amount(delivered)],
  ["Frames", ({ framesSent }) => amount(framesSent)],
  ["Rows", ({ rowsWritten }) => amount(rowsWritten)],
  ["Cost", ({ costUsd }) => dollars(costUsd.total)],
];

/** Every day of the period, the newest first, and their sum above them. */
export function DayTable({
  days,
  total,
}: {
  readonly days: UsageReport["items"];
  readonly total: Counts;
}) {
  return (
    <section class="stack" aria-labelledby="days-title">
      <h2 id="days-title">Day by day</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <section class="table-box usage-days" aria-label="Usage by day" tabIndex={0}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Day</th>
              {COLUMNS.map(([title]) => (
                <th key={title} scope="col" class="number">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Row title="All" counts={total} isTotal />
            {[...days].reverse().map((day) => (
              <Row key={day.day} title={day.day} counts={day} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Row(props: {
  readonly title: string;
  readonly counts: Counts;
  readonly isTotal?: boolean;
}) {
  return (
    <tr class={props.isTotal === true ? "usage-total" : undefined}>
      <th scope="row">{props.title}</th>
      {COLUMNS.map(([title, show]) => (
        <td key={title} class="number">
          {show(props.counts)}
        </td>
      ))}
    </tr>
  );
}
