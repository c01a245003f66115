import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import { feedOf, lastCursor, newTenant, ops, subscribe } from "./support.ts";
import { statesOf } from "./token-support.ts";

afterEach(() => reset());

/** The last of these are the end of a backlog, unless more is to follow. */
type Part = "more follows" | "end" | "end, deleted";

/** A station that sends its backlog in parts, and one who sees of it that sessions end. */
async function start() {
  const tenant = await newTenant();
  let seq = 0;
  const push = async (types: readonly string[], part: Part) => {
    const events = types.map((type) => {
      seq += 1;
      return { seq, type, json: JSON.stringify({ id: `${seq}`, type, station: "a", seq }) };
    });
    const state = part === "end" ? JSON.stringify({ station: "a", seq, connectors: [] }) : null;
    const removed = part === "end, deleted";
    await feedOf(tenant).push({ station: "a", oldestSeq: 1, events, state, removed });
  };
  const token = await tenant.token({ view: "state" });
  const watch = (from: string, type = "session.ended") =>
    subscribe(tenant, `/v1/stream?types=${type}&from=${from}`, token);
  /** From there on, once it is greeted. */
  const watchNow = async (type?: string) => {
    const live = await watch("now", type);
    await expect.poll(() => ops(live.frames)).toEqual(["hello"]);
    return live;
  };
  return { tenant, push, watch, watchNow };
}

type Watch = Awaited<ReturnType<Awaited<ReturnType<typeof start>>["watch"]>>;
const seqsIn = ({ frames }: Watch) => statesOf(frames, "state").map((state) => state.seq);

describe("the view `state` of a station that sends a backlog in parts", () => {
  it("is told when the end has come, though it has nothing that is wanted", async () => {
    const { push, watchNow } = await start();
    await push(["session.started"], "end");
    const live = await watchNow();
    await push(["session.ended"], "more follows");
    await push(["session.updated"], "more follows");
    await push(["session.updated"], "end");
    await expect.poll(() => seqsIn(live)).toEqual([1, 4]);
  });

  it("is told of a station that is new", async () => {
    const { push, watchNow } = await start();
    const live = await watchNow();
    await push(["session.ended"], "more follows");
    await push(["session.updated"], "end");
    await expect.poll(() => seqsIn(live)).toEqual([2]);
  });

  it("is told once to who wants the end, whoever else does not", async () => {
    const { push, watchNow } = await start();
    await push(["session.started"], "end");
    const [unaware, aware] = [await watchNow(), await watchNow("session.updated")];
    await push(["session.ended"], "more follows");
    await push(["session.updated"], "end");
    await push(["session.ended", "session.updated"], "end");
    await expect.poll(() => seqsIn(unaware)).toEqual([1, 3, 5]);
    await expect.poll(() => seqsIn(aware)).toEqual([3, 5]);
  });

  it("is told of together with other stations that catch up at the same time", async () => {
    const { tenant, watchNow } = await start();
    const stations = Array.from({ length: 60 }, (_, at) => `s${at}`);
    const push = (station: string, seq: number, type: string, isEnd: boolean) =>
      feedOf(tenant).push({
        station,
        oldestSeq: 1,
        events: [{ seq, type, json: JSON.stringify({ id: `${seq}`, type, station, seq }) }],
        state: isEnd ? JSON.stringify({ station, seq, connectors: [] }) : null,
        removed: false,
      });
    const live = await watchNow();
    await Promise.all(stations.map((station) => push(station, 1, "session.updated", false)));
    await Promise.all(stations.map((station) => push(station, 2, "session.updated", true)));
    const told = () => statesOf(live.frames, "state").map(({ station }) => station);
    await expect.poll(() => told().toSorted()).toEqual(stations.toSorted());
    expect(live.frames.length).toBeLessThan(stations.length / 2);
  });

  it("says that it is gone when that is how the backlog ends", async () => {
    const { push, watchNow } = await start();
    await push(["session.started"], "end");
    const live = await watchNow();
    await push(["session.ended"], "more follows");
    await push(["chargestation.deleted"], "end, deleted");
    await expect
      .poll(() => statesOf(live.frames, "state").at(-1))
      .toMatchObject({ station: "a", removed: true });
  });

  it("is told to one who was away when the end came, once", async () => {
    const { push, watch, watchNow } = await start();
    await push(["session.started"], "end");
    const before = await watchNow();
    await push(["session.ended"], "more follows");
    await expect.poll(() => seqsIn(before)).toEqual([1]);
    before.socket.close();
    await push(["session.updated"], "end");
    await push(["session.updated"], "end");
    const after = await watch(lastCursor(before.frames));
    await expect.poll(() => seqsIn(after)).toEqual([4]);
    after.socket.close();
    const again = await watch(lastCursor(after.frames));
    await push(["session.ended"], "end");
    await expect.poll(() => seqsIn(again)).toEqual([5]);
  });

  it("is told anew by no event that comes whole", async () => {
    const { push, watchNow } = await start();
    await push(["session.started"], "end");
    const live = await watchNow();
    await push(["session.updated"], "end");
    await push(["session.ended"], "end");
    await expect.poll(() => seqsIn(live)).toEqual([3]);
    await push(["session.updated"], "end");
    await push(["session.ended"], "end");
    await expect.poll(() => seqsIn(live)).toEqual([3, 5]);
  });
});
