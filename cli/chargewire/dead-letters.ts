import type { Command } from "commander";
import * as z from "zod";

import type { Api } from "../relay/api.ts";
import { UsageError } from "../simulator/command-line.ts";
import { Context } from "./context.ts";
import { ago, fields, table } from "./output.ts";
import { confirm } from "./prompt.ts";
import { follow } from "./replay.ts";
import { all, DeadLetter, findRoute, findRoutes, Replay } from "./resources.ts";

/** With its event. */
const WholeLetter = z.looseObject({ id: z.string() });

/** While it is being redelivered. */
const UnderWay = z.looseObject({ replay: z.string() });

const EXAMPLES = `
Examples:
  chargewire dead-letters list billing
  chargewire dead-letters show billing 12
  chargewire dead-letters redeliver billing --all`;

export function addDeadLetters(program: Command): void {
  const letters = program
    .command("dead-letters")
    .description("events that a destination did not take")
    .addHelpText("after", EXAMPLES);

  letters
    .command("list [route]", { isDefault: true })
    .description("the dead letters of one route or of all, oldest first")
    .action(async (given: string | undefined, _options: unknown, command: Command) => {
      const { api, output } = new Context(command);
      const routes = await findRoutes(api, given);
      const lists = routes.map(async ({ id, name }) => {
        const list = await all(api.list(`/v1/routes/${id}/dead-letters`, DeadLetter));
        return list.map((letter) => ({ ...letter, routeName: name }));
      });
      const nowMs = Date.now();
      output.result((await Promise.all(lists)).flat(), (list) =>
        list.length === 0
          ? "There are no dead letters."
          : table(
              ["ROUTE", "ID", "WHEN", "STATION", "SEQ", "TYPE", "ATTEMPTS", "LAST ANSWER"],
              list.map((letter) => [
                letter.routeName,
                letter.id,
                ago(letter.at, nowMs),
                letter.station,
                letter.seq,
                letter.type,
                letter.attempts,
                letter.lastAnswer,
              ]),
            ),
      );
    });

  letters
    .command("show <route> <letter>")
    .description("one dead letter with its event")
    .action(async (given: string, letter: string, _options: unknown, command: Command) => {
      const { api, output } = new Context(command);
      const { id } = await findRoute(api, given);
      const shown = await api.get(letterPath(id, letter), WholeLetter);
      output.result(shown, (whole) => fields(Object.entries(whole)));
    });

  letters
    .command("redeliver <route> [letter]")
    .description("send one dead letter once more, or --all of the route")
    .option("--all", "all of the route that are not under way")
    .option("--no-wait", "do not wait until it is done")
    .action(
      async (
        given: string,
        letter: string | undefined,
        options: { all?: boolean; wait: boolean },
        command: Command,
      ) => {
        if ((letter === undefined) !== (options.all === true)) {
          throw new UsageError("Name one dead letter, or say --all.");
        }
        const { api, output } = new Context(command);
        const { id } = await findRoute(api, given);
        const replay =
          letter === undefined
            ? await api.post(`/v1/routes/${id}/dead-letters/redeliver`, undefined, Replay)
            : await redeliver(api, letterPath(id, letter));
        await follow(api, output, replay, options.wait);
      },
    );

  letters
    .command("discard <route> <letter>")
    .description("delete one dead letter for good")
    .option("--yes", "do not ask")
    .action(async (given: string, letter: string, options: { yes?: boolean }, command: Command) => {
      const { api, output } = new Context(command);
      const { id, name } = await findRoute(api, given);
      const question = `Delete the dead letter ${letter} of ${name} for good?`;
      if (!(await confirm(question, options.yes === true))) {
        output.note("It was kept.");
        process.exitCode = 1;
        return;
      }
      await api.delete(letterPath(id, letter));
      output.result({ id: letter, route: id, discarded: true }, () => "It is gone.");
    });
}

/** The replay that carries the letter. */
async function redeliver(api: Api, path: string): Promise<Replay> {
  const { replay } = await api.post(`${path}/redeliver`, undefined, UnderWay);
  return api.get(`/v1/replays/${replay}`, Replay);
}

function letterPath(route: string, letter: string): string {
  if (!/^\d{1,15}$/.test(letter)) throw new UsageError(`A dead letter's id is a number.`);
  return `/v1/routes/${route}/dead-letters/${letter}`;
}
