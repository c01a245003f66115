import { createHmac } from "node:crypto";

import { type LocalRequest, LocalServer } from "../support/local-server.ts";

/** Every destination of a relay in one server, told apart by host; each answers one status. */
export class Destinations {
  readonly #server: LocalServer;

  private constructor(server: LocalServer, statuses: Readonly<Record<string, number>>) {
    this.#server = server;
    server.answer = ({ headers }) => ({ status: statuses[headers.host ?? ""] ?? 404 });
  }

  static async open(statuses: Readonly<Record<string, number>>): Promise<Destinations> {
    return new Destinations(await LocalServer.start(), statuses);
  }

  /** To be given to the relay. */
  get address(): string {
    return new URL(this.#server.url).host;
  }

  /** What came for a host, in order. */
  of(host: string): LocalRequest[] {
    return this.#server.requests.filter(({ headers }) => headers.host === host);
  }

  /** The same as `<station>/<seq>`. */
  places(host: string): string[] {
    return this.of(host).map(
      ({ headers }) => `${headers["chargewire-station"]}/${headers["chargewire-seq"]}`,
    );
  }

  close(): Promise<void> {
    return this.#server.stop();
  }
}

/** Whether it is signed as Standard Webhooks 1.0 has it, whatever its time is. */
export function isSigned({ headers, body }: LocalRequest, secret: string): boolean {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const text = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const mac = createHmac("sha256", key).update(text).digest("base64");
  return headers["webhook-signature"]?.split(" ").includes(`v1,${mac}`) ?? false;
}
