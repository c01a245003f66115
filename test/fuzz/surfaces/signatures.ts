import * as fc from "fast-check";

import { signWebhook } from "../../../src/domain/signature.ts";
import { EDRV_SECRET } from "../../support/webhooks.ts";
import { message } from "../message.ts";
import { attemptMessage, type Surface } from "../surface.ts";
import { brokenBytes, headerValue, jsonText, text, utf8 } from "../values.ts";

/** Seconds from now, none of which the tolerance of 300 lets pass. */
const FAR_SECONDS = [-86_400_000, -3_600, -310, 310, 3_600, 86_400_000];
const HEX = "0123456789abcdef";

/** The right MAC at the wrong time; the MAC of another body or secret; or what is no signature at all. */
type Header =
  | {
      readonly kind: "late";
      readonly seconds: number;
      readonly isMs: boolean;
      readonly isBody: boolean;
    }
  | {
      readonly kind: "wrong";
      readonly isSecret: boolean;
      readonly isMs: boolean;
      readonly isBody: boolean;
    }
  | { readonly kind: "elements"; readonly elements: readonly string[] };

const time = fc.oneof(
  fc.constantFrom("now", "", "-1", "0", "1e3", "NaN", "1".repeat(15), "1".repeat(16), "0x10", "٣"),
  text,
);
const mac = fc.oneof(
  fc.constantFrom(
    "",
    "0".repeat(63),
    "0".repeat(64),
    "0".repeat(65),
    "g".repeat(64),
    "é".repeat(64),
  ),
  fc.array(fc.constantFrom(...HEX), { minLength: 64, maxLength: 64 }).map((all) => all.join("")),
  text,
);
const element = fc.oneof(
  time.map((value) => `t=${value}`),
  mac.map((value) => `v1=${value}`),
  mac.map((value) => `sha256=${value}`),
  fc.tuple(text, text).map((pair) => pair.join("=")),
  fc.constantFrom("", "=", "t", "v1", "v0=1", "__proto__=1", " t = now ", "\tv1=00"),
);

const header: fc.Arbitrary<Header> = fc.oneof(
  fc.record({
    kind: fc.constant("late" as const),
    seconds: fc.constantFrom(...FAR_SECONDS),
    isMs: fc.boolean(),
    isBody: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("wrong" as const),
    isSecret: fc.boolean(),
    isMs: fc.boolean(),
    isBody: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("elements" as const),
    elements: fc.oneof(fc.array(element, { maxLength: 6 }), fc.array(element, { maxLength: 60 })),
  }),
);

/** The largest body that is read, and two that are not. */
const SIZES = [512 * 1024, 512 * 1024 + 1, 700_000];
const body = fc.oneof(
  { weight: 10, arbitrary: jsonText.map(utf8) },
  { weight: 4, arbitrary: brokenBytes },
  { weight: 1, arbitrary: fc.constantFrom(...SIZES).map((size) => new Uint8Array(size)) },
);

/** Webhooks that eDRV has not signed: none is taken in. */
export const signatures: Surface<{ header: Header; body: Uint8Array }> = {
  name: "signatures",
  input: fc.record({ header, body }),
  attempt: async (world, input) => {
    const value = headerValue(await write(input.header, new Uint8Array(input.body)));
    const request = message(
      "POST",
      world.main.source.path,
      [["edrv-signature", value]],
      input.body,
    );
    return attemptMessage(world, request, { statuses: [401, 413] });
  },
};

async function write(made: Header, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  if (made.kind === "elements") return made.elements.join().replaceAll("now", String(nowSeconds));
  const scheme = made.isBody ? "body" : "timestamped";
  const seconds = nowSeconds + (made.kind === "late" ? made.seconds : 0);
  const t = made.isMs ? seconds * 1000 : seconds;
  if (made.kind === "late") return signWebhook({ body, secret: EDRV_SECRET, scheme, t });
  return made.isSecret
    ? signWebhook({ body, secret: `${EDRV_SECRET}.`, scheme, t })
    : signWebhook({
        body: new Uint8Array([...body.subarray(0, 9), 0]),
        secret: EDRV_SECRET,
        scheme,
        t,
      });
}
