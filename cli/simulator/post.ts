import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

import { type Answer, type Poster, readRetryAfter, type Silence } from "./poster.ts";

/** Posts to one URL over kept-alive connections. */
export function createPoster(url: URL, connections: number, timeoutMs: number): Poster {
  const isHttps = url.protocol === "https:";
  const settings = { keepAlive: true, maxSockets: connections };
  const agent = isHttps ? new HttpsAgent(settings) : new HttpAgent(settings);
  const open = isHttps ? httpsRequest : httpRequest;

  const post = (body: Uint8Array, signature: string | null) => {
    const headers = {
      "content-type": "application/json",
      "content-length": body.byteLength,
      "user-agent": "chargewire-simulator",
      ...(signature !== null && { "edrv-signature": signature }),
    };
    const options: RequestOptions = { method: "POST", agent, headers, timeout: timeoutMs };
    return new Promise<Answer | Silence>((resolve) => {
      let silence: Silence = "connection";
      const request = open(url, options, (response) => {
        let size = 0;
        response.on("data", (chunk: Uint8Array) => {
          size += chunk.byteLength;
        });
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            retryAfterMs: readRetryAfter(response.headers["retry-after"] ?? null),
            isEmpty: size === 0,
          }),
        );
        response.on("error", () => resolve(silence));
      });
      request.on("timeout", () => {
        silence = "timeout";
        request.destroy();
      });
      request.on("error", () => resolve(silence));
      request.on("close", () => resolve(silence));
      request.end(body);
    });
  };
  return { post, close: () => agent.destroy() };
}
