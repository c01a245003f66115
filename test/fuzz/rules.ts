import * as z from "zod";

import { PROBLEM_CODES } from "../../src/domain/problem.ts";
import { MASTER_KEY, OPERATOR_KEY } from "../support/secrets.ts";
import { EDRV_SECRET } from "../support/webhooks.ts";
import type { Exchanged, RawAnswer } from "./exchange.ts";

const Problem = z.strictObject({
  type: z.string().startsWith("urn:chargewire:problem:"),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(PROBLEM_CODES),
  issues: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});

/** Words that the server itself has for what is no HTTP, before the Worker sees any of it. */
const NO_HTTP =
  /^(ERROR: .*|Bad Request|(invalid|unexpected) [\w -]+|URI too long|message head is too large)$/;
/** More than a refusal needs: it is no echo of what was refused. */
const MAX_PROBLEM_CHARS = 32 * 1024;

export interface Expectations {
  /** Statuses that may answer; any but 5xx unless given. */
  readonly statuses?: readonly number[];
  /** The message may be no HTTP at all, of which the relay never hears. */
  readonly mayBeNoHttp?: boolean;
  /** The server may have closed before it had read everything, and its answer is lost with that. */
  readonly mayBeLost?: boolean;
  /** The sender may have gone too early to be answered anything else. */
  readonly mayBeUnavailable?: boolean;
  /** Of HEAD the headers alone are looked at. */
  readonly isHead?: boolean;
  /** What else must not be in an answer. */
  readonly secrets?: readonly string[];
}

/** What is wrong with how a request was answered. */
export function complaintsOf({ answers, end }: Exchanged, expected: Expectations): string[] {
  const complaints = answers.flatMap((answer) => complaintsOfAnswer(answer, expected));
  if (end === "hung") complaints.push("no end of it");
  if (answers.length === 0 && expected.mayBeNoHttp !== true && expected.mayBeLost !== true) {
    complaints.push("no answer");
  }
  return complaints;
}

function complaintsOfAnswer(answer: RawAnswer, expected: Expectations): string[] {
  const { status, body } = answer;
  if (expected.mayBeNoHttp === true && isNoHttp(answer)) return [];
  const complaints: string[] = [];
  const isUnavailable = status === 503 && expected.mayBeUnavailable === true;
  if (status >= 500 && !isUnavailable) complaints.push(`answered ${status}`);
  if (status >= 400 && expected.isHead !== true) complaints.push(...complaintsOfProblem(answer));
  if (expected.statuses !== undefined && !expected.statuses.includes(status)) {
    complaints.push(`answered ${status}, not ${expected.statuses.join(" or ")}`);
  }
  const whole = `${JSON.stringify(answer.headers)}${body}`;
  for (const secret of [OPERATOR_KEY, MASTER_KEY, EDRV_SECRET, ...(expected.secrets ?? [])]) {
    if (whole.includes(secret)) complaints.push(`a secret is in the answer: ${secret}`);
  }
  if (/\bat \S+ \(.*:\d+:\d+\)|worker\.js:\d+/.test(whole))
    complaints.push("a stack is in the answer");
  return complaints;
}

function isNoHttp({ status, headers, body }: RawAnswer): boolean {
  const type = headers["content-type"] ?? "text/plain";
  return (
    [400, 414, 431, 501].includes(status) && type.startsWith("text/plain") && NO_HTTP.test(body)
  );
}

function complaintsOfProblem({ status, headers, body }: RawAnswer): string[] {
  const complaints: string[] = [];
  if (headers["content-type"] !== "application/problem+json") {
    complaints.push(`${status} of type ${headers["content-type"]}: ${body.slice(0, 100)}`);
    return complaints;
  }
  if (body.length > MAX_PROBLEM_CHARS) complaints.push(`${status} with ${body.length} characters`);
  const problem = Problem.safeParse(parse(body));
  if (!problem.success) return [...complaints, `no problem document: ${body.slice(0, 200)}`];
  if (problem.data.status !== status)
    complaints.push(`${status} with ${problem.data.status} in it`);
  if ([429, 503].includes(status) && headers["retry-after"] === undefined) {
    complaints.push(`${status} without retry-after`);
  }
  return complaints;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
