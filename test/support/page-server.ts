import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { extname, join, normalize } from "node:path";

import { listen, portOf } from "../../cli/relay/listening.ts";
import { PROJECT_DIR } from "../../cli/relay/relay.ts";

const FOLDERS = ["examples/", "dist/client/", "test/browser/"];
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

/** What the page's own back end answers; a failure is a 503. */
export type BackEnd = () => Promise<unknown>;

/** The web server of the pages under test: for the relay, an origin of somebody else's. */
export class PageServer {
  readonly #server: Server;
  readonly #port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
  }

  /** `calls`: what is answered at which path, as JSON, beside the files of the project. */
  static async start(calls: Readonly<Record<string, BackEnd>> = {}): Promise<PageServer> {
    const server = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://pages");
      const call = calls[pathname];
      response.setHeader("cache-control", "no-cache");
      if (call !== undefined) {
        const answer = await call().catch(() => null);
        response.setHeader("content-type", "application/json");
        response.writeHead(answer === null ? 503 : 200).end(JSON.stringify(answer));
        return;
      }
      const file = await readPublic(pathname.slice(1));
      response.setHeader("content-type", MEDIA_TYPES[extname(pathname)] ?? "text/plain");
      // Browsers ask for an icon by themselves.
      response.writeHead(file === null && pathname !== "/favicon.ico" ? 404 : 200).end(file);
    });
    await listen(server);
    return new PageServer(server, portOf(server));
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The same server under another name, which makes it another origin. */
  get otherOrigin(): string {
    return `http://localhost:${this.#port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function readPublic(path: string): Promise<Uint8Array | null> {
  if (!FOLDERS.some((folder) => normalize(path).startsWith(folder))) return null;
  try {
    return await readFile(join(PROJECT_DIR, path));
  } catch {
    return null;
  }
}
