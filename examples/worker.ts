/**
 * The back end that a page of yours needs: a Cloudflare Worker that holds the API key and gives
 * each of its users a token for the stations that are theirs. The page:
 *
 *   connect({ url: RELAY, token: () => fetch("/token").then((answer) => answer.json()) })
 *
 * The client asks again by itself before the token ends.
 */
interface Env {
  readonly RELAY: string;
  /** A secret; a key of the role `reader` is enough. */
  readonly API_KEY: string;
}

/** Whatever tells your users apart, and knows their stations. */
function stationsOf(request: Request): readonly string[] | null {
  const user = request.headers.get("x-user");
  return user === null ? null : [`${user}-1`, `${user}-2`];
}

export default {
  fetch(request: Request, { RELAY, API_KEY }: Env): Response | Promise<Response> {
    const stations = stationsOf(request);
    if (stations === null) return new Response("Who are you?", { status: 401 });
    return fetch(`${RELAY}/v1/tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${API_KEY}` },
      body: JSON.stringify({ ttlSeconds: 900, stations, types: ["chargestation.*", "session.*"] }),
    });
  },
};
