import * as fc from "fast-check";

import { OPERATOR_KEY } from "../../support/secrets.ts";
import { bearer, message } from "../message.ts";
import { attemptMessage, type Surface } from "../surface.ts";
import { utf8 } from "../values.ts";
import type { World } from "../world.ts";

/** What has ids that no other tenant can have, and whose calls name one. */
const KINDS = /^\w+ \/v1\/(sources|routes|keys)\/\{\w+\}/;
const ASKERS = ["other", "otherReader", "token", "stateToken", "ticket", "operator"] as const;

/** What is there and good, for somebody whose it is not: to them it does not exist. */
export const others: Surface<{ asker: (typeof ASKERS)[number]; call: number }> = {
  name: "others' things",
  input: fc.record({ asker: fc.constantFrom(...ASKERS), call: fc.nat(1_000) }),
  attempt: (world, { asker, call }) => {
    const calls = world.calls.filter((one) => KINDS.test(one));
    const [method = "", path = ""] = calls[call % calls.length]?.split(" ") ?? [];
    const target = withIds(world, path);
    const body = method === "GET" || method === "DELETE" ? "" : "{}";
    const request = message(method, target, [bearer(keysOf(world)[asker])], utf8(body));
    return attemptMessage(world, request, {
      statuses: asker === "other" || asker === "otherReader" ? [400, 403, 404] : [401, 403],
      secrets: [...world.secrets, world.main.tenant.id],
    });
  },
};

function withIds({ main, mainKeyId }: World, path: string): string {
  return path
    .replace(/sources\/\{\w+\}/, `sources/${main.source.id}`)
    .replace(/routes\/\{\w+\}/, `routes/${main.routeId}`)
    .replace(/keys\/\{\w+\}/, `keys/${mainKeyId}`)
    .replace(/\{station\}/, "cs1")
    .replace(/\{\w+\}/g, "1");
}

function keysOf({ other, token, stateToken, ticket }: World) {
  return {
    other: other.tenant.key,
    otherReader: other.reader,
    ...{ token, stateToken, ticket },
    operator: OPERATOR_KEY,
  };
}
