import type { UsageReport } from "../../api/answers.ts";
import { amount } from "../../ui/amount.ts";

type Day = UsageReport["items"][number];

const WIDTH = 1_000;
const HEIGHT = 160;

/** Two bars for each day: events accepted, and deliveries. The table below says the same. */
export function DayChart({ days }: { readonly days: readonly Day[] }) {
  const top = Math.max(1, ...days.flatMap(({ accepted, delivered }) => [accepted, delivered]));
  const step = WIDTH / days.length;
  const bar = (value: number) => (value / top) * HEIGHT;
  return (
    <figure class="card usage-chart">
      <figcaption class="row">
        <span class="usage-key usage-key-accepted">accepted</span>
        <span class="usage-key usage-key-delivered">delivered</span>
        <span class="quiet">per day, up to {amount(top)}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={inWords(days)}
      >
        {days.map(({ day, accepted, delivered }, index) => (
          <g key={day} transform={`translate(${index * step} 0)`}>
            <title>{`${day}: ${amount(accepted)} accepted, ${amount(delivered)} delivered`}</title>
            <rect class="usage-hit" width={step} height={HEIGHT} />
            <Bar kind="accepted" x={step * 0.1} width={step * 0.38} height={bar(accepted)} />
            <Bar kind="delivered" x={step * 0.52} width={step * 0.38} height={bar(delivered)} />
          </g>
        ))}
      </svg>
      <div class="row row-spread quiet usage-ends">
        <span>{days[0]?.day}</span>
        {days.length > 1 && <span>{days.at(-1)?.day}</span>}
      </div>
    </figure>
  );
}

function Bar(props: { kind: string; x: number; width: number; height: number }) {
  // A day with anything is never drawn as a day with nothing.
  const height = props.height === 0 ? 0 : Math.max(1.5, props.height);
  return (
    <rect
      class={`usage-bar-${props.kind}`}
      x={props.x}
      y={HEIGHT - height}
      width={props.width}
      height={height}
    />
  );
}

function inWords(days: readonly Day[]): string {
  const busiest = days.reduce((one, other) => (other.accepted > one.accepted ? other : one));
  return (
    `Events accepted and deliveries per day, ${days.length} days. ` +
    `Most on ${busiest.day}: ${amount(busiest.accepted)} accepted, ${amount(busiest.delivered)} delivered.`
  );
}
