import { DurableObject } from "cloudflare:workers";

/** `GET /{count}` has one object set so many timers, one after the other, and clear each. */
interface TimersEnv {
  readonly TIMERS: DurableObjectNamespace<Timers>;
}

const LONG_MS = 60_000;

export default {
  async fetch(request: Request, env: TimersEnv): Promise<Response> {
    const [, count] = new URL(request.url).pathname.split("/");
    await env.TIMERS.getByName("one").set(Number(count));
    return new Response();
  },
};

export class Timers extends DurableObject<TimersEnv> {
  set(count: number): void {
    for (let index = 0; index < count; index += 1) clearTimeout(setTimeout(() => {}, LONG_MS));
  }
}
