import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

import { Api, NewRoute, Route, Source, Tenant } from "../../cli/relay/api.ts";
import { Percentiles } from "../../cli/simulator/percentiles.ts";
import { type SentEvent, simulate } from "../../cli/simulator/simulator.ts";
import { isClean } from "../../cli/simulator/summary.ts";
import { ACCOUNT_STATION } from "../../src/domain/station-id.ts";
import { BareRelay } from "../support/bare-relay.ts";
import { outcomesOf } from "./attempts.ts";
import { type FaultResult, findingsOf, isMet, type Standing } from "./fault-result.ts";
import { FAULTS, type Fault } from "./faults.ts";
import { FaultyDestination } from "./faulty-destination.ts";

export interface FaultOptions {
  readonly stations: number;
  readonly events: number;
  /** How long the faults last after every one of them was met. */
  readonly faultyMs: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

export interface FaultReport {
  /** The first is of a destination that was well all the time. */
  readonly results: readonly FaultResult[];
  /** Of that one: from the start of a request until it had the event, beside all the others. */
  readonly wellMs: Percentiles;
  /** From the healing until everything had arrived everywhere. */
  readonly healedMs: number;
  readonly findings: readonly string[];
}

export interface RouteTo {
  readonly id: string;
  /** That it began with. */
  readonly url: string;
  readonly destination: FaultyDestination;
}

const SECRET = "secret-of-the-destinations";
/** Where an answer has to be waited for in vain; elsewhere time is to decide nothing. */
const SHORT_TIMEOUT_MS = 3_000;
const LONG_TIMEOUT_MS = 30_000;
const RETRY = { scheduleSeconds: [0.2, 0.3, 0.5, ...Array.from({ length: 17 }, () => 2)] };
const LOOK_INTERVAL_MS = 100;
/** A destination that was down for minutes is probed every five. */
const PATIENCE_MS = 400_000;

/** One route to each kind of destination that misbehaves, all at once, beside one that is well. */
export async function meetFaults(options: FaultOptions): Promise<FaultReport> {
  const relay = await BareRelay.build();
  try {
    await relay.start();
    const operator = new Api(relay.url, relay.operatorKey);
    const { apiKey } = await operator.post("/v1/tenants", { name: "Faults" }, Tenant);
    const run = new FaultRun(new Api(relay.url, apiKey), options);
    try {
      return await run.run(relay.url);
    } finally {
      await run.close();
    }
  } finally {
    await relay.stop();
  }
}

class FaultRun {
  readonly #options: FaultOptions;
  readonly #api: Api;
  readonly #sent = new Map<string, SentEvent>();
  readonly #routes: RouteTo[] = [];

  constructor(api: Api, options: FaultOptions) {
    this.#api = api;
    this.#options = options;
  }

  async run(relayUrl: string): Promise<FaultReport> {
    const well = await this.#addRoute({ name: "is well all the time", reason: 200 });
    await well.destination.heal();
    for (const fault of FAULTS) await this.#addRoute(fault);
    const findings = await this.#send(relayUrl);
    await this.#until(() => this.#hasAll(well));
    const wellMs = this.#latencies(well);
    await this.#untilMet();
    await sleep(this.#options.faultyMs);
    const before = await Promise.all(this.#routes.map((route) => this.#standing(route)));
    const healedAtMs = performance.now();
    await Promise.all(this.#routes.map((route) => this.#heal(route)));
    await this.#until(() => this.#routes.every((route) => this.#hasAll(route)));
    const healedMs = performance.now() - healedAtMs;
    const results = await Promise.all(before.map((standing) => this.#result(standing)));
    return { results, wellMs, healedMs, findings: [...findings, ...results.flatMap(findingsOf)] };
  }

  async close(): Promise<void> {
    await Promise.all(this.#routes.map(({ destination }) => destination.close()));
  }

  async #addRoute(fault: Fault): Promise<RouteTo> {
    const { destination, url } = await FaultyDestination.open(fault);
    const timeoutMs = fault.reason === "timeout" ? SHORT_TIMEOUT_MS : LONG_TIMEOUT_MS;
    const input = { name: fault.name, url, timeoutMs, retry: RETRY };
    const { id } = await this.#api.post("/v1/routes", input, NewRoute);
    const route = { id, url, destination };
    this.#routes.push(route);
    return route;
  }

  async #send(relayUrl: string): Promise<string[]> {
    const input = { name: "Simulator", secret: SECRET };
    const { ingestPath } = await this.#api.post("/v1/sources", input, Source);
    const { stations, events, seed, signal } = this.#options;
    const report = await simulate({
      ...{ stations, count: events, seed, signal },
      url: relayUrl + ingestPath,
      secret: SECRET,
      speed: Number.POSITIVE_INFINITY,
      onAcknowledged: (event) => this.#sent.set(event.id, event),
    });
    return isClean(report) ? [] : ["The simulator was not answered as it has to be."];
  }

  /** Returns when every route has logged what its destination does. */
  async #untilMet(): Promise<void> {
    let left = [...this.#routes];
    await this.#until(async () => {
      const standings = await Promise.all(left.map((route) => this.#standing(route)));
      left = standings.filter((one) => !isMet(one)).map(({ route }) => route);
      return left.length === 0;
    });
  }

  async #standing(route: RouteTo): Promise<Standing> {
    const { id, destination } = route;
    const stations = new Set([...this.#sent.values()].map(stationOf));
    const outcomes = await outcomesOf(this.#api, id, stations);
    const own = [...this.#sent.values()].filter((one) => stationOf(one) === destination.oneStation);
    return {
      ...{ route, outcomes, takenBefore: destination.ledger.receivedCount },
      othersBefore: this.#sent.size - own.length,
    };
  }

  async #heal({ id, url, destination }: RouteTo): Promise<void> {
    const healedUrl = await destination.heal();
    if (healedUrl !== url) await this.#api.patch(`/v1/routes/${id}`, { url: healedUrl }, Route);
  }

  async #result({ route, outcomes, ...before }: Standing): Promise<FaultResult> {
    const { fault, ledger } = route.destination;
    const sent = [...this.#sent.values()].map(({ id, sha256 }) => [id, sha256] as const);
    let deadLetters = 0;
    const letters = this.#api.list(`/v1/routes/${route.id}/dead-letters`, z.unknown());
    for await (const _ of letters) deadLetters += 1;
    return { fault, outcomes, ...before, account: ledger.close(new Map(sent)), deadLetters };
  }

  #hasAll({ destination }: RouteTo): boolean {
    return destination.ledger.receivedCount >= this.#sent.size;
  }

  #latencies({ destination }: RouteTo): Percentiles {
    const latencies = new Percentiles();
    for (const [id, atMs] of destination.takenAtMs) {
      const sentAtMs = this.#sent.get(id)?.sentAtMs;
      if (sentAtMs !== undefined) latencies.add(Math.max(0, atMs - sentAtMs));
    }
    return latencies;
  }

  /** For hangs: what is not so by then is a finding of the accounts. */
  async #until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadlineMs = Date.now() + PATIENCE_MS;
    while (Date.now() < deadlineMs && !(await isSo())) {
      this.#options.signal.throwIfAborted();
      await sleep(LOOK_INTERVAL_MS);
    }
  }
}

const stationOf = ({ station }: SentEvent) => station ?? ACCOUNT_STATION;
