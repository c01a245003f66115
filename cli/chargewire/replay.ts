import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import * as z from "zod";

import type { Api } from "../relay/api.ts";
import { listenForInterrupt } from "../relay/command-line.ts";
import { readList, readTime } from "./arguments.ts";
import { Context } from "./context.ts";
import { fields, type Output, table } from "./output.ts";
import { confirm } from "./prompt.ts";
import { all, findRoute, Replay } from "./resources.ts";

const DryRun = z.looseObject({ matched: z.number() });
const POLL_MS = 300;

interface ReplayOptions {
  readonly from: string;
  readonly to?: string;
  readonly types?: string[];
  readonly stations?: string[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly wait: boolean;
}

const EXAMPLES = `
Times are of receipt: a date, or how long ago. Interrupted, the command ends and the replay goes on.

Examples:
  chargewire replay billing --from 2h --dry-run
  chargewire replay billing --from 2026-01-31T08:00:00Z --to 2026-01-31T09:00:00Z --types 'session.*'
  chargewire replays cancel rp_…`;

export function addReplay(program: Command): void {
  program
    .command("replay <route>")
    .description("send the events of a time range to a route once more")
    .requiredOption("--from <time>", "received then or later")
    .option("--to <time>", "received before (default: now)")
    .option("--types <list>", "of these types only", readList)
    .option("--stations <list>", "of these stations only", readList)
    .option("--dry-run", "say how many there are, and send none")
    .option("--yes", "do not ask")
    .option("--no-wait", "do not wait until it is done")
    .addHelpText("after", EXAMPLES)
    .action(async (given: string, options: ReplayOptions, command: Command) => {
      const { api, output } = new Context(command);
      const nowMs = Date.now();
      const route = await findRoute(api, given);
      const selection = {
        route: route.id,
        from: readTime(options.from, nowMs),
        to: options.to === undefined ? new Date(nowMs).toISOString() : readTime(options.to, nowMs),
        ...(options.types && { types: options.types }),
        ...(options.stations && { stations: options.stations }),
      };
      const dry = await api.post("/v1/replays", { ...selection, dryRun: true }, DryRun);
      const found = `${dry.matched} events would be sent to ${route.name} (${route.url}).`;
      if (options.dryRun === true || dry.matched === 0) {
        output.result(dry, () => found);
        return;
      }
      if (options.yes !== true) output.note(found);
      if (!(await confirm("Send them?", options.yes === true))) {
        output.note("Nothing was sent.");
        process.exitCode = 1;
        return;
      }
      const replay = await api.post("/v1/replays", selection, Replay);
      await follow(api, output, replay, options.wait);
    });
  addReplays(program);
}

function addReplays(program: Command): void {
  const replays = program.command("replays").description("replays that were asked for");
  replays
    .command("list", { isDefault: true })
    .description("all replays, newest first")
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = new Context(command);
      output.result(await all(api.list("/v1/replays", Replay)), (list) =>
        list.length === 0
          ? "There are no replays."
          : table(
              ["REPLAY", "KIND", "ROUTE", "STATUS", "MATCHED", "DELIVERED", "FAILED", "MADE"],
              list.map((replay) => [
                replay.id,
                replay.kind,
                replay.route,
                replay.status,
                replay.matched,
                replay.delivered,
                replay.failed,
                replay.createdAt,
              ]),
            ),
      );
    });
  replays
    .command("show <replay>")
    .description("one replay; --wait until it is done")
    .option("--wait", "until it is done")
    .action(async (id: string, options: { wait?: boolean }, command: Command) => {
      const { api, output } = new Context(command);
      const replay = await api.get(`/v1/replays/${encodeURIComponent(id)}`, Replay);
      if (options.wait === true) await follow(api, output, replay, true);
      else output.result(replay, (shown) => fields(Object.entries(shown)));
    });
  replays
    .command("cancel <replay>")
    .description("send nothing more but what is in flight")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { api, output } = new Context(command);
      const path = `/v1/replays/${encodeURIComponent(id)}`;
      await api.delete(path);
      output.result(await api.get(path, Replay), (replay) => `${replay.id} is ${replay.status}.`);
    });
}

/** Shows how far a replay has come until it is done; what failed becomes the exit code. */
export async function follow(
  api: Api,
  output: Output,
  begun: Replay,
  waits: boolean,
): Promise<void> {
  let replay = begun;
  const signal = listenForInterrupt();
  let told = "";
  while (waits && !isOver(replay) && !signal.aborted) {
    if (told !== lineOf(replay)) output.note(lineOf(replay));
    told = lineOf(replay);
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    replay = await api.get(`/v1/replays/${replay.id}`, Replay);
  }
  output.result(replay, lineOf);
  if (replay.failed > 0) process.exitCode = 1;
}

const isOver = ({ status }: Replay) => status === "done" || status === "cancelled";

function lineOf({ id, status, matched, delivered, failed }: Replay): string {
  const trouble = failed === 0 ? "" : `, ${failed} failed`;
  return `${id}: ${status}, ${delivered} of ${matched} delivered${trouble}`;
}
