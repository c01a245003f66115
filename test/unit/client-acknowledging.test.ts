import { describe, expect, it } from "vitest";

import { Delivery } from "../../client/delivery.ts";
import { SubscriptionError } from "../../client/status.ts";

/** Longer than an acknowledgement waits for others. */
const LATER_MS = 1_200;

/** Something that the application is busy with, and the cursors that are acknowledged. */
function start() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cursors: string[] = [];
  const delivery = new Delivery(
    null,
    { onGap: () => promise },
    { acknowledge: (cursor) => cursors.push(cursor), error: () => {}, left: () => {} },
  );
  delivery.begin("c0", false);
  const items = [{ op: "gap", reason: "slow" } as const];
  delivery.put({ items, chars: 10, cursor: "c1", isPlace: true });
  return { delivery, cursors, finish: resolve };
}

describe.concurrent("what the application is busy with", () => {
  const endings: [name: string, end: (delivery: Delivery) => void, cursors: string[]][] = [
    ["while all goes on", () => {}, ["c0", "c1"]],
    ["when the subscription is closed", (delivery) => delivery.close(), ["c0"]],
    [
      "when the relay refuses",
      (delivery) => delivery.refuse(new SubscriptionError("refused", "")),
      ["c0"],
    ],
    ["when the connection is lost", (delivery) => delivery.pause(), ["c0"]],
  ];
  it.each(endings)(
    "is acknowledged only to who has sent it: %s",
    async (_name, end, acknowledged) => {
      const { delivery, cursors, finish } = start();
      await Promise.resolve();
      end(delivery);
      finish();
      await new Promise((resolve) => setTimeout(resolve, LATER_MS));
      expect(delivery.cursor).toBe("c1");
      expect(cursors).toEqual(acknowledged);
    },
  );
});
