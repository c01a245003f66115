import { env, exports } from "cloudflare:workers";
import * as z from "zod";

import { feedName, stationName } from "../../src/env.ts";
import { PROTOCOL } from "../../src/protocol/codes.ts";
import { TestTenant } from "../support/api.ts";
import { watchAnswer } from "./leak-watch.ts";

/** The relay. Its answers are looked through for secrets, whatever the test is about. */
export async function worker(request: Request): Promise<Response> {
  const where = `${request.method} ${new URL(request.url).pathname}`;
  const response = await exports.default.fetch(request);
  if (response.webSocket === null) await watchAnswer(where, response);
  return response;
}

export const newTenant = (): Promise<TestTenant> => TestTenant.create(worker);

export const tenantOf = ({ id }: TestTenant) => env.TENANT.getByName(id);
export const feedOf = ({ id }: TestTenant) => env.FEED.getByName(feedName(id));
export const stationOf = ({ id }: TestTenant, station: string) =>
  env.STATION.getByName(stationName(id, station));

const Frame = z.looseObject({ op: z.string() });
export type Frame = z.infer<typeof Frame>;

export interface TestSocket {
  readonly socket: WebSocket;
  readonly frames: Frame[];
  /** Set once the server has closed. */
  readonly closed: { code: number | null };
}

/** A subscriber as a browser is one: key and protocol in the subprotocols. */
export async function subscribe(
  tenant: TestTenant,
  path = "/v1/stream",
  key = tenant.key,
): Promise<TestSocket> {
  const response = await worker(
    new Request(tenant.origin + path, {
      headers: { upgrade: "websocket", "sec-websocket-protocol": `${PROTOCOL}, auth.${key}` },
    }),
  );
  const socket = response.webSocket;
  if (socket === null) throw new Error(`no socket: ${response.status} ${await response.text()}`);
  const frames: Frame[] = [];
  const closed: { code: number | null } = { code: null };
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string" && data !== "pong") frames.push(Frame.parse(JSON.parse(data)));
  });
  socket.addEventListener("close", ({ code }) => {
    closed.code = code;
  });
  socket.accept();
  return { socket, frames, closed };
}

const EventFrame = z.object({
  events: z.array(z.looseObject({ station: z.string(), seq: z.number(), type: z.string() })),
});

/** All events received so far, in the order received. */
export function eventsOf(frames: readonly Frame[]): z.infer<typeof EventFrame>["events"] {
  return frames
    .filter(({ op }) => op === "events")
    .flatMap((frame) => EventFrame.parse(frame).events);
}

export const ops = (frames: readonly Frame[]) => frames.map(({ op }) => op);
export const seqs = (frames: readonly Frame[]) => eventsOf(frames).map(({ seq }) => seq);

/** The cursor of the last frame that carried one. */
export function lastCursor(frames: readonly Frame[]): string {
  return z.string().parse(frames.findLast((frame) => "cursor" in frame)?.cursor);
}

/** Resolves when the relay has answered. */
export function ping({ socket }: TestSocket): Promise<void> {
  const answered = new Promise<void>((resolve) => {
    socket.addEventListener("message", ({ data }) => {
      if (data === "pong") resolve();
    });
  });
  socket.send("ping");
  return answered;
}
