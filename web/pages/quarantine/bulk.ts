import { signal } from "@preact/signals";

import type { QuarantinedWebhook, ReleasedWebhook } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { messageOf } from "../../api/use-resource.ts";

/** What came of one entry. */
export interface Outcome {
  readonly id: string;
  readonly isGood: boolean;
  readonly text: string;
}

/** Of the last time that something was done with several entries; null before, and when dismissed. */
export const outcomes = signal<readonly Outcome[] | null>(null);

const AT_ONCE = 4;

/** Does it for each entry, whatever comes of the others. */
export async function doForEach(
  entries: readonly QuarantinedWebhook[],
  act: (entry: QuarantinedWebhook) => Promise<string>,
): Promise<void> {
  const done: Outcome[] = [];
  const left = [...entries];
  const work = async () => {
    for (let entry = left.shift(); entry !== undefined; entry = left.shift()) {
      done.push(await outcomeOf(entry.id, act(entry)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  outcomes.value = done;
}

async function outcomeOf(id: string, act: Promise<string>): Promise<Outcome> {
  try {
    return { id, isGood: true, text: await act };
  } catch (error) {
    return { id, isGood: false, text: messageOf(error) };
  }
}

/** An empty station leaves it to the body. Resolves to what has become of it, in words. */
export async function release(id: string, station: string): Promise<string> {
  const asked = station === "" ? {} : { station };
  const released = await relay.post<ReleasedWebhook>(`${pathOf(id)}/release`, asked);
  const where = released.station === "_account" ? "the account" : released.station;
  return released.status === "duplicate"
    ? `${where} had this event already; nothing was added.`
    : `Released: ${released.type} is an event of ${where} now.`;
}

export async function discard(id: string): Promise<string> {
  await relay.delete(pathOf(id));
  return "Discarded.";
}

export const pathOf = (id: string): string => `/v1/quarantine/${encodeURIComponent(id)}`;
