import { CallLines } from "../domain/call-lines.ts";
import type { AppendStatus } from "../objects/station.ts";
import type { IncomingEvent } from "../objects/station-journal.ts";
import type { AppContext } from "./context.ts";

/** What requests of this isolate have for each station. An event is accepted once, however often it is sent. */
const lines = new CallLines<IncomingEvent, AppendStatus>({
  maxItems: 100,
  // Far from what a call may carry.
  maxSize: 4_000_000,
  sizeOf: ({ body }) => body.length,
  waitLimitMs: 5_000,
  // A millisecond or two, by the runtime's timers.
  pause: () => scheduler.wait(0),
});

/** A request may wait for what another one does only where the runtime sees to it, as from 2024-10-14 on. */
const MAY_WAIT = Cloudflare.compatibilityFlags.handle_cross_request_promise_resolution === true;

/**
 * Appends to the station of that name, with what other requests have for it while a call is under
 * way. Only within `inRoom` (room.ts), which keeps the request going for those that wait for it.
 */
export async function appendInLine(
  c: AppContext,
  name: string,
  event: IncomingEvent,
): Promise<AppendStatus> {
  const call = (events: readonly IncomingEvent[]) => c.env.STATION.getByName(name).append(events);
  if (MAY_WAIT) return lines.add(name, event, call);
  const [status] = await call([event]);
  if (status === undefined) throw new Error("the station left an event unanswered");
  return status;
}
