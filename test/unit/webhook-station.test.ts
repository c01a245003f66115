import { describe, expect, it } from "vitest";

import { toUtf8 } from "../../src/domain/encoding.ts";
import { readWebhook, stationOf } from "../../src/domain/webhook.ts";

const STATION = "6192dea22df1431ea2c4720d";

describe("stationOf", () => {
  it.each([
    ["session.updated", { chargestation: STATION, _id: "s" }, STATION],
    ["session.updated", { chargestation: { _id: STATION, active: true } }, STATION],
    ["session.updated", { _id: "62b1c19482f1fc562109c551" }, "_account"],
    ["session.updated", { chargestation: null, _id: "s" }, "_account"],
    ["chargestation.online", { _id: STATION }, STATION],
    ["chargestation.online", { _id: STATION, chargestation: null }, STATION],
    ["chargestation.online", { _id: STATION, chargestation: "other" }, "other"],
    ["chargestation.connector_status.updated", { _id: STATION }, STATION],
    ["chargestation.connector.created", { _id: STATION }, STATION],
    ["chargestation.paused", { _id: STATION }, STATION],
    ["chargestation.online", {}, "_account"],
    ["chargestation.get_diagnostics.requested", { _id: "action", chargestation: STATION }, STATION],
    ["chargestation.get_diagnostics.requested", { _id: "action" }, "_account"],
    ["chargestation.reboot.accepted", { _id: "action" }, "_account"],
    ["connector.set_power_limit.rejected", { _id: "action" }, "_account"],
    ["chargestations.online", { _id: "x" }, "_account"],
    ["chargestation", { _id: "x" }, "_account"],
    ["load_management.group.chargestation.added", { _id: "group" }, "_account"],
    ["user.updated", { _id: "user" }, "_account"],
    ["user.updated", { _id: "user", chargestation: STATION }, STATION],
    ["session.updated", null, "_account"],
    ["session.updated", undefined, "_account"],
    ["session.updated", "text", "_account"],
    ["session.updated", [{ chargestation: STATION }], "_account"],
  ])("finds, for a %s with data %j, the station %s", (type, data, station) => {
    expect(stationOf(type, data)).toBe(station);
  });

  it.each(["a", "A-1.b:c_d", "0".repeat(128)])("takes %j for a station id", (id) => {
    expect(stationOf("session.updated", { chargestation: id })).toBe(id);
    expect(stationOf("chargestation.online", { _id: id })).toBe(id);
  });

  it.each([
    ["", "_account", "_a", "-a", ".a", "..", "a/b", "a b", "a\n", "\na", "ä", "a".repeat(129)],
    [7, true, [], {}, ["a"], [["a"]]],
    [{ _id: null }, { _id: 7 }, { _id: "a/b" }, { _id: { _id: "a" } }, { id: "a" }],
  ])("keeps aside what is no station id", async (...values) => {
    for (const value of values) {
      expect(stationOf("session.updated", { chargestation: value })).toBeNull();
      const text = JSON.stringify({ type: "session.updated", data: { chargestation: value } });
      expect(await readWebhook(toUtf8(text))).toEqual({ ok: false, error: "station" });
    }
  });

  it.each([7, "", "a/b", { _id: STATION }, false])(
    "does not take the chargestation's own _id %j",
    (id) => {
      expect(stationOf("chargestation.online", { _id: id })).toBeNull();
    },
  );
});
