import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

import { type Account, isInOrder } from "../../cli/relay/ledger.ts";
import { type SimulationReport, simulate } from "../../cli/simulator/simulator.ts";
import { isClean } from "../../cli/simulator/summary.ts";
import { CrashWorld, SECRET } from "../crash/crash-world.ts";
import { BareRelay } from "../support/bare-relay.ts";
import { CLASSES, type Mix, mixOf, type ObjectClass, setUpMix } from "./mix.ts";
import { MixedLife } from "./mixed-life.ts";
import { LAST_RELEASE, readWorker, type Version } from "./releases.ts";

export interface RollingOptions {
  /** The built Worker that is rolled out. */
  readonly code: string;
  /** Classes whose objects run the new version, step by step; the rest follows after these. */
  readonly order: readonly (readonly ObjectClass[])[];
  /** Whether all of it is taken back at the end. */
  readonly isTakenBack: boolean;
  readonly stations: number;
  readonly rate: number;
  readonly stepMs: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

export interface RollingReport {
  /** Of each step, the versions that answered, in turn. */
  readonly answered: readonly (readonly string[])[];
  readonly sending: SimulationReport;
  readonly accounts: readonly Account[];
  /** In words, what a reader must know; empty when all is well. */
  readonly findings: readonly string[];
}

/** However slow the machine is, what was tried is acknowledged in the end. */
const SEEN_THROUGH_MS = 60_000;

/**
 * Rolls the present version out over the last release, under load: requests reach both, one after
 * the other, while ever more objects run by the new one. Between the steps the process is killed.
 */
export async function roll(options: RollingOptions): Promise<RollingReport> {
  const { code, seed, signal } = options;
  const codeOf = (version: Version) => (version === "current" ? code : readWorker(version));
  const relay = await BareRelay.build(setUpMix(mixOf(LAST_RELEASE), { codeOf }));
  try {
    await relay.start();
    const { world, ingestPath } = await CrashWorld.open(relay, seed);
    try {
      const stop = new AbortController();
      const sending = send(options, world, relay.url + ingestPath, stop.signal);
      const answered: string[][] = [];
      const stuck: string[] = [];
      const life = await MixedLife.open(world.api);
      const step = async () => {
        const [found] = await Promise.all([life.findStuck(), sleep(options.stepMs)]);
        stuck.push(...found);
      };
      try {
        for (const mix of mixesOf(options)) {
          await step();
          await relay.kill();
          relay.setUp(setUpMix(mix, { codeOf }));
          await relay.start();
          answered.push(await versionsOf(relay));
        }
        await step();
      } finally {
        stop.abort();
        await life.close();
      }
      const { findings, ...rest } = await account(world, await sending, signal);
      return { answered, ...rest, findings: [...stuck, ...findings] };
    } finally {
      await world.stop();
    }
  } finally {
    await relay.stop();
  }
}

/** Both versions take requests until all objects run the new one. */
function mixesOf({ order, isTakenBack }: RollingOptions): Mix[] {
  const both = [LAST_RELEASE, "current"] as const;
  const steps = [[], ...order.map((_, index) => order.slice(0, index + 1).flat()), CLASSES];
  return [
    ...steps.map((classes) => mixOf(LAST_RELEASE, both, { classes, version: "current" })),
    mixOf("current"),
    ...(isTakenBack ? [mixOf(LAST_RELEASE)] : []),
  ];
}

const Health = z.object({ version: z.string() });

/** The versions that answer; others' requests come between these. */
async function versionsOf({ url }: BareRelay): Promise<string[]> {
  const asked = Array.from({ length: 12 }, async () =>
    Health.parse(await (await fetch(`${url}/health`)).json()),
  );
  return [...new Set((await Promise.all(asked)).map(({ version }) => version))].toSorted();
}

function send(
  { stations, rate, seed, signal }: RollingOptions,
  world: CrashWorld,
  url: string,
  stop: AbortSignal,
): Promise<SimulationReport> {
  return simulate({
    ...{ url, secret: SECRET, stations, rate, seed },
    signal: AbortSignal.any([stop, signal]),
    speed: Number.POSITIVE_INFINITY,
    concurrency: 64,
    backoffFactor: 0.25,
    abortedDrainMs: SEEN_THROUGH_MS,
    duplicates: 5,
    reorder: 10,
    badSignatures: 2,
    onAcknowledged: (event) => world.places.acknowledged(event),
  });
}

async function account(
  world: CrashWorld,
  sending: SimulationReport,
  signal: AbortSignal,
): Promise<Omit<RollingReport, "answered">> {
  world.places.stopDropping();
  await world.untilArrived(signal);
  const accounts = await world.accounts();
  const { notResumed } = world.places.resumptions;
  const givenUp = await world.deadLetterCount();
  const findings = [
    ...accounts.filter((one) => !isInOrder(one)).map(({ place }) => `Not in order: ${place}.`),
    ...(isClean(sending) ? [] : ["The simulator was not answered as it has to be."]),
    ...(notResumed > 0 ? [`${notResumed} reconnections did not get all they had missed.`] : []),
    ...(givenUp > 0 ? [`${givenUp} events were given up.`] : []),
    ...world.places.refusals,
  ];
  return { sending, accounts, findings };
}
