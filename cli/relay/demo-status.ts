import { Percentiles } from "../simulator/percentiles.ts";
import type { SentEvent, SimulationProgress } from "../simulator/simulator.ts";
import { type Api, StationState } from "./api.ts";
import type { EventTrace } from "./event-book.ts";

/** The figures of the status line. */
export class DemoStatus {
  readonly #ack = new Percentiles();
  readonly #frame = new Percentiles();
  readonly #delivery = new Percentiles();
  #acceptedCount = 0;
  #deliveryCount = 0;
  #answers: SimulationProgress["statuses"] = {};
  #onlineCount = 0;
  #sessionCount = 0;

  acknowledged({ latencyMs, duplicateOf }: SentEvent): void {
    this.#ack.add(latencyMs);
    if (duplicateOf === undefined) this.#acceptedCount += 1;
  }

  progressed({ statuses }: SimulationProgress): void {
    this.#answers = statuses;
  }

  delivered(): void {
    this.#deliveryCount += 1;
  }

  traced({ frameMs, deliveryMs }: EventTrace): void {
    this.#frame.add(frameMs);
    if (deliveryMs !== null) this.#delivery.add(deliveryMs);
  }

  /** Asks the relay what its stations are doing. */
  async look(api: Api): Promise<void> {
    let onlineCount = 0;
    let sessionCount = 0;
    for await (const { online, sessions } of api.list("/v1/stations", StationState)) {
      if (online === true) onlineCount += 1;
      sessionCount += sessions.length;
    }
    this.#onlineCount = onlineCount;
    this.#sessionCount = sessionCount;
  }

  line(eventCount: number): string {
    const answers = Object.entries(this.#answers).map(([status, count]) => `${status}×${count}`);
    return [
      `${this.#acceptedCount} accepted`,
      `${eventCount} streamed`,
      `${this.#deliveryCount} deliveries`,
      `answers ${answers.join(" ") || "none"}`,
      `p50/p99 ack ${spread(this.#ack)}`,
      `frame ${spread(this.#frame)}`,
      `delivery ${spread(this.#delivery)}`,
      `${this.#onlineCount} online`,
      `${this.#sessionCount} sessions`,
    ].join(" · ");
  }
}

function spread(latencies: Percentiles): string {
  return `${latencies.at(0.5).toFixed(0)}/${latencies.at(0.99).toFixed(0)} ms`;
}
