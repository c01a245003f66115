import type { SimulationProgress, SimulationReport } from "./summary.ts";

type Paint = (code: number, text: string) => string;

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const DIM = 2;

/** Text for a terminal, in colour or plain. */
export function createReporter(isColoured: boolean) {
  const paint: Paint = (code, text) => (isColoured ? `\x1b[${code}m${text}\x1b[0m` : text);
  return {
    statusLine: (progress: SimulationProgress) => statusLine(progress, paint),
    summary: (report: SimulationReport) => summary(report, paint),
  };
}

function statusLine(progress: SimulationProgress, paint: Paint): string {
  const { latencyMs, events, acknowledged, inFlight, elapsedMs } = progress;
  return [
    paint(DIM, `${(elapsedMs / 1000).toFixed(0)} s`),
    `${count(events)} sent`,
    paint(GREEN, `${count(acknowledged)} acknowledged`),
    `${inFlight} in flight`,
    statuses(progress, paint),
    `p50 ${milliseconds(latencyMs.p50)}`,
    `p99 ${milliseconds(latencyMs.p99)}`,
  ].join("  ");
}

function summary(report: SimulationReport, paint: Paint): string {
  const { latencyMs: latency, forgeries, elapsedMs } = report;
  const seconds = elapsedMs / 1000;
  const rows: readonly (readonly [label: string, value: string])[] = [
    ["events", `${count(report.acknowledged)} acknowledged of ${count(report.events)}`],
    ["stations", count(report.stationCount)],
    ["time", `${seconds.toFixed(1)} s, ${report.eventsPerSecond.toFixed(1)} events/s`],
    ["answers", statuses(report, paint) || "none"],
    ["retries", count(report.retries)],
    ["duplicates", count(report.duplicates)],
    ["bad signatures", `${count(forgeries.refused)} refused of ${count(forgeries.sent)}`],
    [
      "latency",
      `p50 ${milliseconds(latency.p50)}  p95 ${milliseconds(latency.p95)}  p99 ${milliseconds(
        latency.p99,
      )}  p99.9 ${milliseconds(latency.p999)}  max ${milliseconds(latency.max)}`,
    ],
    ["classes", tallies(report.classes)],
    ["types", `${Object.keys(report.types).length} different`],
  ];
  const table = rows.map(([label, value]) => `${paint(DIM, label.padEnd(15))} ${value}`);
  return [...table, ...verdicts(report, paint)].join("\n");
}

/** What a reader must not overlook. */
function verdicts(report: SimulationReport, paint: Paint): string[] {
  const { unacknowledged, forgeries, filledAnswers, interrupted } = report;
  const lines: string[] = [];
  if (interrupted) lines.push(paint(YELLOW, "Stopped early."));
  if (unacknowledged > 0) {
    lines.push(paint(RED, `${count(unacknowledged)} were never acknowledged.`));
  }
  if (forgeries.accepted > 0) {
    lines.push(paint(RED, `${count(forgeries.accepted)} with a bad signature were accepted.`));
  }
  if (filledAnswers > 0) {
    lines.push(paint(YELLOW, `${count(filledAnswers)} answers had a body; eDRV asks for none.`));
  }
  return lines;
}

function statuses(progress: SimulationProgress, paint: Paint): string {
  return Object.entries(progress.statuses)
    .map(([status, times]) => paint(status === "200" ? GREEN : RED, `${status}×${count(times)}`))
    .join(" ");
}

function tallies(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return entries.map(([name, times]) => `${name} ${count(times)}`).join(", ") || "none";
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
