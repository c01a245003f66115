import type { Command } from "commander";
import * as z from "zod";

import { Context } from "./context.ts";
import { readDocument, writeDocument } from "./document.ts";
import { type Output, printable } from "./output.ts";
import { confirm } from "./prompt.ts";

const Change = z.looseObject({
  field: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});

const Step = z.looseObject({
  action: z.enum(["create", "update", "delete", "none"]),
  kind: z.string(),
  name: z.string(),
  id: z.string().optional(),
  ingestPath: z.string().optional(),
  secret: z.string().optional(),
  changes: z.array(Change),
});
type Step = z.infer<typeof Step>;

const Applied = z.looseObject({ dryRun: z.boolean(), plan: z.array(Step) });

const EXAMPLES = `
The document has two lists, sources and routes; what it leaves out is deleted. Its secrets are named,
not written: {env: NAME}, or \${ENV:NAME} in a text. Hints, as \`chargewire config\` prints them, keep
the secret that is there.

Examples:
  chargewire config > relay.yaml
  chargewire apply relay.yaml --dry-run
  EDRV_SECRET=… chargewire apply relay.yaml --yes`;

interface ApplyOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function addApply(program: Command): void {
  program
    .command("config")
    .alias("export")
    .description("print sources and routes as one document")
    .addHelpText("after", "\nExamples:\n  chargewire config > relay.yaml")
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = new Context(command);
      const document = await api.get("/v1/config", z.looseObject({}));
      output.result(document, writeDocument);
    });

  program
    .command("apply <file>")
    .description("make sources and routes what a document says (- reads standard input)")
    .option("--dry-run", "show what would be done, and do nothing")
    .option("--yes", "do not ask")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, options: ApplyOptions, command: Command) => {
      const context = new Context(command);
      await apply(context, await readDocument(file, process.env), options);
    });
}

async function apply(
  { api, connection, output }: Context,
  document: unknown,
  { dryRun = false, yes = false }: ApplyOptions,
): Promise<void> {
  const planned = await api.put("/v1/config?dryRun=true", document, Applied);
  const isIdle = planned.answer.plan.every(({ action }) => action === "none");
  if (dryRun || isIdle) {
    output.result(planned.answer, ({ plan }) => planLines(plan, output));
    return;
  }
  if (!yes || !output.isJson)
    for (const line of planLines(planned.answer.plan, output)) output.note(line);
  if (!(await confirm("Do that?", yes))) {
    output.note("Nothing was changed.");
    process.exitCode = 1;
    return;
  }
  // Only what was shown is done: should somebody have changed something since, it is refused.
  const { answer } = await api.put("/v1/config", document, Applied, planned.tag);
  output.result(answer, ({ plan }) => [
    `Done: ${countsOf(plan)}.`,
    ...plan.flatMap((step) => novelties(step, connection.url)),
  ]);
}

const SIGNS = { create: "+", update: "~", delete: "-", none: " " } as const;
const STYLES = { create: "green", update: "yellow", delete: "red", none: "dim" } as const;

function planLines(plan: readonly Step[], { paint }: Output): string[] {
  const changing = plan.filter(({ action }) => action !== "none");
  const lines = changing.flatMap(({ action, kind, name, changes }) => [
    paint(STYLES[action], printable(`${SIGNS[action]} ${kind} ${name}`)),
    ...(action === "delete" ? [] : changes.map(changeLine)),
  ]);
  return lines.length === 0 ? ["Nothing to do."] : lines;
}

function changeLine({ field, before, after }: z.infer<typeof Change>): string {
  const text = (value: unknown) => (value === undefined ? "…" : JSON.stringify(value));
  const from = before === undefined ? "" : `${text(before)} → `;
  return printable(`    ${field}: ${from}${text(after)}`);
}

function countsOf(plan: readonly Step[]): string {
  const count = (wanted: Step["action"]) => plan.filter(({ action }) => action === wanted).length;
  return `${count("create")} created, ${count("update")} changed, ${count("delete")} deleted`;
}

/** What is told once, and is needed elsewhere. */
function novelties({ kind, name, secret, ingestPath }: Step, relayUrl: string): string[] {
  const about = printable(`${kind} ${name}`);
  return [
    ...(ingestPath === undefined ? [] : [`${about}: enter ${relayUrl}${ingestPath} at eDRV.`]),
    ...(secret === undefined ? [] : [`${about}: signed by ${secret}, which is not shown again.`]),
  ];
}
