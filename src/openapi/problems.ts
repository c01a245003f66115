import { PROBLEM_CODES, type ProblemCode, toWire } from "../domain/problem.ts";
import { type Access, type Endpoint, parametersOf } from "./endpoint.ts";
import { PROBLEM_DETAILS } from "./examples.ts";

/** A way in which a call can be refused, and when it is. */
export interface Refusal {
  readonly code: ProblemCode;
  readonly status: number;
  readonly when: string;
  readonly example: unknown;
}

const FLOODED = {
  rate_limited: "More than 1,000 requests in 10 s from one address without a valid key.",
} as const;

const BY_ACCESS: Readonly<Record<Access, Readonly<Partial<Record<ProblemCode, string>>>>> = {
  open: {},
  signature: {},
  operator: { unauthorized: "It is not the operator's key.", ...FLOODED },
  reader: {
    unauthorized: "There is no key, or no valid one.",
    forbidden: "It is a subscriber token, which opens streams alone.",
    forbidden_origin: "Pages of this origin may not use the key.",
    ...FLOODED,
  },
  admin: {
    unauthorized: "There is no key, or no valid one.",
    forbidden: "The key may only read, or it is a subscriber token.",
    forbidden_origin: "Pages of this origin may not use the key.",
    ...FLOODED,
  },
  grant: {
    unauthorized: "There is no key or token, or no valid one.",
    forbidden_origin: "Pages of this origin may not use the key or token.",
    ...FLOODED,
  },
  stream: {
    unauthorized: "There is no key, token or ticket, or no valid one; or the ticket is used up.",
    forbidden_origin: "Pages of this origin may not use the key or token.",
    ...FLOODED,
  },
};

/** Every way in which the call can be refused but the common ones, by code. */
export function refusalsOf(endpoint: Endpoint): Refusal[] {
  const whens: Partial<Record<ProblemCode, string>> = {
    ...BY_ACCESS[endpoint.access],
    ...(parametersOf(endpoint).length > 0 && { not_found: "There is none." }),
    ...(endpoint.query !== undefined && { invalid_request: "A parameter is not valid." }),
    ...(endpoint.body !== undefined &&
      endpoint.access !== "signature" && {
        invalid_request: "The body is not valid; `issues` says where. Unknown fields are refused.",
        body_too_large: "More than 256 KiB.",
      }),
    ...endpoint.problems,
  };
  return PROBLEM_CODES.flatMap((code) => {
    const when = whens[code];
    return when === undefined ? [] : [refusal(code, when, statusOf(endpoint, code))];
  });
}

export function refusal(code: ProblemCode, when: string, status?: 429): Refusal {
  const detail = PROBLEM_DETAILS[code];
  const issues = code === "invalid_request" ? [{ path: "name", message: "required" }] : undefined;
  const wire = toWire({
    code,
    detail,
    ...(issues === undefined ? {} : { issues }),
    ...(status === undefined ? {} : { status }),
  });
  return { code, status: wire.body.status, when, example: wire.body };
}

/** A limit on sockets answers 429, all others 409. */
function statusOf({ access }: Endpoint, code: ProblemCode): 429 | undefined {
  return access === "stream" && code === "limit_reached" ? 429 : undefined;
}
