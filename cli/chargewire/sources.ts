import type { Command } from "commander";
import * as z from "zod";

import { readDuration } from "./arguments.ts";
import { Context } from "./context.ts";
import { ago, fields, table } from "./output.ts";
import { readSecret } from "./prompt.ts";
import { all, findSource, listSources } from "./resources.ts";
import { sourceRows } from "./status.ts";

const Refusal = z.looseObject({
  at: z.string(),
  reason: z.string(),
  count: z.number(),
  samples: z.array(z.looseObject({ at: z.string(), size: z.number(), from: z.string() })),
});

const NewSecret = z.looseObject({ id: z.string(), hint: z.string() });

/** In place of typing or piping the new secret of a source. */
const SECRET_VARIABLE = "CHARGEWIRE_SOURCE_SECRET";

const EXAMPLES = `
A source is named by its id or its name.

Examples:
  chargewire sources list
  chargewire sources refusals "eDRV production"
  chargewire sources rotate "eDRV production" --expire-previous-after 1h < new-secret.txt`;

export function addSources(program: Command): void {
  const sources = program
    .command("sources")
    .description("the ingest URLs and their signing secrets")
    .addHelpText("after", EXAMPLES);

  sources
    .command("list", { isDefault: true })
    .description("all sources and when they last brought an event")
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = new Context(command);
      output.result(await all(listSources(api)), (list) =>
        list.length === 0 ? "There are no sources." : sourceRows(list, Date.now()),
      );
    });

  sources
    .command("show <source>")
    .description("one source with its ingest URL and the hints of its secrets")
    .action(async (given: string, _options: unknown, command: Command) => {
      const { api, connection, output } = new Context(command);
      const source = await findSource(api, given);
      const ingestUrl = connection.url + source.ingestPath;
      output.result({ ...source, ingestUrl }, (shown) => {
        const { secrets, ...settings } = shown;
        return [
          ...fields(Object.entries(settings)),
          "",
          ...table(
            ["SECRET", "ENDS IN", "MADE", "EXPIRES"],
            secrets.map(({ id, hint, createdAt, expiresAt }) => [
              id,
              hint,
              createdAt,
              expiresAt ?? "never",
            ]),
          ),
        ];
      });
    });

  sources
    .command("refusals <source>")
    .description("requests that were refused, and why, newest first")
    .action(async (given: string, _options: unknown, command: Command) => {
      const { api, output } = new Context(command);
      const { id } = await findSource(api, given);
      const refusals = await all(api.list(`/v1/sources/${id}/refusals`, Refusal));
      const nowMs = Date.now();
      output.result(refusals, (list) =>
        list.length === 0
          ? "Nothing was refused."
          : table(
              ["WHEN", "COUNT", "REASON", "FROM"],
              list.map(({ at, count, reason, samples }) => [
                ago(at, nowMs),
                count,
                reason,
                [...new Set(samples.map(({ from }) => from))].join(" "),
              ]),
            ),
      );
    });

  sources
    .command("rotate <source>")
    .description(`add the secret that eDRV shows now: typed, piped in, or in ${SECRET_VARIABLE}`)
    .option(
      "--expire-previous-after <time>",
      "how long those before are still accepted",
      readDuration,
    )
    .action(async (given: string, options: { expirePreviousAfter?: number }, command: Command) => {
      const { api, output } = new Context(command);
      const { id, name } = await findSource(api, given);
      const secret = await readSecret("New signing secret", SECRET_VARIABLE);
      const overlapMs = options.expirePreviousAfter;
      const body = {
        secret,
        ...(overlapMs !== undefined && { expirePreviousAfterSeconds: overlapMs / 1000 }),
      };
      const added = await api.post(`/v1/sources/${id}/secrets`, body, NewSecret);
      output.result(added, ({ hint }) => `${name} accepts the secret that ends in ${hint}.`);
    });
}
