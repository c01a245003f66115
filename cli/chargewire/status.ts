import type { Command } from "commander";
import * as z from "zod";

import { hintOf } from "../../src/domain/ids.ts";
import { ACCOUNT_STATION } from "../../src/domain/station-id.ts";
import { type Api, StationState } from "../relay/api.ts";
import { Context } from "./context.ts";
import { ago, fields, type Output, printable, table } from "./output.ts";
import { all, Key, listRoutes, listSources, type Route, type Source } from "./resources.ts";

const Health = z.looseObject({ status: z.string(), version: z.string().optional() });

const EXAMPLES = `
Examples:
  chargewire status
  chargewire status --profile production --json | jq .routes`;

/** Whose key it is, as far as the relay tells. */
export interface Identity {
  readonly tenant: string | null;
  readonly key: string | null;
  readonly name: string | null;
  readonly role: string | null;
}

export function addStatus(program: Command): void {
  program
    .command("status")
    .description("how the relay, its stations, routes and sources are doing")
    .addHelpText("after", EXAMPLES)
    .action(async (_options: unknown, command: Command) => {
      const { api, connection, output } = new Context(command);
      const [health, identity, stations, routes, sources] = await Promise.all([
        api.get("/health", Health),
        identify(api, connection.key),
        countStations(api),
        all(listRoutes(api)),
        all(listSources(api)),
      ]);
      const { url, origin } = connection;
      const relay = { url, from: origin, health: health.status, version: health.version ?? null };
      output.result({ relay, identity, stations, routes, sources }, () => [
        ...fields([
          ["relay", `${url} (from ${origin})`],
          ["health", [relay.health, relay.version ?? ""].join(" ").trim()],
          ["tenant", identity.tenant],
          ["key", identity.name === null ? null : `${identity.name} (${identity.role})`],
          ["stations", `${stations.online} online of ${stations.known}`],
        ]),
        ...section("routes", routeRows(routes, output)),
        ...section("sources", sourceRows(sources, Date.now())),
      ]);
    });
}

/** Throws when the relay does not take the key. */
export async function identify(api: Api, key: string): Promise<Identity> {
  const keys = await all(api.list("/v1/keys", Key));
  // The relay never tells a key again, only how it ends; that may fit several.
  const [own, other] = keys.filter(({ hint }) => hint === hintOf(key));
  const isKnown = own !== undefined && other === undefined;
  return {
    tenant: /^cw_([a-z0-9-]{1,40})_/.exec(key)?.[1] ?? null,
    key: isKnown ? own.id : null,
    name: isKnown ? own.name : null,
    role: isKnown ? own.role : null,
  };
}

async function countStations(api: Api): Promise<{ known: number; online: number }> {
  let [known, online] = [0, 0];
  for await (const station of api.list("/v1/stations", StationState)) {
    // What concerns no station has a lane, but is none.
    if (station.station === ACCOUNT_STATION) continue;
    known += 1;
    if (station.online === true) online += 1;
  }
  return { known, online };
}

function section(title: string, lines: readonly string[]): string[] {
  return ["", ...(lines.length === 0 ? [`no ${title}`] : lines)];
}

export function healthOf({ enabled, health }: Route): string {
  return enabled || health === "disabled" ? health : "paused";
}

export function routeRows(routes: readonly Route[], { paint }: Output): string[] {
  const rows = routes.map((route) => [
    route.name,
    route.id,
    healthOf(route),
    route.url,
    route.trouble?.lastAnswer ?? "",
  ]);
  return table(["ROUTE", "ID", "HEALTH", "URL", "TROUBLE"], rows, (text, column) => {
    if (column !== 2) return text;
    const health = text.trim();
    if (health === "healthy") return paint("green", text);
    return paint(health === "failing" || health === "disabled" ? "red" : "yellow", text);
  });
}

export function sourceRows(sources: readonly Source[], nowMs: number): string[] {
  return table(
    ["SOURCE", "ID", "ENABLED", "SCHEME", "LAST EVENT"],
    sources.map((source) => [
      printable(source.name),
      source.id,
      source.enabled ? "yes" : "no",
      source.schemeSeen === null ? source.scheme : `${source.scheme} (${source.schemeSeen})`,
      ago(source.lastEventAt, nowMs),
    ]),
  );
}
