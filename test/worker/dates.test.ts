import { reset } from "cloudflare:test";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { MAX_CLOCK_LEAD_MS } from "../../src/domain/event.ts";
import { objectId, webhook } from "../support/webhooks.ts";
import { ofStation, setUpRoute } from "./outage-support.ts";
import { eventsOf, subscribe, type TestSocket } from "./support.ts";

/** As JSON, which has no other way to say these. */
const TIMES = [
  '"0000-01-01T00:00:00.000Z"',
  '"0000-01-01T00:00:00+23:59"',
  '"1970-01-01T00:00:00.000Z"',
  '"1970-01-01T00:00:00"',
  '"2026-02-30T25:61:61Z"',
  '"9999-12-31T23:59:59.999Z"',
  '"9999-12-31T23:59:59.999-23:59"',
  '"275760-09-13T00:00:00.000Z"',
  '"+275760-09-13T00:00:00.000Z"',
  '"+275760-09-13T00:00:00.001Z"',
  '"-271821-04-20T00:00:00.000Z"',
  '"NaN"',
  '"Infinity"',
  '""',
  "0",
  "-1",
  "8640000000000001",
  "1e999",
  "-1e999",
  "null",
  "[]",
  '{"toString":1}',
] as const;

const Event = z.looseObject({
  seq: z.number(),
  late: z.boolean(),
  // Four digits of year, whatever came.
  occurredAt: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  receivedAt: z.string(),
});
const State = z.looseObject({
  online: z.boolean().nullable(),
  lastEventAt: z.string(),
  sessions: z.array(z.looseObject({ id: z.string(), status: z.string().nullable() })),
});

/** A webhook with this as every time in it. */
function odd(station: string, time: string): string {
  const metrics = `{"chargingStart":${time},"chargingStop":${time}}`;
  const data = `{"_id":"s1","chargestation":"${station}","status":"Started","metrics":${metrics},"updatedAt":${time}}`;
  return `{"_id":"${objectId()}","object":"session","type":"session.updated","data":${data},"createdAt":${time}}`;
}

describe.each(TIMES)("a webhook whose times are %s", (time) => {
  const station = `cs${TIMES.indexOf(time)}`;
  const body = odd(station, time);
  let events: z.infer<typeof Event>[];

  beforeAll(async () => {
    const { tenant, path } = setting;
    expect((await tenant.send(path, body)).status).toBe(200);
    const next = webhook({ station, type: "chargestation.online", data: { _id: station } });
    expect((await tenant.send(path, next)).status).toBe(200);
    const items = await tenant.items(`/v1/stations/${station}/events`);
    events = z.array(Event).parse(items);
  });

  it("is accepted, and kept, told of and delivered as it came", async () => {
    const { tenant, receiver } = setting;
    expect(await tenant.text(`/v1/stations/${station}/events`)).toContain(`"body":${body}}`);
    const delivered = async () => ofStation(await receiver.requests(), station);
    await expect.poll(async () => (await delivered()).length).toBe(2);
    expect((await delivered())[0]?.body).toBe(body);
    await expect
      .poll(() => eventsOf(subscriber.frames).filter((event) => event.station === station))
      .toMatchObject([{ seq: 1 }, { seq: 2 }]);
  });

  it("counts for a time that is not ahead, and makes nothing after it late", async () => {
    const [first, second] = events;
    const aheadMs = Date.parse(first?.occurredAt ?? "") - Date.parse(first?.receivedAt ?? "");
    expect(aheadMs).toBeLessThanOrEqual(MAX_CLOCK_LEAD_MS);
    expect([first?.late, second?.late]).toEqual([false, false]);
  });

  it("freezes no state, and breaks no filter", async () => {
    const { tenant } = setting;
    const state = State.parse((await tenant.call("GET", `/v1/stations/${station}`)).body);
    expect(state).toMatchObject({ online: true, sessions: [{ id: "s1", status: "Started" }] });
    expect(state.lastEventAt).toBe(events[1]?.occurredAt);
    for (const path of ["createdAt", "data.metrics.chargingStart"]) {
      const match = JSON.stringify({ [path]: { $gte: "2026-01-01T00:00:00Z" } });
      const query = `match=${encodeURIComponent(match)}&stations=${station}`;
      const answer = await tenant.call("GET", `/v1/events?${query}`);
      expect(answer.status).toBe(200);
    }
  });
});

describe.each(["NaN", "Infinity", "new Date(0)"])("a webhook whose times are %s", (time) => {
  it("is no JSON: accepted, and kept aside as it came", async () => {
    const { tenant, path } = setting;
    const body = odd("cs", time);
    expect((await tenant.send(path, body)).status).toBe(200);
    const Held = z.array(z.looseObject({ id: z.string(), reason: z.string() }));
    const held = Held.parse(await tenant.items("/v1/quarantine")).at(-1);
    expect(held?.reason).toBe("not_json");
    const shown = await tenant.call("GET", `/v1/quarantine/${held?.id}`);
    expect(shown.body).toMatchObject({ body });
  });
});

let setting: Awaited<ReturnType<typeof setUpRoute>>;
let subscriber: TestSocket;
beforeAll(async () => {
  setting = await setUpRoute([{}], { format: "raw" });
  subscriber = await subscribe(setting.tenant);
});
afterAll(() => reset());
