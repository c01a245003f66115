/**
 * Every refusal that the API words, by its stable code. Answers are RFC 9457 problem documents;
 * what a sender may know is decided here and nowhere else.
 */
const PROBLEMS = {
  invalid_request: [400, "The request is not valid"],
  invalid_cursor: [400, "The cursor cannot be read"],
  unauthorized: [401, "Not authorised"],
  forbidden: [403, "Not allowed"],
  forbidden_filter: [403, "This filter is not allowed"],
  forbidden_origin: [403, "This origin is not allowed"],
  not_found: [404, "Not found"],
  method_not_allowed: [405, "Method not allowed"],
  conflict: [409, "In conflict with what is there"],
  limit_reached: [409, "Limit reached"],
  cursor_expired: [410, "The cursor is out of retention"],
  precondition_failed: [412, "What was to be changed has changed"],
  body_too_large: [413, "The body is too large"],
  unsupported_media_type: [415, "Unsupported media type"],
  upgrade_required: [426, "Upgrade required"],
  rate_limited: [429, "Too many requests"],
  internal: [500, "Something broke on our side"],
  unavailable: [503, "Temporarily unavailable"],
  misconfigured: [503, "The relay is not configured"],
  loop_detected: [508, "Loop detected"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES: readonly ProblemCode[] = Object.keys(PROBLEMS).filter(isProblemCode);

function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(PROBLEMS, text);
}

/** One thing that is wrong with a request, and where. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

export interface Problem {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly issues?: readonly Issue[];
  readonly retryAfterSeconds?: number;
  /** In place of the code's own: a limit on sockets answers 429, all others 409. */
  readonly status?: 429;
}

export interface WireProblem {
  readonly status: (typeof PROBLEMS)[ProblemCode][0];
  readonly body: {
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly detail: string;
    readonly code: ProblemCode;
    readonly issues?: readonly Issue[];
  };
}

export function toWire(problem: Problem): WireProblem {
  const { code, detail, issues } = problem;
  const [usual, title] = PROBLEMS[code];
  const status = problem.status ?? usual;
  const type = `urn:chargewire:problem:${code}`;
  const body = { type, title, status, detail, code };
  return { status, body: issues === undefined ? body : { ...body, issues } };
}
