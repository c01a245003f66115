import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { SimulatorSettings } from "../simulator/settings.ts";
import { simulate } from "../simulator/simulator.ts";
import { Api } from "./api.ts";
import { type Demo, openDemo } from "./demo.ts";
import { demoBanner } from "./demo-banner.ts";
import { DemoStatus } from "./demo-status.ts";
import { openDevSecrets } from "./dev-secrets.ts";
import { EventBook } from "./event-book.ts";
import { eventLine } from "./event-line.ts";
import { Receiver } from "./receiver.ts";
import { type Relay, startRelay } from "./relay.ts";
import { Subscriber } from "./subscriber.ts";
import { Terminal } from "./terminal.ts";

export interface DemoOptions {
  readonly port: number;
  /** The relay's own data. What the demo remembers lies beside it. */
  readonly stateDir: string;
  readonly settings: SimulatorSettings;
  readonly signal: AbortSignal;
}

const PRINT_INTERVAL_MS = 100;
const STATUS_INTERVAL_MS = { terminal: 1_000, elsewhere: 10_000 };

/** What happens while the demo runs, from where it is noticed to where it is shown. */
class Observation {
  readonly terminal = new Terminal();
  readonly book = new EventBook();
  readonly status = new DemoStatus();
  eventCount: () => number = () => 0;

  print(): void {
    const traces = this.book.take(Date.now());
    for (const trace of traces) this.status.traced(trace);
    this.terminal.print(traces.map((trace) => eventLine(trace, this.terminal)));
  }

  /** Goes on until the function that it returns is called. */
  show(api: Api): () => void {
    const intervalMs = STATUS_INTERVAL_MS[this.terminal.isInteractive ? "terminal" : "elsewhere"];
    const timers = [
      setInterval(() => this.print(), PRINT_INTERVAL_MS),
      setInterval(() => void this.showStatus(api), intervalMs),
    ];
    return () => {
      for (const timer of timers) clearInterval(timer);
    };
  }

  async showStatus(api: Api): Promise<void> {
    // A relay that does not answer is noticed elsewhere; the figures stay as they were.
    await this.status.look(api).catch(() => {});
    this.terminal.showStatus(this.status.line(this.eventCount()));
  }
}

/** Starts a relay with everything around it, shows what happens, and leaves nothing running. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const observation = new Observation();
  const { terminal } = observation;
  const cleanups: (() => Promise<void> | void)[] = [];
  try {
    const { relay, demo } = await startAll(options, observation, cleanups);
    return await play(options, relay, demo, observation);
  } finally {
    if (options.signal.aborted) terminal.print(["Stopping…"]);
    for (const cleanup of cleanups.reverse()) await cleanup();
    terminal.close();
  }
}

async function startAll(
  { port, stateDir, signal }: DemoOptions,
  observation: Observation,
  cleanups: (() => Promise<void> | void)[],
): Promise<{ relay: Relay; demo: Demo }> {
  const { terminal } = observation;
  const receiver = startReceiver(observation);
  cleanups.push(() => receiver.close());
  const receiverUrl = await receiver.listen();
  const { operatorKey } = openDevSecrets();
  const logFile = join(dirname(stateDir), "relay.log");
  terminal.print(["Starting the relay…", ""]);
  const onTrouble = (line: string) => terminal.print([terminal.paint("yellow", line)]);
  const relay = await startRelay({ port, stateDir, logFile, secretsFile: null, onTrouble, signal });
  cleanups.push(() => relay.stop());
  const demoFile = join(dirname(stateDir), "demo.json");
  const demo = await openDemo({ file: demoFile, relayUrl: relay.url, operatorKey, receiverUrl });
  receiver.trust(demo.routeSecret);
  const subscriber = subscribe(relay, demo, observation);
  cleanups.push(() => subscriber.close());
  await subscriber.opened;
  const facts = { demo, relayUrl: relay.url, receiverUrl, demoFile, logFile };
  terminal.print(demoBanner(facts, terminal.paint));
  return { relay, demo };
}

function startReceiver({ book, status }: Observation): Receiver {
  return new Receiver({
    reply: () => ({ kind: "answer", status: 200 }),
    onDelivery: ({ id, atMs }, answered) => {
      if (answered !== 200) return;
      book.delivered(id, atMs);
      status.delivered();
    },
  });
}

function subscribe(relay: Relay, { apiKey }: Demo, observation: Observation): Subscriber {
  const subscriber = new Subscriber({
    relayUrl: relay.url,
    apiKey,
    from: "now",
    onEvent: (event, atMs) => observation.book.framed(event, atMs),
  });
  observation.eventCount = () => subscriber.eventCount;
  return subscriber;
}

/** Simulates until the time is up, somebody stops it, or the relay dies. */
async function play(
  { settings, signal }: DemoOptions,
  relay: Relay,
  { apiKey, ingestUrl, secret }: Demo,
  observation: Observation,
): Promise<number> {
  const { book, status, terminal } = observation;
  const api = new Api(relay.url, apiKey);
  const stopShowing = observation.show(api);
  const death = new AbortController();
  void relay.ended.then(() => death.abort());
  try {
    await simulate({
      ...settings,
      url: ingestUrl,
      secret,
      signal: AbortSignal.any([signal, death.signal]),
      onAcknowledged: (event) => {
        book.acknowledged(event);
        status.acknowledged(event);
      },
      onProgress: (progress) => status.progressed(progress),
    });
    while (!signal.aborted && !death.signal.aborted && book.hasFramed) {
      await sleep(PRINT_INTERVAL_MS);
    }
  } finally {
    stopShowing();
  }
  observation.print();
  if (death.signal.aborted && !signal.aborted) {
    terminal.print([terminal.paint("red", "The relay has ended by itself; its log says why.")]);
    return 1;
  }
  await observation.showStatus(api);
  return 0;
}
