import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { TestProject } from "vitest/node";

/**
 * A destination for tests: real HTTP, told by each box's script how to answer. Started once
 * for all test files; a test has a box of its own.
 *
 * `PUT /{box}` sets the script: a list of answers, the last of which goes on for ever.
 * `GET /{box}` lists the requests received. `POST /{box}` is the hook itself.
 */
interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Instead of answering: `reset` breaks the connection, `hang` never answers. */
  readonly fault?: "reset" | "hang";
  /** Events of this station get 500 instead. */
  readonly poison?: string;
}

interface Box {
  script: Answer[];
  readonly requests: { headers: IncomingMessage["headers"]; body: string; atMs: number }[];
}

export default async function startReceiver(project: TestProject): Promise<() => void> {
  const boxes = new Map<string, Box>();
  const server = createServer((request, response) => {
    const name = request.url ?? "";
    const box = boxes.get(name) ?? { script: [{}], requests: [] };
    boxes.set(name, box);
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      if (request.method === "POST") return answer(box, request, response, body);
      if (request.method === "PUT") box.script = JSON.parse(body);
      response.end(JSON.stringify(box.requests));
      return undefined;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  project.provide("receiver", `http://127.0.0.1:${address.port}`);
  return () => {
    server.closeAllConnections();
    server.close();
  };
}

function answer(box: Box, request: IncomingMessage, response: ServerResponse, body: string): void {
  box.requests.push({ headers: request.headers, body, atMs: Date.now() });
  const next = box.script.length > 1 ? box.script.shift() : box.script[0];
  const { status: usual = 200, headers = {}, body: text = "", fault, poison } = next ?? {};
  const isPoison = poison !== undefined && request.headers["chargewire-station"] === poison;
  const status = isPoison ? 500 : usual;
  if (fault === "reset") request.socket.destroy();
  else if (fault !== "hang") response.writeHead(status, headers).end(text);
}

declare module "vitest" {
  interface ProvidedContext {
    receiver: string;
  }
}
