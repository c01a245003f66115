import { createServer, type ServerResponse } from "node:http";

import { listen } from "../cli/relay/listening.ts";

/** Destinations on loopback, told apart by their path. */
export interface Hooks {
  readonly url: string;
  /** Ends every request that hangs, by closing its connection. */
  readonly letGo: () => void;
  readonly close: () => void;
}

export interface HooksOptions {
  /** How a path answers: 200 after so many milliseconds, or never. */
  readonly answers: (path: string) => number | "never";
  readonly onRequest: (path: string, eventId: string, atMs: number) => void;
  readonly onAnswered?: (path: string) => void;
}

export async function openHooks({ answers, onRequest, onAnswered }: HooksOptions): Promise<Hooks> {
  const hanging = new Map<ServerResponse, ReturnType<typeof setTimeout> | null>();
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    onRequest(path, request.headersDistinct["webhook-id"]?.[0] ?? "", performance.now());
    request.resume();
    response.once("close", () => onAnswered?.(path));
    const delayMs = answers(path);
    if (delayMs === 0) {
      response.end();
      return;
    }
    hanging.set(response, delayMs === "never" ? null : setTimeout(() => response.end(), delayMs));
    response.once("close", () => {
      clearTimeout(hanging.get(response) ?? undefined);
      hanging.delete(response);
    });
  });
  server.keepAliveTimeout = 0;
  return {
    url: await listen(server),
    letGo: () => {
      for (const response of hanging.keys()) response.destroy();
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
