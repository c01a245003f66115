import { createServer } from "node:net";

/** Below the ports that systems give to outgoing connections. */
const FIRST = 20_000;
const COUNT = 10_000;
const MAX_TRIES = 100;

/**
 * A port that nothing listens on, and that no outgoing connection gets meanwhile: what listened on
 * it can be started again there. Throws when there is none.
 */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error("There is no free port.");
}

/** Whether a server can listen there. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
