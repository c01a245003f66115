import { setTimeout as sleep } from "node:timers/promises";

import { readOptions, runCommand } from "../cli/relay/command-line.ts";
import { exitAtInterrupt, readCount } from "./command.ts";
import { Crowd, endless } from "./crowd.ts";
import { Fates } from "./fates.ts";
import { Page, type PageNetwork } from "./page.ts";
import { startRelayContender } from "./relay-contender.ts";
import { buildRelay } from "./relay-server.ts";
import { quantile } from "./rounds.ts";
import { signWebhooks } from "./webhooks.ts";

const HELP = `Cuts off many subscribers at once while events go on, and lets them come back at once: the client
library, on real sockets, each with its own cursor. Every one of them has to have every event
once and in order in the end.

npm run bench:comeback -- [options]

  --subscribers N   (default 2000)
  --away N          for how many seconds they are cut off (default 5)
  --rate N          events a second, all the time (default 10)
  --memory          state in memory in place of the disk
  --help

Exit code: 0 when all are back and none has lost anything, else 1.`;

const STATIONS = 20;
/** More than ever wait: what senders have to wait for while all come back is shown, too. */
const MOST_CONNECTIONS = 2_000;
const BEFORE_MS = 5_000;
const AFTER_MS = 10_000;
const LOOK_MS = 20;
const SETTLE_LIMIT_MS = 120_000;

async function main(): Promise<number> {
  const { subscribers, away, rate, memory, help } = readOptions({
    subscribers: { type: "string", default: "2000" },
    away: { type: "string", default: "5" },
    rate: { type: "string", default: "10" },
    memory: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  });
  if (help) {
    console.log(HELP);
    return 0;
  }
  exitAtInterrupt();
  const relay = await startRelayContender(buildRelay().code, memory ? "memory" : "disk", 1);
  const crowd = new Crowd(relay.workerd.port, MOST_CONNECTIONS);
  const network: PageNetwork = { isDown: false };
  const url = `http://127.0.0.1:${relay.workerd.port}`;
  const pages = Array.from(
    { length: readCount("subscribers", subscribers) },
    () => new Page(url, relay.apiKey, network),
  );
  try {
    const openedMs = await timed(() => until(() => pages.every(({ isBack }) => isBack)));
    console.log(`opened        ${pages.length} subscribers in ${openedMs} ms`);
    const awayMs = readCount("away", away) * 1000;
    const perSecond = readCount("rate", rate);
    const sign = (count: number) => signWebhooks(relay.door, { count, stations: STATIONS });
    const fates = new Fates();
    const sending = crowd.steadily(
      endless(sign, STATIONS),
      perSecond,
      BEFORE_MS + awayMs + AFTER_MS,
      (fate) => fates.take(fate),
    );
    await sleep(BEFORE_MS);
    await cutOff(pages, network, awayMs, relay.workerd.cpuUs);
    await sending;
    const { acceptedMs: ack } = fates;
    console.log(
      `events        ${fates}; ack p50 ${ack.at(0.5).toFixed(0)} ms, max ${ack.max.toFixed(0)} ms`,
    );
    await until(() => pages.every(({ eventCount }) => eventCount >= fates.acceptedCount));
    return report(pages, fates);
  } finally {
    for (const page of pages) page.close();
    crowd.close();
    await relay.stop();
  }
}

/** All at once, and back all at once. */
async function cutOff(
  pages: readonly Page[],
  network: PageNetwork,
  awayMs: number,
  cpuUs: () => number,
): Promise<void> {
  network.isDown = true;
  for (const page of pages) page.drop();
  await sleep(awayMs);
  const held = pages.reduce((sum, { eventCount }) => sum + eventCount, 0);
  network.isDown = false;
  const startMs = performance.now();
  const [relayUs, own] = [cpuUs(), process.cpuUsage()];
  for (const page of pages) page.comeBack();
  await until(() => pages.every(({ isBack }) => isBack));
  const { user, system } = process.cpuUsage(own);
  const back = pages.map(({ backAtMs }) => (backAtMs ?? Number.NaN) - startMs);
  const caughtUp = pages.reduce((sum, { eventCount }) => sum + eventCount, 0) - held;
  console.log(
    `back          all ${pages.length} in ${Math.max(...back).toFixed(0)} ms ` +
      `(half of them in ${quantile(back, 0.5).toFixed(0)} ms), with ${caughtUp} events caught up`,
  );
  const seconds = (us: number) => `${(us / 1e6).toFixed(1)} s`;
  console.log(
    `CPU           relay ${seconds(cpuUs() - relayUs)}, subscribers ${seconds(user + system)}`,
  );
}

function report(pages: readonly Page[], { acceptedCount, owed }: Fates): number {
  const lost = pages.reduce((sum, { eventCount }) => sum + acceptedCount - eventCount, 0);
  const [outOfOrder, gaps, refusals] = [
    pages.reduce((sum, page) => sum + page.outOfOrderCount, 0),
    pages.reduce((sum, page) => sum + page.gapCount, 0),
    pages.filter(({ isRefused }) => isRefused).length,
  ];
  console.log(`subscribers   each is to have ${acceptedCount} events; in all ${lost} lost,`);
  console.log(
    `              ${outOfOrder} doubled or out of order, ${gaps} gaps, ${refusals} refused`,
  );
  const isWell = [lost, outOfOrder, gaps, refusals, owed.length].every((count) => count === 0);
  console.log(isWell ? "Every event is accounted for." : "Events are NOT accounted for.");
  return isWell ? 0 : 1;
}

async function until(isSo: () => boolean): Promise<void> {
  for (const deadlineMs = Date.now() + SETTLE_LIMIT_MS; !isSo(); await sleep(LOOK_MS)) {
    if (Date.now() > deadlineMs) return;
  }
}

async function timed(work: () => Promise<void>): Promise<string> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs).toFixed(0);
}

await runCommand("bench:comeback", main);
process.exit();
