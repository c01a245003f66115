import { createServer, connect as open, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import * as z from "zod";

import { portOf } from "../../cli/relay/listening.ts";

const FILLERS = 8;
const FILLING_MS = 200;

/** A port whose queue of connections is full: who tries to connect hears nothing. */
export interface FullPort {
  readonly port: number;
  /** Takes connections from now on, and passes them on. */
  readonly release: () => void;
  readonly close: () => Promise<void>;
}

const Plan = z.object({ flag: z.instanceof(SharedArrayBuffer), targetPort: z.int() });

/** Connections that are taken in the end go on to `targetPort`. */
export async function openFullPort(targetPort: number): Promise<FullPort> {
  const flag = new SharedArrayBuffer(4);
  const worker = new Worker(import.meta.filename, { workerData: { flag, targetPort } });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once("message", (message) => resolve(z.int().parse(message)));
    worker.once("error", reject);
  });
  const fillers: Socket[] = [];
  for (let index = 0; index < FILLERS; index += 1) {
    fillers.push(open(port, "127.0.0.1").on("error", () => {}));
  }
  await sleep(FILLING_MS);
  const letGo = () => {
    for (const filler of fillers) filler.destroy();
  };
  const release = () => {
    letGo();
    Atomics.store(new Int32Array(flag), 0, 1);
    Atomics.notify(new Int32Array(flag), 0);
  };
  const close = async () => {
    release();
    await worker.terminate();
  };
  return { port, release, close };
}

/** A thread that waits takes no connections; the kernel does, as many as the queue holds. */
function serveOnceReleased({ flag, targetPort }: z.infer<typeof Plan>): void {
  const server = createServer((incoming) => incoming.destroy());
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    const port = portOf(server);
    parentPort?.postMessage(port);
    // The message is on its way only once this turn has ended.
    setTimeout(() => {
      Atomics.wait(new Int32Array(flag), 0, 0);
      // Anew, with a queue as long as others have.
      server.close(() =>
        createServer((incoming) => passOn(incoming, targetPort)).listen(port, "127.0.0.1"),
      );
    }, 10);
  });
}

function passOn(incoming: Socket, targetPort: number): void {
  const outgoing = open(targetPort, "127.0.0.1");
  const end = () => {
    incoming.destroy();
    outgoing.destroy();
  };
  for (const socket of [incoming, outgoing]) socket.on("error", end).on("close", end);
  incoming.pipe(outgoing).pipe(incoming);
}

if (!isMainThread) serveOnceReleased(Plan.parse(workerData));
