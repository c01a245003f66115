import * as z from "zod";

import { Api, NewRoute, RelayedEvent, Source, Tenant } from "../cli/relay/api.ts";
import { PROTOCOL } from "../src/protocol/codes.ts";
import { type Contender, checkOrder } from "./contender.ts";
import { Load } from "./load.ts";
import { serveRelay } from "./relay-server.ts";
import { Subscribers } from "./subscribers.ts";
import type { SignedWebhook } from "./webhooks.ts";
import type { Place } from "./workerd.ts";

const SECRET = "a-secret-of-the-benchmark";
const SOURCES = 8;
const EventPage = z.object({ items: z.array(RelayedEvent), next: z.string().nullable() });

export interface RelayContender extends Contender {
  readonly api: Api;
  readonly apiKey: string;
  readonly addRoute: (route: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** The relay on bare workerd, with one tenant and webhooks from several sources. */
export async function startRelayContender(
  code: string,
  place: Place,
  connections: number,
  isInspected = false,
): Promise<RelayContender> {
  const { operatorKey, ...workerd } = await serveRelay(code, place, isInspected);
  const url = `http://127.0.0.1:${workerd.port}`;
  const operator = new Api(url, operatorKey);
  const { apiKey } = await operator.post("/v1/tenants", { name: "Benchmark" }, Tenant);
  const api = new Api(url, apiKey);
  const paths: string[] = [];
  for (let index = 0; index < SOURCES; index += 1) {
    const source = { name: `benchmark ${index}`, secret: SECRET };
    paths.push((await api.post("/v1/sources", source, Source)).ingestPath);
  }
  const load = new Load(workerd.port, connections);
  const stored = new StoredEvents(api);
  const contender: RelayContender = {
    name: "relay",
    workerd,
    door: { paths, secret: SECRET },
    load,
    api,
    apiKey,
    addRoute: async (route) => {
      await api.post("/v1/routes", route, NewRoute);
    },
    subscribers: null,
    subscribe: async (count, filters = [""]) => {
      await contender.subscribers?.close();
      contender.subscribers = await Subscribers.open({
        port: workerd.port,
        count,
        paths: filters.map((filter) => `/v1/stream${filter}`),
        headers: [`sec-websocket-protocol: ${PROTOCOL}, auth.${apiKey}`],
        areAlike: filters.length === 1,
        pings: true,
      });
    },
    reconcile: (answered) => stored.reconcile(answered),
    stop: async () => {
      await contender.subscribers?.close();
      load.close();
      await workerd.stop();
    },
  };
  return contender;
}

/** What the feed has, read page by page. */
class StoredEvents {
  readonly #api: Api;
  readonly #seen = new Set<string>();
  readonly #seqs = new Map<string, number>();
  #cursor: string | null = null;

  constructor(api: Api) {
    this.#api = api;
  }

  async reconcile(answered: readonly SignedWebhook[]): Promise<void> {
    const before = this.#seen.size;
    for (let more = true; more; ) {
      const after: string = this.#cursor === null ? "" : `&after=${this.#cursor}`;
      const { items, next } = await this.#api.get(`/v1/events?limit=200${after}`, EventPage);
      // The last page is read again, because only a full one has a cursor behind it. What the relay tells
      // of itself, of refusals for one, was not sent.
      const fresh = items.filter(({ id, class: kind }) => kind !== "relay" && !this.#seen.has(id));
      checkOrder("relay", this.#seqs, fresh);
      for (const { id } of fresh) this.#seen.add(id);
      more = next !== null;
      this.#cursor = next ?? this.#cursor;
    }
    for (const { id } of answered) {
      if (!this.#seen.has(id)) throw new Error(`relay: ${id} was acknowledged and is not kept`);
    }
    if (this.#seen.size - before !== answered.length) {
      throw new Error("relay: the feed keeps what was not acknowledged, or twice");
    }
  }
}
