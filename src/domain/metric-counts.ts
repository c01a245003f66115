import type { EventClass } from "./catalogue.ts";
import { type EncodedHistogram, Histogram } from "./histogram.ts";

/** An attempt at a destination that has ended, as its station tells it. */
export interface AttemptSample {
  readonly route: string;
  readonly endedMs: number;
  readonly isDelivered: boolean;
  /** From the receipt of the event; null when it was not delivered, or by a replay. */
  readonly deliveryMs: number | null;
}

export type EncodedCounts = readonly [
  events: readonly (readonly [EventClass, number])[],
  relay: EncodedHistogram,
  routes: readonly (readonly [
    route: string,
    delivered: number,
    failed: number,
    delivery: EncodedHistogram,
  ])[],
];

interface RouteCounts {
  delivered: number;
  failed: number;
  readonly delivery: Histogram;
}

export type CountsView = ReturnType<Counts["view"]>;

/** What was counted in a minute, or in several. */
export class Counts {
  readonly #events = new Map<EventClass, number>();
  readonly #relay = new Histogram();
  readonly #routes = new Map<string, RouteCounts>();

  get routeCount(): number {
    return this.#routes.size;
  }

  hasRoute(route: string): boolean {
    return this.#routes.has(route);
  }

  /** `relayMs` is null for what did not come in at the edge. */
  addEvent(eventClass: EventClass, relayMs: number | null): void {
    this.#events.set(eventClass, (this.#events.get(eventClass) ?? 0) + 1);
    if (relayMs !== null) this.#relay.add(relayMs);
  }

  addAttempt({ route, isDelivered, deliveryMs }: AttemptSample): void {
    const counts = this.#routeCounts(route);
    counts[isDelivered ? "delivered" : "failed"] += 1;
    if (deliveryMs !== null) counts.delivery.add(deliveryMs);
  }

  merge(other: Counts): void {
    for (const [name, count] of other.#events) {
      this.#events.set(name, (this.#events.get(name) ?? 0) + count);
    }
    this.#relay.merge(other.#relay);
    for (const [route, { delivered, failed, delivery }] of other.#routes) {
      const counts = this.#routeCounts(route);
      counts.delivered += delivered;
      counts.failed += failed;
      counts.delivery.merge(delivery);
    }
  }

  /** For people and programs; routes by id. */
  view() {
    const count = (name: EventClass) => this.#events.get(name) ?? 0;
    return {
      events: {
        network: count("network"),
        action: count("action"),
        synchronous: count("synchronous"),
        charging_intelligence: count("charging_intelligence"),
        unknown: count("unknown"),
        relay: count("relay"),
      } satisfies Record<EventClass, number>,
      relayMs: latencyOf(this.#relay),
      routes: [...this.#routes]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([route, { delivered, failed, delivery }]) => ({
          route,
          attempts: delivered + failed,
          delivered,
          failed,
          deliveryMs: latencyOf(delivery),
        })),
    };
  }

  encode(): EncodedCounts {
    const routes = [...this.#routes].map(
      ([route, { delivered, failed, delivery }]) =>
        [route, delivered, failed, delivery.encode()] as const,
    );
    return [[...this.#events], this.#relay.encode(), routes];
  }

  static decode([events, relay, routes]: EncodedCounts): Counts {
    const counts = new Counts();
    for (const [name, count] of events) counts.#events.set(name, count);
    counts.#relay.merge(Histogram.decode(relay));
    for (const [route, delivered, failed, delivery] of routes) {
      counts.#routes.set(route, { delivered, failed, delivery: Histogram.decode(delivery) });
    }
    return counts;
  }

  #routeCounts(route: string): RouteCounts {
    let counts = this.#routes.get(route);
    if (counts === undefined) {
      counts = { delivered: 0, failed: 0, delivery: new Histogram() };
      this.#routes.set(route, counts);
    }
    return counts;
  }
}

function latencyOf(histogram: Histogram) {
  const { count, max } = histogram;
  if (count === 0) return null;
  return { count, p50: histogram.at(0.5), p95: histogram.at(0.95), p99: histogram.at(0.99), max };
}
