import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import * as z from "zod";

import type { Contender } from "./contender.ts";
import { Load } from "./load.ts";
import { Subscribers } from "./subscribers.ts";
import type { SignedWebhook } from "./webhooks.ts";
import { type Place, serveWorker, type Workerd } from "./workerd.ts";
import type { WorkerConfig } from "./workerd-config.ts";

const SECRET = "a-secret-of-the-floor";

/** The steps of floor/floor.ts; each does what the one before it does and one thing more. */
export type FloorMode =
  | "answer"
  | "verify"
  | "refuse"
  | "object"
  | "insert"
  | "group"
  | "pushed"
  | "gathered";

/** Serves the floors, all of them in one process of workerd. */
export function startFloors(place: Place): Promise<Workerd> {
  const objects = [
    { binding: "STATION", className: "FloorStation" },
    { binding: "FEED", className: "FloorFeed" },
  ];
  return serveFloor("floor.ts", { objects, texts: { SECRET } }, place);
}

/** Serves a Worker of bench/floor. */
export async function serveFloor(
  file: string,
  bound: Pick<WorkerConfig, "objects" | "texts">,
  place: Place,
  isInspected = false,
): Promise<Workerd> {
  const source = readFileSync(new URL(`./floor/${file}`, import.meta.url), "utf8");
  const worker = {
    code: stripTypeScriptTypes(source),
    compatibilityDate: "2026-10-20",
    compatibilityFlags: [],
    limiters: [],
    ...bound,
  };
  return serveWorker(worker, place, isInspected);
}

export function floorContender(workerd: Workerd, mode: FloorMode, connections: number): Contender {
  const load = new Load(workerd.port, connections);
  const url = `http://127.0.0.1:${workerd.port}/${mode}`;
  const contender: Contender = {
    name: mode,
    workerd,
    door: { paths: [`/${mode}`], secret: SECRET },
    load,
    subscribers: null,
    subscribe: async (count) => {
      await contender.subscribers?.close();
      contender.subscribers = await Subscribers.open({
        port: workerd.port,
        count,
        paths: [`/${mode}/stream`],
        headers: [],
        areAlike: true,
        pings: false,
      });
    },
    reconcile: storedIn(mode, url),
    stop: async () => {
      await contender.subscribers?.close();
      load.close();
    },
  };
  return contender;
}

/** Compares what was acknowledged with what is stored, where the floor stores anything. */
function storedIn(mode: FloorMode, url: string): Contender["reconcile"] {
  if (mode === "answer" || mode === "verify" || mode === "refuse" || mode === "object")
    return async () => {};
  const isFeed = mode === "pushed" || mode === "gathered";
  const known = new Set<string>();
  return async (answered: readonly SignedWebhook[]) => {
    const stations = isFeed ? [""] : [...new Set(answered.map(({ station }) => station))];
    let freshCount = 0;
    for (const station of stations) {
      const response = await fetch(`${url}/ids?station=${station}`);
      const ids = z.array(z.string()).parse(await response.json());
      if (new Set(ids).size !== ids.length) throw new Error(`${mode}: an event is kept twice`);
      for (const id of ids.filter((each) => !known.has(each))) {
        known.add(id);
        freshCount += 1;
      }
    }
    const lost = answered.find(({ id }) => !known.has(id));
    if (lost !== undefined) throw new Error(`${mode}: ${lost.id} was lost`);
    if (freshCount !== answered.length) throw new Error(`${mode}: kept what was never sent`);
  };
}
