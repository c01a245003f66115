import type { Turns } from "./rounds.ts";
import { median, ratios } from "./rounds.ts";

/** What a case has found: a table as docs/performance.md shows it, and the figures behind it. */
export interface Finding {
  readonly name: string;
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Round by round. */
  readonly figures: Readonly<Record<string, readonly number[]>>;
}

/** By contender's name, the ratio that the first one is to keep to it. */
export type Targets = Readonly<Record<string, string>>;

/** The first one of the turns beside each of the others: rates, CPU time, and ratios round by round. */
export function comparison(
  name: string,
  title: string,
  turns: readonly Turns[],
  targets: Targets = {},
): Finding {
  const ratesOf = ({ measured }: Turns) => measured.map(({ perSecond }) => perSecond);
  const cpuOf = ({ measured }: Turns) => measured.map(({ cpuUsPerEvent }) => cpuUsPerEvent);
  const [first] = turns;
  const rows = turns.map((each, index) => {
    const figures = [median(ratesOf(each)).toFixed(0), median(cpuOf(each)).toFixed(0)];
    if (first === undefined || index === 0) return [each.name, ...figures, "", "", "", ""];
    const rateRatios = ratios(ratesOf(first), ratesOf(each));
    const cpuRatios = ratios(cpuOf(first), cpuOf(each));
    const spread = `${Math.min(...rateRatios).toFixed(2)} to ${Math.max(...rateRatios).toFixed(2)}`;
    const cells = [median(rateRatios).toFixed(2), spread, median(cpuRatios).toFixed(2)];
    return [each.name, ...figures, ...cells, targets[each.name] ?? ""];
  });
  const figures = Object.fromEntries(
    turns.flatMap((each) => [
      [`${each.name} events/s`, ratesOf(each)],
      [`${each.name} CPU µs`, cpuOf(each)],
    ]),
  );
  const ratio = `${first?.name} ÷ it`;
  const header = ["", "events/s", "CPU µs per event", ratio, "spread", "in CPU", "target"];
  return { name, title, header, rows, figures };
}

/** For a terminal. */
export function printFinding({ title, header, rows }: Finding): void {
  const lines = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  console.log(`\n${title}\n`);
  for (const line of lines) {
    const cells = line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(`  ${cells.join("  ")}`);
  }
}

/** As Markdown. */
export function markdownOf({ title, header, rows }: Finding): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const ruler = `|${header.map((_, column) => (column === 0 ? "---" : "---:")).join("|")}|`;
  return [`**${title}**`, "", line(header), ruler, ...rows.map(line), ""].join("\n");
}
