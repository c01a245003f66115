import type { Command } from "commander";

import { LANE_ACTIONS } from "../../src/domain/lane.ts";
import type { Api } from "../relay/api.ts";
import { Context } from "./context.ts";
import { table } from "./output.ts";
import { findRoute, findRoutes, Lane, type Route } from "./resources.ts";

type RouteLane = Lane & { readonly route: string };

const DESCRIPTIONS = {
  retry: "try the event at its head now",
  skip: "give the event at its head up: it becomes a dead letter, and the lane goes on",
  resume: "end parking, and try the event at its head",
} as const;

const EXAMPLES = `
A lane is the order of one station's events on their way to one route.

Examples:
  chargewire lanes list
  chargewire lanes list billing --all
  chargewire lanes skip billing 6192dea22df1431ea2c4720d`;

export function addLanes(program: Command): void {
  const lanes = program
    .command("lanes")
    .description("where deliveries stand, station by station")
    .addHelpText("after", EXAMPLES);

  lanes
    .command("list [route]", { isDefault: true })
    .description("the lanes that are in trouble, of one route or of all")
    .option("--all", "those that are well, too")
    .action(async (given: string | undefined, options: { all?: boolean }, command: Command) => {
      const { api, output } = new Context(command);
      const routes = await findRoutes(api, given);
      const found = await lanesOf(api, routes, options.all === true);
      output.result(found, (list) =>
        list.length === 0
          ? options.all === true
            ? "There are no lanes."
            : "No lane is in trouble."
          : laneRows(list),
      );
    });

  for (const action of LANE_ACTIONS) {
    lanes
      .command(`${action} <route> <station>`)
      .description(DESCRIPTIONS[action])
      .action(async (given: string, station: string, _options: unknown, command: Command) => {
        const { api, output } = new Context(command);
        const route = await findRoute(api, given);
        const path = `/v1/routes/${route.id}/lanes/${encodeURIComponent(station)}/${action}`;
        const lane = await api.post(path, undefined, Lane);
        output.result({ ...lane, route: route.name }, (shown) => laneRows([shown]));
      });
  }
}

async function lanesOf(api: Api, routes: readonly Route[], isAll: boolean): Promise<RouteLane[]> {
  const found: RouteLane[] = [];
  for (const { id, name } of routes) {
    const path = `/v1/routes/${id}/lanes`;
    const lanes = isAll ? api.list(path, Lane) : troubled(api, path);
    for await (const lane of lanes) found.push({ ...lane, route: name });
  }
  return found;
}

function troubled(api: Api, path: string) {
  return api.list(path, Lane, { status: "troubled" });
}

function laneRows(lanes: readonly RouteLane[]): string[] {
  return table(
    ["ROUTE", "STATION", "STATUS", "BEHIND", "HEAD", "ATTEMPTS", "NEXT", "LAST ANSWER"],
    lanes.map(({ route, station, status, behind, head, lastAttempt }) => [
      route,
      station,
      status,
      behind,
      head?.seq,
      head?.attempts,
      head?.nextAttemptAt,
      lastAttempt?.snippet.slice(0, 60),
    ]),
  );
}
