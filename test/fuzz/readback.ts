import { bearer, message } from "./message.ts";
import { attemptMessage } from "./surface.ts";
import type { World } from "./world.ts";

const PATHS = [
  ...["/v1/events?limit=200", "/v1/events?before=now&limit=200", "/v1/stations"],
  ...["/v1/stations/cs1", "/v1/stations/cs1/events?limit=200"],
  ...["/v1/quarantine?limit=200", "/v1/audit?limit=200", "/v1/config", "/v1/routes", "/v1/sources"],
  ...["/v1/keys", "/v1/settings", "/v1/usage", "/v1/metrics"],
];

/** What was kept of all that was sent, read again: it reads as anything does. */
export class Readback {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async complaints(): Promise<string[]> {
    const found: string[] = [];
    for (const { tenant } of [this.#world.main, this.#world.changing]) {
      const route = tenant === this.#world.main.tenant ? this.#world.main.routeId : null;
      for (const path of [...PATHS, ...(route === null ? [] : [`/v1/routes/${route}`])]) {
        const request = message("GET", path, [bearer(tenant.key)]);
        const { complaints } = await attemptMessage(this.#world, request, { statuses: [200] });
        found.push(...complaints.map((complaint) => `GET ${path}: ${complaint}`));
      }
    }
    return found;
  }
}
