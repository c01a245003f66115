const WIDTH = 240;
const HEIGHT = 48;

/** How a number went, as one line; `label` says it to people who do not see it. */
export function Sparkline({
  points,
  label,
}: {
  /** In order of time: `[ms, value]`. */
  readonly points: readonly (readonly [number, number])[];
  readonly label: string;
}) {
  const first = points[0]?.[0] ?? 0;
  const span = Math.max(1, (points.at(-1)?.[0] ?? 0) - first);
  const top = Math.max(1, ...points.map(([, value]) => value));
  const line = points
    .map(([at, value]) => {
      const x = ((at - first) / span) * WIDTH;
      const y = HEIGHT - 2 - (value / top) * (HEIGHT - 4);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <polyline points={line} />
    </svg>
  );
}
