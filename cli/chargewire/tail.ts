import type { Command } from "commander";

import type { Item, StationState } from "../../client/client.ts";
import { listenForInterrupt } from "../relay/command-line.ts";
import { RelayError } from "../relay/relay.ts";
import { readCount } from "./arguments.ts";
import { Context } from "./context.ts";
import { eventLine } from "./event-line.ts";
import { addFilterOptions, type FilterOptions, readFilter } from "./filter-options.ts";
import { type Output, printable } from "./output.ts";
import { identify } from "./status.ts";
import { openStream, statusLine } from "./stream.ts";

interface TailOptions extends FilterOptions {
  readonly from: string;
  readonly count?: number;
}

const EXAMPLES = `
--from now (default), snapshot (what each station is doing, then events), start (all that is kept),
or a cursor. Connections that break are made anew, and nothing is missed or repeated.

Examples:
  chargewire tail
  chargewire tail --types 'session.*' --stations 6192dea22df1431ea2c4720d --from start
  chargewire tail --match '{"data.status":"Started"}' --json | jq .event.body`;

export function addTail(program: Command): void {
  addFilterOptions(program.command("tail").description("show events as they come"), "show events")
    .option("--from <place>", "where to begin", "now")
    .option("--count <n>", "end after so many events", readCount)
    .addHelpText("after", EXAMPLES)
    .action(async (options: TailOptions, command: Command) => {
      const { api, connection, output } = new Context(command);
      const filter = readFilter(options);
      // A key that is not good, or a relay that is not there, is told at once.
      await identify(api, connection.key);
      await tail({ ...connection, filter }, options, output);
    });
}

async function tail(
  target: Pick<Parameters<typeof openStream>[0], "url" | "key" | "filter">,
  { from, count }: TailOptions,
  output: Output,
): Promise<void> {
  const stream = openStream({
    ...target,
    from,
    onStatus: (status) => output.note(statusLine(status)),
    onError: (error) => output.note(`${error.code}: ${error.message}`),
  });
  listenForInterrupt().addEventListener("abort", () => stream.close());
  let left = count ?? Number.POSITIVE_INFINITY;
  try {
    for await (const item of stream) {
      show(item, output);
      if (item.op === "event") left -= 1;
      if (left <= 0) break;
    }
  } catch (error) {
    throw new RelayError(error instanceof Error ? error.message : String(error));
  }
}

function show(item: Item, output: Output): void {
  switch (item.op) {
    case "event":
      output.item(item, ({ event }) => eventLine(event, output.paint));
      return;
    case "gap":
      output.note(`Events are missing here (${item.reason}); what the stations are doing follows.`);
      if (output.isJson) output.item(item, () => "");
      return;
    default:
      if (output.isJson) output.item(item, () => "");
      else for (const state of item.stations) output.item(state, stateLine);
  }
}

function stateLine({ station, seq, online, connectors, sessions = [] }: StationState): string {
  const line = [
    printable(station).padEnd(24),
    `#${seq}`.padStart(7),
    online === null ? "unknown" : online ? "online" : "offline",
    connectors.map(({ id, status }) => `${id} ${status ?? "unknown"}`).join(", "),
    sessions.length === 0 ? "" : `${sessions.length} sessions`,
  ];
  return printable(line.filter((part) => part !== "").join("  "));
}
