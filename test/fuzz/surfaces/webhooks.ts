import * as fc from "fast-check";

import { signWebhook } from "../../../src/domain/signature.ts";
import { EDRV_SECRET, webhook } from "../../support/webhooks.ts";
import { message } from "../message.ts";
import { attemptMessage, type Surface } from "../surface.ts";
import { brokenBytes, type Change, changedJson, changes, jsonText, utf8 } from "../values.ts";

/** Stations that are there, so that a run does not make a database with each event. */
const STATIONS = ["cs1", "cs2"];
const TYPES = [
  "session.updated",
  "chargestation.updated",
  "connector.status",
  "x.new",
  "action.started",
];

type Body =
  | { readonly kind: "changed"; readonly type: string; readonly changes: readonly Change[] }
  | { readonly kind: "any"; readonly json: string }
  | { readonly kind: "broken"; readonly bytes: Uint8Array }
  | { readonly kind: "large"; readonly size: number; readonly unit: string };

const body: fc.Arbitrary<Body> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("changed" as const),
      type: fc.constantFrom(...TYPES),
      changes,
    }),
  },
  { weight: 2, arbitrary: jsonText.map((json) => ({ kind: "any" as const, json })) },
  { weight: 2, arbitrary: brokenBytes.map((bytes) => ({ kind: "broken" as const, bytes })) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("large" as const),
      size: fc.constantFrom(524_287, 524_288, 524_289, 2_000_000),
      unit: fc.constantFrom(" ", "[", "é", '"a":', "\\u0000"),
    }),
  },
);

/** Webhooks that are signed, whatever is in them: all are kept, but for those that are too large. */
export const webhooks: Surface<{ body: Body; station: string }> = {
  name: "signed webhooks",
  input: fc.record({ body, station: fc.constantFrom(...STATIONS) }),
  attempt: async (world, { body: made, station }) => {
    const bytes = new Uint8Array(write(made, station));
    const t = Date.now();
    const scheme = "timestamped";
    const signature = await signWebhook({ body: bytes, secret: EDRV_SECRET, scheme, t });
    const headers = [["edrv-signature", signature]] as const;
    const statuses = [bytes.length > 512 * 1024 ? 413 : 200];
    const request = message("POST", world.main.source.path, headers, bytes);
    return attemptMessage(world, request, { statuses });
  },
};

function write(made: Body, station: string): Uint8Array {
  switch (made.kind) {
    case "broken":
      return made.bytes;
    case "any":
      return utf8(made.json);
    case "changed": {
      const data = {
        _id: "62b1c19482f1fc562109c551",
        chargestation: station,
        status: "Started",
        connectors: [{ _id: "c1", status: "Available" }],
        metrics: { energyConsumed: 1, power: 2, stateOfCharge: 3 },
        createdAt: new Date().toISOString(),
      };
      return utf8(changedJson(webhook({ type: made.type, data }), made.changes));
    }
    case "large": {
      const { size, unit } = made;
      const start = `{"type":"session.updated","data":{"chargestation":"${station}"},"x":"`;
      return utf8(start + unit.repeat(size / unit.length)).subarray(0, size);
    }
  }
}
