import { type Answer, type Poster, readRetryAfter } from "../../cli/simulator/poster.ts";

/** Posts to one path of the relay that served this page; `onAnswer` hears each status. */
export function createFetchPoster(
  path: string,
  timeoutMs: number,
  onAnswer: (status: number) => void,
): Poster {
  const closing = new AbortController();
  const send = async (body: Uint8Array, signature: string | null): Promise<Answer> => {
    const response = await fetch(path, {
      method: "POST",
      cache: "no-store",
      credentials: "omit",
      headers: {
        "content-type": "application/json",
        ...(signature !== null && { "edrv-signature": signature }),
      },
      body: new Uint8Array(body),
      signal: AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]),
    });
    const { byteLength } = await response.arrayBuffer();
    onAnswer(response.status);
    return {
      status: response.status,
      retryAfterMs: readRetryAfter(response.headers.get("retry-after")),
      isEmpty: byteLength === 0,
    };
  };
  return {
    async post(body, signature) {
      try {
        return await send(body, signature);
      } catch (error) {
        const isTimeout = error instanceof DOMException && error.name === "TimeoutError";
        return isTimeout ? "timeout" : "connection";
      }
    },
    close: () => closing.abort(),
  };
}
