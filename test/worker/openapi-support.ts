import { Validator } from "@cfworker/json-schema";
import { expect } from "vitest";
import * as z from "zod";

import { PATH_EXAMPLES, ROUTE, STATION } from "../../src/openapi/examples.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { newTenant, worker } from "./support.ts";

export const ORIGIN = "https://relay.test";

const Made = z.looseObject({ id: z.string() });
const Items = z.looseObject({ items: z.array(Made).min(1) });
const Secrets = z.looseObject({ secrets: z.array(Made).min(1) });
const Lane = z.looseObject({ station: z.string(), status: z.string() });

/** A tenant with everything that the documented examples speak of, each thing made when it is asked for. */
export class World {
  readonly tenant: TestTenant;
  readonly #made = new Map<string, Promise<string>>();

  private constructor(tenant: TestTenant) {
    this.tenant = tenant;
  }

  static async create(): Promise<World> {
    return new World(await newTenant());
  }

  /** The path, with what is really there in place of what varies. */
  async path(template: string): Promise<string> {
    let path = template;
    // From the left: what is within something else needs that first.
    for (const match of template.matchAll(/\{\w+\}/g)) {
      const until = template.slice(0, match.index + match[0].length);
      path = path.replace(match[0], await this.#id(until));
    }
    return path;
  }

  /** The example, with the ids of what is really there. */
  async body(example: unknown): Promise<unknown> {
    const text = JSON.stringify(example);
    return JSON.parse(text.includes(ROUTE) ? text.replaceAll(ROUTE, await this.route()) : text);
  }

  /** A route whose destination fails, and which owes the station an event. */
  route(): Promise<string> {
    return this.#id("/v1/routes/{id}");
  }

  #id(template: string): Promise<string> {
    const known = this.#made.get(template);
    if (known !== undefined) return known;
    const made = this.#make(template);
    this.#made.set(template, made);
    return made;
  }

  async #make(template: string): Promise<string> {
    const { tenant } = this;
    switch (template) {
      case "/v1/tenants/{id}":
        return tenant.id;
      case "/v1/keys/{id}":
        return this.#post("/v1/keys", { name: "one", role: "reader" });
      case "/v1/sources/{id}":
        return (await tenant.source()).id;
      case "/ingest/{source}":
        return this.#id("/v1/sources/{id}");
      case "/v1/sources/{id}/secrets/{secret}": {
        const source = await tenant.call(
          "GET",
          `/v1/sources/${await this.#id("/v1/sources/{id}")}`,
        );
        return Secrets.parse(source.body).secrets[0]?.id ?? "";
      }
      case "/v1/routes/{id}":
        return this.#failingRoute();
      case "/v1/routes/{id}/lanes/{station}":
      case "/v1/stations/{id}":
        await this.route();
        return STATION;
      case "/v1/routes/{id}/dead-letters/{letter}":
        return this.#deadLetter();
      case "/v1/replays/{id}":
        return this.#replay();
      case "/v1/quarantine/{id}":
        return this.#quarantined();
      default:
        throw new Error(`the tests make no ${template}`);
    }
  }

  async #failingRoute(): Promise<string> {
    const { tenant } = this;
    const receiver = await new Receiver().script({ status: 500 });
    const { id } = await tenant.route(receiver.url, { retry: { scheduleSeconds: [3600, 3600] } });
    await this.#send();
    await expect.poll(() => this.#laneStatus(id)).toBe("waiting");
    return id;
  }

  async #send(): Promise<void> {
    const source = await this.#id("/v1/sources/{id}");
    await this.tenant.send(`/ingest/${source}`, webhook({ station: STATION }));
  }

  async #laneStatus(route: string): Promise<string | undefined> {
    const lanes = z.array(Lane).parse(await this.tenant.items(`/v1/routes/${route}/lanes`));
    return lanes.find(({ station }) => station === STATION)?.status;
  }

  async #deadLetter(): Promise<string> {
    const route = await this.route();
    await this.tenant.call("POST", `/v1/routes/${route}/lanes/${STATION}/skip`);
    const letters = await this.tenant.call("GET", `/v1/routes/${route}/dead-letters`);
    return Items.parse(letters.body).items[0]?.id ?? "";
  }

  /** One that does not end, because its route is paused. */
  async #replay(): Promise<string> {
    // For there to be an event to send.
    await this.route();
    const { id: route } = await this.tenant.route("https://hooks.example.com/");
    await this.tenant.call("POST", `/v1/routes/${route}/pause`);
    const [from, to] = ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"];
    return this.#post("/v1/replays", { route, from, to });
  }

  async #quarantined(): Promise<string> {
    const source = await this.#id("/v1/sources/{id}");
    await this.#send();
    const unplaceable = webhook({ station: "not a station id" });
    await this.tenant.send(`/ingest/${source}`, unplaceable);
    const held = await this.tenant.call("GET", "/v1/quarantine");
    return Items.parse(held.body).items[0]?.id ?? "";
  }

  async #post(path: string, body: unknown): Promise<string> {
    return Made.parse((await this.tenant.call("POST", path, body)).body).id;
  }
}

/** What nothing is named, in the form that its names have. */
const MISSING: Readonly<Record<string, string>> = {
  "/v1/stations/{id}": "nowhere",
  "/v1/tenants/{id}": "nobody",
  "/v1/routes/{id}/dead-letters/{letter}": "999",
};

/** The path with ids that nothing has. */
export const missingPath = (template: string): string =>
  template.replaceAll(/\{\w+\}/g, (name, at: number) => {
    const until = template.slice(0, at + name.length);
    return MISSING[until] ?? PATH_EXAMPLES.find(([known]) => known === until)?.[1] ?? "0";
  });

const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.looseObject({}),
});
type Document = z.infer<typeof Document>;

/** The document as it is served. */
export async function servedDocument(): Promise<Document> {
  const response = await worker(new Request(`${ORIGIN}/openapi.json`));
  return Document.parse(await response.json());
}

const Media = z.looseObject({ schema: z.looseObject({}).optional() });
const Response_ = z.looseObject({
  $ref: z.string().optional(),
  content: z.record(z.string(), Media).optional(),
});
const Operation = z.looseObject({ responses: z.record(z.string(), Response_) });

/** What is wrong with an answer's body by the document; null when nothing is. */
export function contradiction(
  document: Document,
  place: { readonly path: string; readonly method: string; readonly status: number },
  type: string,
  body: unknown,
): string | null {
  const { path, method, status } = place;
  const operation = Operation.parse(document.paths[path]?.[method.toLowerCase()]);
  const response = operation.responses[String(status)];
  if (response === undefined) return `${status} is not documented`;
  if (response.content === undefined) return body === "" ? null : "a body is not documented";
  const schema = response.content[type]?.schema;
  if (schema === undefined) return type in response.content ? null : `${type} is not documented`;
  const { components } = document;
  const { valid, errors } = new Validator({ ...schema, components }, "2020-12").validate(body);
  return valid ? null : errors.map((one) => `${one.instanceLocation}: ${one.error}`).join("\n");
}
