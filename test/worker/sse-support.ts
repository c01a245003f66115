import { runInDurableObject } from "cloudflare:test";
import * as z from "zod";

import type { TestTenant } from "../support/api.ts";
import { type Frame, feedOf, worker } from "./support.ts";

const Data = z.looseObject({ op: z.string() });

/** One message of an event stream, as https://html.spec.whatwg.org/multipage/server-sent-events.html reads it. */
export interface Message {
  readonly id: string;
  readonly data: string;
}

/** A reader of server-sent events as a browser is one, but for coming back by itself. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly response: Response;
  readonly messages: Message[] = [];
  readonly comments: string[] = [];
  readonly retries: string[] = [];
  /** Set once the response has ended. */
  isOver = false;
  /** As a browser keeps it from one message to the next. */
  lastId = "";
  #rest = "";
  #data: string[] = [];
  readonly #decoder = new TextDecoder();

  constructor(response: Response) {
    if (response.body === null) throw new Error("no body");
    this.response = response;
    this.#reader = response.body.getReader();
  }

  get frames(): Frame[] {
    return this.messages.map(({ data }) => Data.parse(JSON.parse(data)));
  }

  get ids(): string[] {
    return this.messages.map(({ id }) => id);
  }

  /** Takes one chunk. */
  async take(): Promise<void> {
    const { done, value } = await this.#reader.read();
    this.#rest += this.#decoder.decode(value, { stream: !done });
    if (done) this.isOver = true;
    for (
      let end = /\r\n|\n|\r/.exec(this.#rest);
      end !== null;
      end = /\r\n|\n|\r/.exec(this.#rest)
    ) {
      this.#line(this.#rest.slice(0, end.index));
      this.#rest = this.#rest.slice(end.index + end[0].length);
    }
  }

  /** Takes until it is over. */
  async takeAll(): Promise<this> {
    while (!this.isOver) await this.take();
    return this;
  }

  /** Takes until that holds. */
  async until(condition: (reader: this) => boolean): Promise<this> {
    while (!condition(this)) {
      if (this.isOver) throw new Error(`over: ${JSON.stringify(this.messages)}`);
      await this.take();
    }
    return this;
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }

  #line(line: string): void {
    if (line === "") {
      if (this.#data.length > 0)
        this.messages.push({ id: this.lastId, data: this.#data.join("\n") });
      this.#data = [];
      return;
    }
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "") this.comments.push(value);
    else if (field === "data") this.#data.push(value);
    else if (field === "id") this.lastId = value;
    else if (field === "retry") this.retries.push(value);
  }
}

interface Asking {
  /** In the Authorization header; null for none. */
  readonly key?: string | null;
  readonly lastEventId?: string;
  readonly headers?: Record<string, string>;
}

export function askForEvents(
  tenant: TestTenant,
  path: string,
  { key = tenant.key, lastEventId, headers = {} }: Asking = {},
): Promise<Response> {
  const all = new Headers({ accept: "text/event-stream", ...headers });
  if (key !== null) all.set("authorization", `Bearer ${key}`);
  if (lastEventId !== undefined) all.set("last-event-id", lastEventId);
  return worker(new Request(tenant.origin + path, { headers: all }));
}

export async function openEvents(
  tenant: TestTenant,
  path = "/v1/stream",
  asking: Asking = {},
): Promise<EventReader> {
  const response = await askForEvents(tenant, path, asking);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return new EventReader(response);
}

export const byTicket = (
  tenant: TestTenant,
  ticket: string,
  path = "/v1/stream",
  last?: string,
) => {
  const url = `${path}${path.includes("?") ? "&" : "?"}ticket=${ticket}`;
  return askForEvents(tenant, url, {
    key: null,
    ...(last === undefined ? {} : { lastEventId: last }),
  });
};

/** Sockets that the feed holds. */
export const socketCount = (tenant: TestTenant) =>
  runInDurableObject(feedOf(tenant), (_instance, ctx) => ctx.getWebSockets().length);
