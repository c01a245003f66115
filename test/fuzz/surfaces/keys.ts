import { createHmac } from "node:crypto";
import * as fc from "fast-check";

import { MASTER_KEY, OPERATOR_KEY } from "../../support/secrets.ts";
import { type Header, message } from "../message.ts";
import { attemptMessage, type Surface } from "../surface.ts";
import { changedJson, changes, headerValue, issuedLooking, text } from "../values.ts";
import type { World } from "../world.ts";

const ALGORITHMS = [
  "HS256",
  "HS384",
  "HS512",
  "none",
  "None",
  "",
  "RS256",
  "ES256",
  "dir",
  "A256KW",
];
const TYPES = ["chargewire-token+jwt", "chargewire-ticket+jwt", "JWT", "application/jwt", ""];
/** What somebody could know of, or take for, a key that the relay signs with. */
const KEYS = ["", "\0", OPERATOR_KEY, MASTER_KEY, "secret", "0".repeat(32)];
const EXTRAS = [
  {},
  { kid: "../../dev/null" },
  { jku: "http://127.0.0.1:9/keys" },
  { jwk: { kty: "oct", k: "AAAA" } },
  { x5u: "http://127.0.0.1:9/cert" },
  { crit: ["exp"] },
  { b64: false, crit: ["b64"] },
  { zip: "DEF" },
];

type Credential =
  | {
      readonly kind: "forged";
      readonly header: object;
      readonly claims: Changed;
      readonly key: string;
    }
  | { readonly kind: "altered"; readonly which: number; readonly at: number; readonly by: string }
  | { readonly kind: "past"; readonly which: number }
  | { readonly kind: "swapped" }
  | { readonly kind: "text"; readonly value: string };
type Changed = Parameters<typeof changedJson>[1];

const header = fc
  .tuple(fc.constantFrom(...ALGORITHMS), fc.constantFrom(...TYPES), fc.constantFrom(...EXTRAS))
  .map(([alg, typ, extra]) => ({ alg, typ, ...extra }));

const credential: fc.Arbitrary<Credential> = fc.oneof(
  fc.record({
    kind: fc.constant("forged" as const),
    header,
    claims: fc.oneof(fc.constant([]), changes),
    key: fc.oneof(fc.constantFrom(...KEYS), text),
  }),
  fc.record({
    kind: fc.constant("altered" as const),
    which: fc.nat(5),
    at: fc.nat(2_000),
    by: fc.constantFrom("", "A", ".", "=", "-", "é", "a2", "\t"),
  }),
  fc.record({ kind: fc.constant("past" as const), which: fc.nat(1) }),
  fc.constant({ kind: "swapped" as const }),
  fc.record({ kind: fc.constant("text" as const), value: fc.oneof(text, issuedLooking("cw")) }),
);

/** More is refused by the server itself, as is a longer URL. */
const MAX_HEADER_CHARS = 60_000;

const PLACES = ["header", "protocol", "ticket", "scheme"] as const;
type Place = (typeof PLACES)[number];
/** Each takes a key of some kind, and none takes what is made here. */
const TARGETS = ["/v1/events", "/v1/stream", "/v1/stations/cs1/stream", "/v1/keys", "/v1/tenants"];

/** Keys, tokens and tickets that nobody was given, or that are no longer good: none opens anything. */
export const keys: Surface<{
  credential: Credential;
  place: Place;
  target: string;
}> = {
  name: "keys and tokens",
  input: fc.record({
    credential,
    place: fc.constantFrom(...PLACES),
    target: fc.constantFrom(...TARGETS),
  }),
  attempt: (world, { credential: made, place, target }) => {
    const value = headerValue(write(world, made, place)).slice(0, MAX_HEADER_CHARS);
    const [headers, query] = put(value, place);
    const request = message("GET", target + query, headers);
    return attemptMessage(world, request, { statuses: [401], secrets: world.secrets });
  },
};

function write(world: World, made: Credential, place: Place): string {
  switch (made.kind) {
    case "text":
      return made.value;
    case "swapped":
      return place === "ticket" ? world.token : world.ticket;
    case "past":
      return [world.expiredToken, world.deletedKey][made.which] ?? "";
    case "altered": {
      const { which, at, by } = made;
      const { main, other, token, ticket } = world;
      const all = [main.tenant.key, other.reader, token, ticket, world.stateToken, OPERATOR_KEY];
      return alter(all[which] ?? "", at, by);
    }
    case "forged":
      return forge(world, made);
  }
}

/** A character in another's place, or none; never the last, of which a signature does not use all bits. */
function alter(value: string, at: number, by: string): string {
  const place = at % (value.length - 1);
  const altered = value.slice(0, place) + by + value.slice(place + 1);
  return altered === value ? `${value.slice(0, place)}_${value.slice(place + 1)}!` : altered;
}

function forge(world: World, made: Extract<Credential, { kind: "forged" }>): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = {
    jti: "a".repeat(20),
    iss: world.main.tenant.id,
    sub: "key_aaaaaaaaaaaaaaaa",
    iat: nowSeconds,
    exp: nowSeconds + 600,
    grant: { view: "events", scopes: [] },
  };
  const parts = [JSON.stringify(made.header), changedJson(claims, made.claims)];
  const signed = parts.map((part) => Buffer.from(part).toString("base64url")).join(".");
  if (made.key === "\0") return `${signed}.`;
  const hash = /^HS(\d+)$/.exec("alg" in made.header ? String(made.header.alg) : "")?.[1] ?? "256";
  return `${signed}.${createHmac(`sha${hash}`, made.key).update(signed).digest("base64url")}`;
}

function put(value: string, place: Place): [headers: Header[], query: string] {
  const upgrade: Header[] = [
    ["connection", "Upgrade"],
    ["upgrade", "websocket"],
    ["sec-websocket-version", "13"],
    ["sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="],
  ];
  switch (place) {
    case "header":
      return [[["authorization", `Bearer ${value}`]], ""];
    case "scheme":
      return [[["authorization", value]], ""];
    case "protocol":
      return [[...upgrade, ["sec-websocket-protocol", `chargewire.v1, auth.${value}`]], ""];
    case "ticket":
      return [
        [["accept", "text/event-stream"]],
        `?ticket=${encodeURIComponent(value).slice(0, MAX_HEADER_CHARS)}`,
      ];
  }
}
