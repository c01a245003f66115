import { batch, signal } from "@preact/signals";

import { connect, type Status, type Subscription } from "../../client/client.ts";
import { fleet } from "./fleet.ts";
import { rates } from "./rates.ts";
import { recent } from "./recent.ts";
import { samples } from "./samples.ts";

/** What the stream had to skip, and why; the snapshot that follows it is in the fleet. */
export interface Gap {
  readonly atMs: number;
  readonly reason: string;
}

/** How the one stream of this page stands. */
export const status = signal<Status>({ state: "connecting" });
/** Gaps since sign-in, newest first. */
export const gaps = signal<readonly Gap[]>([]);
/** When the last item came, or null before the first. */
export const heardAtMs = signal<number | null>(null);
/** When this page began to listen, or null while it does not. */
export const openedAtMs = signal<number | null>(null);

const MAX_GAPS = 20;
let subscription: Subscription | null = null;

/** Opens the stream of all events, from a snapshot on. All pages live off this one. */
export function openStream(apiKey: string): void {
  closeStream();
  samples.start();
  openedAtMs.value = Date.now();
  subscription = connect({
    url: location.origin,
    token: apiKey,
    from: "snapshot",
    onSnapshot: (page) => {
      heardAtMs.value = Date.now();
      fleet.takeSnapshot(page);
    },
    onEvent: (event) => {
      const nowMs = Date.now();
      batch(() => {
        heardAtMs.value = nowMs;
        fleet.takeEvent(event, nowMs);
        rates.takeEvent(event, nowMs);
        recent.add(event, nowMs);
      });
    },
    onGap: ({ reason }) => {
      gaps.value = [{ atMs: Date.now(), reason }, ...gaps.value].slice(0, MAX_GAPS);
      recent.noteGap(reason);
    },
    onStatus: (now) => {
      status.value = now;
    },
  });
}

/** Ends the stream and forgets what it brought. */
export function closeStream(): void {
  subscription?.close();
  subscription = null;
  fleet.clear();
  recent.clear();
  rates.clear();
  samples.stop();
  batch(() => {
    gaps.value = [];
    heardAtMs.value = null;
    openedAtMs.value = null;
    status.value = { state: "connecting" };
  });
}

/** A person does not want to wait for the next try. */
export function reconnectNow(): void {
  subscription?.reconnect();
}
