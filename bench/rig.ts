import { createHash } from "node:crypto";

import { NewRoute, RelayedEvent, StationState } from "../cli/relay/api.ts";
import { type Account, isInOrder } from "../cli/relay/ledger.ts";
import { Places } from "../cli/relay/places.ts";
import { RETRY_SECONDS, untilArrived } from "../cli/relay/reconciliation.ts";
import { accountsTable } from "../cli/relay/reconciliation-table.ts";
import { createRandom } from "../cli/simulator/random.ts";
import { Crowd, endless } from "./crowd.ts";
import { Fates } from "./fates.ts";
import { type RelayContender, startRelayContender } from "./relay-contender.ts";
import { buildRelay } from "./relay-server.ts";
import { type SignedWebhook, signWebhooks } from "./webhooks.ts";
import type { Place } from "./workerd.ts";

/** Enough that what waits is gathered as well as it can be. */
const CONNECTIONS = 256;
export const STATIONS = 64;
/** Beyond that many nobody's machine sends to one server. */
const MOST_CONNECTIONS = 8_000;
/** What is refused is sent again so often, before the run counts as failed. */
const MAX_ROUNDS = 20;

/**
 * The built Worker on bare workerd, a route to a real receiver that fails
 * now and then, and subscribers, one of which loses its connection all the time; and an account
 * of every event at each of them.
 */
export class Rig {
  readonly relay: RelayContender;
  readonly places: Places;
  readonly crowd: Crowd;
  readonly signal: AbortSignal;

  private constructor(relay: RelayContender, places: Places, signal: AbortSignal) {
    this.relay = relay;
    this.places = places;
    this.crowd = new Crowd(relay.workerd.port, MOST_CONNECTIONS);
    this.signal = signal;
  }

  static async start(place: Place, signal: AbortSignal): Promise<Rig> {
    const relay = await startRelayContender(buildRelay().code, place, CONNECTIONS);
    const relayUrl = `http://127.0.0.1:${relay.workerd.port}`;
    const places = new Places({ relayUrl, apiKey: relay.apiKey, random: createRandom(1) });
    const { receiver } = places;
    const url = await receiver.listen();
    const route = { name: "Receiver", url, retry: { scheduleSeconds: RETRY_SECONDS } };
    receiver.trust((await relay.api.post("/v1/routes", route, NewRoute)).secret);
    await places.subscribe();
    return new Rig(relay, places, signal);
  }

  /** As fast as the answers come: acknowledged per second, and per second until all was everywhere. */
  async measurePeak(ms: number): Promise<{ acknowledged: number; everywhere: number }> {
    await this.#closedLoop(ms / 4);
    const startMs = performance.now();
    const { count, seconds } = await this.#closedLoop(ms);
    await untilArrived(this.places, this.signal);
    const everywhere = (count * 1000) / (performance.now() - startMs);
    return { acknowledged: count / seconds, everywhere };
  }

  /** At a steady rate; what is accepted is to be accounted for. `take` gets every fate as it comes. */
  async steadily(perSecond: number, ms: number, fates: Fates): Promise<void> {
    const webhooks = endless((count) => this.sign(count), STATIONS);
    await this.send(webhooks, perSecond, ms, fates);
  }

  async send(
    webhooks: Iterator<SignedWebhook>,
    perSecond: number,
    ms: number,
    fates: Fates,
  ): Promise<void> {
    await this.crowd.steadily(webhooks, perSecond, ms, (fate) => {
      fates.take(fate);
      const { outcome, webhook, sentAtMs } = fate;
      if (typeof outcome !== "string" && outcome.status === 200) {
        this.#acknowledge(webhook, sentAtMs);
      }
    });
  }

  /** Sends again what is owed, until all of it is accepted. Throws if it never is. */
  async sendOwed(owed: readonly SignedWebhook[], perSecond: number): Promise<void> {
    let left = owed;
    for (let round = 0; left.length > 0; round += 1) {
      if (round === MAX_ROUNDS) throw new Error(`${left.length} webhooks are never accepted`);
      const fates = new Fates();
      await this.send(left.values(), perSecond, (left.length / perSecond) * 1000 + 1_000, fates);
      left = [...left.slice(fates.total), ...fates.owed];
    }
  }

  sign(count: number): readonly SignedWebhook[] {
    return signWebhooks(this.relay.door, { count, stations: STATIONS });
  }

  /** Waits until everything is everywhere, prints the accounts, and says whether all are in order. */
  async reconcile(): Promise<boolean> {
    this.places.stopDropping();
    await untilArrived(this.places, this.signal);
    const accounts = await this.places.close(this.relay.api, {
      name: "the stations' logs",
      events: this.#listed(),
    });
    const { resumed, notResumed } = this.places.resumptions;
    const { refusals } = this.places;
    for (const line of ["", ...accountsTable(accounts), ""]) console.log(line);
    console.log(
      `The dropping subscriber resumed ${resumed} times; ${notResumed} times it did not.`,
    );
    for (const refusal of refusals) console.log(refusal);
    const isWell = accounts.every((account: Account) => isInOrder(account));
    const isReconciled = isWell && notResumed === 0 && refusals.length === 0;
    console.log(isReconciled ? "Every event is accounted for." : "Events are NOT accounted for.");
    return isReconciled;
  }

  async stop(): Promise<void> {
    this.crowd.close();
    await this.places.stop();
    await this.relay.stop();
  }

  async #closedLoop(ms: number): Promise<{ count: number; seconds: number }> {
    const webhooks = this.sign(Math.ceil((ms / 1000) * 6_000));
    const sentAtMs = Date.now();
    const { answered, seconds } = await this.relay.load.closedLoop(webhooks, ms);
    for (const webhook of answered) this.#acknowledge(webhook, sentAtMs);
    return { count: answered.length, seconds };
  }

  #acknowledge({ id, station, bytes }: SignedWebhook, sentAtMs: number): void {
    const body = bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
    const sha256 = createHash("sha256").update(body).digest("hex");
    const event = { id, station, type: "session.updated", fifo: true, createdAt: "", body: "" };
    this.places.acknowledged({
      ...event,
      sha256,
      attempts: 1,
      status: 200,
      sentAtMs,
      latencyMs: 0,
    });
  }

  /** Station by station: the feed keeps fewer than they do. */
  async *#listed(): AsyncGenerator<RelayedEvent> {
    const { api } = this.relay;
    for await (const { station } of api.list("/v1/stations", StationState)) {
      yield* api.list(`/v1/stations/${station}/events`, RelayedEvent);
    }
  }
}
