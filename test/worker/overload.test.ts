import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import { MAX_WEBHOOK_BYTES } from "../../src/http/ingest.ts";
import { BACKLOG_BOUNDS } from "../../src/http/room.ts";
import { webhook } from "../support/webhooks.ts";
import { newTenant, stationOf, worker } from "./support.ts";

afterEach(() => reset());

/** So many of the largest webhooks fill what there is for one tenant to the last byte. */
const LIMIT = BACKLOG_BOUNDS.maxSize / 2 / MAX_WEBHOOK_BYTES;
const BEYOND = 3;

function largest(station: string): string {
  const text = JSON.stringify({ ...webhook({ station }), note: "" });
  return text.replace('"note":""', `"note":"${"x".repeat(MAX_WEBHOOK_BYTES - text.length)}"`);
}

describe("POST /ingest/:source while a station is stuck", () => {
  it("takes webhooks up to the limit, tells those beyond to come back, and is as before after it", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const station = "5a".repeat(12);
    const turn = { isStuck: false, isOver: false };
    const running = runInDurableObject(stationOf(tenant, station), (_instance, state) =>
      state.blockConcurrencyWhile(async () => {
        turn.isStuck = true;
        while (!turn.isOver) await scheduler.wait(10);
      }),
    );
    await expect.poll(() => turn.isStuck).toBe(true);

    const answers: Response[] = [];
    const sent = Array.from({ length: LIMIT + BEYOND }, async () => {
      answers.push(await tenant.send(path, largest(station)));
    });
    await expect.poll(() => answers.length).toBe(BEYOND);
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toMatch(/^([1-9]|10)$/);
      expect(await answer.json()).toMatchObject({ code: "unavailable" });
    }
    expect((await tenant.send(path, webhook({ station: "b" }))).status).toBe(503);
    // Before it is looked at, so that a refusal costs next to nothing.
    const unsigned = new Request(tenant.origin + path, { method: "POST", body: "{}" });
    expect((await worker(unsigned)).status).toBe(503);
    const other = await newTenant();
    expect((await other.send((await other.source()).path, webhook())).status).toBe(200);

    turn.isOver = true;
    await Promise.all([...sent, running]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
    expect((await tenant.send(path, webhook({ station }))).status).toBe(200);
    expect((await stationOf(tenant, station).read(0, 1)).seq).toBe(LIMIT + 1);
  });
});
