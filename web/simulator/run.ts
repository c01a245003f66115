import { effect } from "@preact/signals";

import { mixSeed } from "../../cli/simulator/random.ts";
import { DEFAULT_SETTINGS } from "../../cli/simulator/settings.ts";
import { runSimulation } from "../../cli/simulator/simulation.ts";
import { toHex, toUtf8 } from "../../src/domain/encoding.ts";
import type { Source } from "../api/answers.ts";
import { relay } from "../api/relay.ts";
import { messageOf } from "../api/use-resource.ts";
import { session } from "../session/session.ts";
import { createFetchPoster } from "./fetch-poster.ts";
import { PAGE_WAITS } from "./page-waits.ts";
import { ending, type Running, running, type Wish } from "./running.ts";

const SOURCE_NAME = "Simulated stations";
/** Browsers open six connections to a host; the console needs some of them. */
const CONCURRENCY = 3;

interface SignedSource {
  readonly id: string;
  readonly ingestPath: string;
  readonly secret: string;
}

/** The source of the last run and its secret, which the relay does not show again. */
let known: SignedSource | null = null;

effect(() => {
  if (session.value !== null) return;
  running.peek()?.stop();
  known = null;
});

/** Starts a fleet in this page. Resolves when it runs; throws when there is no source for it. */
export async function startStations(wish: Wish): Promise<void> {
  if (running.value !== null) return;
  known = await openSource();
  const source = known;
  // The same source has the same stations, run after run.
  const seed = mixSeed(...toUtf8(source.id));
  const abort = new AbortController();
  ending.value = null;
  running.value = {
    ...wish,
    sourceId: source.id,
    command: commandOf(source, wish, seed),
    progress: null,
    isStopping: false,
    stop: () => {
      abort.abort();
      change({ isStopping: true });
    },
  };
  void play(source, { ...wish, seed }, abort);
}

async function play(source: SignedSource, wish: Wish & { seed: number }, abort: AbortController) {
  const settings = {
    ...DEFAULT_SETTINGS,
    ...wish,
    concurrency: CONCURRENCY,
    secret: source.secret,
  };
  const poster = createFetchPoster(source.ingestPath, settings.timeoutMs, (status) => {
    const reason = reasonToEnd(status);
    if (reason === null || abort.signal.aborted) return;
    ending.value = reason;
    abort.abort();
  });
  try {
    await runSimulation(
      settings,
      { poster, waits: PAGE_WAITS },
      {
        signal: abort.signal,
        onAcknowledged: () => {},
        onProgress: (progress) => change({ progress }),
      },
    );
  } catch (error) {
    ending.value = messageOf(error);
  }
  running.value = null;
}

function change(part: Partial<Running>): void {
  if (running.value !== null) running.value = { ...running.value, ...part };
}

function reasonToEnd(status: number): string | null {
  if (status === 404) return "The stations were stopped: their source is disabled or deleted.";
  if (status === 401) {
    return "The stations were stopped: the relay no longer takes their secret. Another tab may have started them.";
  }
  return null;
}

/** The source for simulated stations, made when there is none, with a secret that is known here. */
async function openSource(): Promise<SignedSource> {
  const sources = await relay.list<Source>("/v1/sources");
  const ofLastRun = sources.find(({ id }) => id === known?.id);
  if (known !== null && ofLastRun?.enabled === true) return known;
  const secret = newSecret();
  const there = ofLastRun ?? sources.find(({ name }) => name === SOURCE_NAME);
  if (there === undefined) {
    const created = await relay.post<Source>("/v1/sources", { name: SOURCE_NAME, secret });
    return { id: created.id, ingestPath: created.ingestPath, secret };
  }
  if (!there.enabled) throw new Error(`The source “${SOURCE_NAME}” is disabled. Enable it first.`);
  const path = `/v1/sources/${there.id}/secrets`;
  await relay.post(path, { secret, expirePreviousAfterSeconds: 0 });
  return { id: there.id, ingestPath: there.ingestPath, secret };
}

function newSecret(): string {
  return `sim-${toHex(crypto.getRandomValues(new Uint8Array(24)))}`;
}

function commandOf({ ingestPath, secret }: SignedSource, wish: Wish, seed: number): string {
  const { stations, speed } = wish;
  return [
    `npm run simulate -- --url ${location.origin}${ingestPath} --secret ${secret}`,
    `--stations ${stations} --speed ${speed} --seed ${seed} --duration 3600`,
  ].join(" ");
}
