import { DurableObject } from "cloudflare:workers";

/** `GET /{fate}/{count}` has one object set so many timers, and clear each or let it ring. */
interface TimersEnv {
  readonly TIMERS: DurableObjectNamespace<Timers>;
}

const LONG_MS = 60_000;

export default {
  async fetch(request: Request, env: TimersEnv): Promise<Response> {
    const [, fate, count] = new URL(request.url).pathname.split("/");
    const timers = env.TIMERS.getByName("one");
    await (fate === "clear" ? timers.clear(Number(count)) : timers.ring(Number(count)));
    return new Response();
  },
};

export class Timers extends DurableObject<TimersEnv> {
  clear(count: number): void {
    for (let index = 0; index < count; index += 1) clearTimeout(setTimeout(() => {}, LONG_MS));
  }

  async ring(count: number): Promise<void> {
    const rings = Array.from({ length: count }, () => new Promise((ring) => setTimeout(ring, 0)));
    await Promise.all(rings);
  }
}
