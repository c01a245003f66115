import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { events, ScriptedRelay } from "../support/scripted-relay.ts";

let relay: ScriptedRelay;

beforeEach(async () => {
  relay = await ScriptedRelay.start();
});

afterEach(() => relay.stop());

/** As `POST /v1/tokens` answers: numbered, and good for so long. */
function tokens(lifeMs: number) {
  let count = 0;
  return async () => {
    count += 1;
    return { token: `token-${count}`, expiresAt: new Date(Date.now() + lifeMs).toISOString() };
  };
}

describe("a subscription with a token that ends", () => {
  it("renews it in band, again and again, and loses and repeats nothing", async () => {
    const observer = relay.observe({ token: tokens(600) });
    const visit = await relay.welcome();
    expect(visit.token).toBe("token-1");
    visit.send(events(1));
    for (const token of ["token-2", "token-3"]) {
      expect(await visit.take("auth")).toEqual({ op: "auth", token });
      visit.hello({ cursor: "c1" });
    }
    visit.send(events(2));
    await observer.untilSeen(2);
    expect(observer.seen).toEqual([1, 2]);
    expect(relay.visits).toHaveLength(1);
    expect(observer.errors).toEqual([]);
  });

  it("takes a renewal amid a snapshot for no place, and the snapshot for begun anew", async () => {
    const observer = relay.observe({ token: tokens(600), from: "snapshot" });
    const first = await relay.welcome();
    first.send({ op: "snapshot", stations: [], cursor: "s", done: false });
    await first.take("auth");
    first.hello({ cursor: "s" });
    first.send({ op: "snapshot", stations: [], cursor: "s", done: false });
    await observer.untilSeen(2);
    expect(observer.seen).toEqual(["snapshot: first", "snapshot: first"]);
    first.cut();
    expect((await relay.visit()).query.get("from")).toBe("snapshot");
  });

  it("goes on with the old one when the new one is refused, and tells", async () => {
    const observer = relay.observe({ token: tokens(600) });
    const visit = await relay.welcome();
    await visit.take("auth");
    visit.send({ op: "error", code: "unauthorized", detail: "no" }, events(1));
    await observer.untilSeen(1);
    expect(observer.errors.map(({ code }) => code)).toEqual(["unauthorized"]);
    visit.close(4401);
    expect((await relay.welcome()).token).toBe("token-3");
  });

  it("tells when there is no new one to be had", async () => {
    let isFirst = true;
    const once = tokens(600);
    const observer = relay.observe({
      token: () => {
        if (!isFirst) throw new Error("logged out");
        isFirst = false;
        return once();
      },
    });
    const visit = await relay.welcome();
    await observer.until(({ errors }) => errors.length > 0);
    expect(observer.errors[0]).toMatchObject({ code: "token_failed" });
    visit.send(events(1));
    await observer.untilSeen(1);
  });

  it("asks for one that it need not renew once per connection", async () => {
    let count = 0;
    relay.observe({ token: () => `token-${++count}` });
    (await relay.welcome()).cut();
    expect((await relay.welcome()).token).toBe("token-2");
    expect(count).toBe(2);
  });
});
