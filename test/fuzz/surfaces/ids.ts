import * as fc from "fast-check";

import { OPERATOR_KEY } from "../../support/secrets.ts";
import { bearer, message } from "../message.ts";
import { attemptMessage, type Surface } from "../surface.ts";
import { issuedLooking, pathPart, utf8 } from "../values.ts";
import type { World } from "../world.ts";

interface Input {
  /** Which call, of all that there are. */
  readonly call: number;
  readonly ids: readonly string[];
  readonly tail: string;
}

const input = fc.record({
  call: fc.nat(1_000),
  ids: fc.array(pathPart, { minLength: 3, maxLength: 3 }),
  tail: fc.oneof({ weight: 4, arbitrary: fc.constant("") }, { weight: 1, arbitrary: pathPart }),
});

/** Every call with ids that the relay has never given out, by somebody without a key. */
export const strangeIds: Surface<Input | { readonly source: string }> = {
  name: "ids, without a key",
  input: fc.oneof(
    { weight: 4, arbitrary: input },
    { weight: 1, arbitrary: issuedLooking("src").map((source) => ({ source })) },
  ),
  attempt: (world, made) =>
    attemptMessage(world, "source" in made ? webhookTo(made) : callWith(world, made, null), {
      statuses: [200, 400, 401, 404, 405],
      // What anybody may see has no tenant in it.
      secrets: [...world.secrets, world.main.tenant.id],
    }),
};

/** The same by an administrator, and by the operator. */
export const ids: Surface<Input & { isOperator: boolean }> = {
  name: "ids",
  input: fc
    .record({ isOperator: fc.nat(9).map((number) => number === 0), made: input })
    .map(({ isOperator, made }) => {
      return { ...made, isOperator };
    }),
  attempt: (world, made) => {
    const isOperators = callOf(world, made).includes("/v1/tenants");
    // The other's key now and then.
    const key = isOperators === made.isOperator ? world.main.tenant.key : OPERATOR_KEY;
    return attemptMessage(world, callWith(world, made, key));
  },
};

const webhookTo = ({ source }: { readonly source: string }) =>
  message("POST", `/ingest/${source}`, [["edrv-signature", `t=1,v1=${"0".repeat(64)}`]]);
const callOf = ({ calls }: World, { call }: Input) => calls[call % calls.length] ?? "";

function callWith(world: World, made: Input, key: string | null) {
  const { ids: given, tail } = made;
  const [method = "", path = ""] = callOf(world, made).split(" ");
  let used = 0;
  const target = path.replace(/\{\w+\}/g, () => {
    used += 1;
    return given[used - 1] ?? "";
  });
  const headers = key === null ? [] : [bearer(key)];
  const body = method === "GET" || method === "DELETE" ? "" : "{}";
  return message(method, tail === "" ? target : `${target}/${tail}`, headers, utf8(body));
}
