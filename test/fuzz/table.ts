import type { FuzzReport } from "./fuzz.ts";
import type { SurfaceReport } from "./run-surface.ts";

export const TABLE_HEAD = line(["surface", "inputs", "findings", "answers"]);

/** How one surface was answered. */
export function surfaceRow({ name, inputs, outcomes, findings }: SurfaceReport): string {
  return line([name, String(inputs), String(findings.length), answersOf(outcomes)]);
}

/** What comes below the rows: the sums, and what was found. */
export function fuzzSummary(report: FuzzReport): string {
  const { surfaces, objects, memory, events } = report;
  const inputs = surfaces.reduce((total, one) => total + one.inputs, 0);
  const found = findingsOf(report);
  return [
    line(["all", String(inputs), String(found.length), ""]),
    "",
    `Objects before and after what came without a key: ${objects[0]} and ${objects[1]}.`,
    `Memory of workerd: ${mib(memory.before)} before, ${mib(memory.peak)} at most, ${mib(memory.after)} after.`,
    `An honest subscriber got ${events} events meanwhile, each once and in order.`,
    ...found.map((finding) => `\nFOUND ${finding}`),
  ].join("\n");
}

/** Of the surfaces, and of the relay as a whole. */
export function findingsOf({ surfaces, findings }: FuzzReport): string[] {
  const ofSurfaces = surfaces.flatMap(({ name, findings: all }) =>
    all.map((finding) => `${name}: ${finding}`),
  );
  return [...ofSurfaces, ...findings];
}

function line([name = "", inputs = "", findings = "", answers = ""]: readonly string[]): string {
  return `${name.padEnd(24)}${inputs.padStart(9)}${findings.padStart(10)}  ${answers}`.trimEnd();
}

const mib = (size: number) => `${size.toFixed(0)} MiB`;

function answersOf(outcomes: ReadonlyMap<string, number>): string {
  const all = [...outcomes].sort(([one], [other]) => (one < other ? -1 : 1));
  return all.map(([outcome, count]) => `${outcome}: ${count}`).join(", ");
}
