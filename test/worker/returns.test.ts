import { evictDurableObject, reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import { webhook } from "../support/webhooks.ts";
import { feedOf, lastCursor, newTenant, ops, stationOf, subscribe } from "./support.ts";
import { statesOf } from "./token-support.ts";

afterEach(() => reset());

const removed = expect.objectContaining({ station: "cs1", removed: true });
const present = (seq: number) => expect.objectContaining({ station: "cs1", seq });

describe.each(["/v1/stream", "/v1/stations/cs1/stream"])("%s with the view `state`", (path) => {
  /** A station that is there, and one who sees of it that sessions end, from there on. */
  async function start() {
    const tenant = await newTenant();
    const source = await tenant.source();
    const send = (type = "session.updated") =>
      tenant.send(source.path, webhook({ station: "cs1", type }));
    expect((await send()).status).toBe(200);
    const token = await tenant.token({ view: "state" });
    const watch = (from: string) =>
      subscribe(tenant, `${path}?types=session.ended&from=${from}`, token);
    const live = await watch("now");
    await expect.poll(() => ops(live.frames)).toEqual(["hello"]);
    return { tenant, send, watch, live };
  }

  it("is told that a station is gone, and of each time that it is back, whatever it wants", async () => {
    const { tenant, send, live } = await start();
    for (const seq of [2, 3]) {
      expect(await feedOf(tenant).removeStation("cs1")).toBe(true);
      await expect.poll(() => statesOf(live.frames, "state").at(-1)).toEqual(removed);
      await send();
      await expect.poll(() => statesOf(live.frames, "state").at(-1)).toEqual(present(seq));
    }
    await send();
    expect(statesOf(live.frames, "state")).toHaveLength(4);
  });

  it("is told that a station is gone by an event, whatever it wants, once", async () => {
    const { send, live } = await start();
    await send("session.ended");
    await send("chargestation.deleted");
    await send("session.ended");
    await expect
      .poll(() => statesOf(live.frames, "state"))
      .toEqual([present(2), removed, present(4)]);
  });

  it("is told so when it was away meanwhile, once", async () => {
    const { tenant, send, watch, live } = await start();
    expect(await feedOf(tenant).removeStation("cs1")).toBe(true);
    await expect.poll(() => statesOf(live.frames, "state")).toEqual([removed]);
    live.socket.close();
    await send();
    for (const object of [feedOf(tenant), stationOf(tenant, "cs1")])
      await evictDurableObject(object);
    const back = await watch(lastCursor(live.frames));
    await expect.poll(() => statesOf(back.frames, "state")).toEqual([present(2)]);
    back.socket.close();
    const again = await watch(lastCursor(back.frames));
    await expect.poll(() => ops(again.frames)).toContain("hello");
    expect(await feedOf(tenant).removeStation("cs1")).toBe(true);
    await expect.poll(() => statesOf(again.frames, "state")).toEqual([removed]);
  });
});
