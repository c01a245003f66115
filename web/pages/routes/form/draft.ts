import type { NewRoute } from "../../../../src/domain/control.ts";
import type { Filter } from "../../../../src/domain/filter.ts";
import type { SignatureScheme } from "../../../../src/domain/signature.ts";
import type { Route } from "../../../api/answers.ts";
import { DEFAULT_SCHEDULE, readSchedule, writeSchedule } from "./schedule.ts";

export interface HeaderDraft {
  readonly name: string;
  readonly value: string;
}

/** `keep`: what the route has stays, since the relay does not show it. */
export interface AuthDraft {
  readonly type: "keep" | "none" | "basic" | "bearer" | "oauth2";
  readonly username: string;
  readonly password: string;
  readonly token: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string;
}

export interface EdrvDraft {
  readonly mode: "keep" | "off" | "on";
  readonly secret: string;
  /** Empty: as the newest source signs. */
  readonly scheme: SignatureScheme | "";
}

/** A route as its form holds it: numbers as they were typed. */
export interface RouteDraft {
  readonly name: string;
  readonly url: string;
  readonly format: Route["format"];
  readonly filter: Filter;
  /** What is written in the filter's place is no filter: the last one that was stands. */
  readonly isFilterWrong: boolean;
  /** Null: they stay as they are. */
  readonly headers: readonly HeaderDraft[] | null;
  readonly auth: AuthDraft;
  readonly timeoutMs: string;
  readonly schedule: string;
  readonly onExhausted: Route["onExhausted"];
  readonly ratePerSecond: string;
  readonly concurrency: string;
  readonly edrv: EdrvDraft;
}

export interface Issue {
  readonly path: string;
  readonly message: string;
}

const NO_AUTH: AuthDraft = {
  type: "none",
  ...{ username: "", password: "", token: "" },
  ...{ tokenUrl: "", clientId: "", clientSecret: "", scope: "" },
};

export const NEW_DRAFT: RouteDraft = {
  name: "",
  url: "",
  format: "raw",
  filter: {},
  isFilterWrong: false,
  headers: [],
  auth: NO_AUTH,
  timeoutMs: "10000",
  schedule: DEFAULT_SCHEDULE,
  onExhausted: "dead_letter",
  ratePerSecond: "",
  concurrency: "",
  edrv: { mode: "off", secret: "", scheme: "" },
};

export function draftOf(route: Route): RouteDraft {
  const { name, url, format, filter, onExhausted } = route;
  const numberText = (value: number | null) => (value === null ? "" : String(value));
  return {
    ...{ name, url, format, filter, onExhausted },
    isFilterWrong: false,
    headers: route.headers.length === 0 ? [] : null,
    auth: { ...NO_AUTH, type: route.auth === null ? "none" : "keep" },
    timeoutMs: String(route.timeoutMs),
    schedule: writeSchedule(route.retry.scheduleSeconds),
    ratePerSecond: numberText(route.ratePerSecond),
    concurrency: numberText(route.concurrency),
    edrv: { mode: "keep", secret: "", scheme: "" },
  };
}

/** What is wrong before the relay is asked, at the paths that it would name. */
export function issuesOf(draft: RouteDraft): Issue[] {
  const issues: Issue[] = [];
  const complain = (path: string, message: string) => issues.push({ path, message });
  if (draft.name.trim() === "") complain("name", "A route needs a name.");
  if (draft.url.trim() === "") complain("url", "A route needs an address.");
  if (draft.isFilterWrong) complain("filter", "The filter is not valid yet.");
  const schedule = readSchedule(draft.schedule);
  if (!schedule.ok) complain("retry.scheduleSeconds", schedule.message);
  for (const path of ["timeoutMs", "ratePerSecond", "concurrency"] as const) {
    if (Number.isNaN(Number(draft[path]))) complain(path, "This is no number.");
  }
  if (draft.timeoutMs.trim() === "") complain("timeoutMs", "1000 to 30000.");
  const names = (draft.headers ?? []).map(({ name }) => name.trim().toLowerCase());
  if (new Set(names).size < names.length) complain("headers", "A header is there twice.");
  if (draft.edrv.mode === "on" && draft.edrv.secret === "") {
    complain("edrvSecret", "It takes a secret to sign.");
  }
  return issues;
}

/** The request that makes such a route. To be called with a draft that has no issues. */
export function bodyOf(draft: RouteDraft): NewRoute {
  const { format, filter, onExhausted, headers, auth, edrv } = draft;
  const schedule = readSchedule(draft.schedule);
  const numberOf = (text: string) => (text.trim() === "" ? null : Number(text));
  return {
    ...{ name: draft.name.trim(), url: draft.url.trim(), format, filter, onExhausted },
    timeoutMs: Number(draft.timeoutMs),
    retry: { scheduleSeconds: schedule.ok ? [...schedule.waits] : [] },
    ratePerSecond: numberOf(draft.ratePerSecond),
    concurrency: numberOf(draft.concurrency),
    ...(headers !== null && {
      headers: Object.fromEntries(headers.map(({ name, value }) => [name.trim(), value])),
    }),
    ...(auth.type !== "keep" && { auth: authOf(auth) }),
    ...(edrv.mode === "off" && { edrvSecret: null }),
    ...(edrv.mode === "on" && {
      edrvSecret: edrv.secret,
      ...(edrv.scheme !== "" && { edrvScheme: edrv.scheme }),
    }),
  };
}

/** The request that makes of `before` what the draft says; empty when nothing differs. */
export function changesOf(draft: RouteDraft, before: RouteDraft): Partial<NewRoute> {
  const was = new Map(Object.entries(bodyOf(before)));
  const differs = ([field, value]: [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(was.get(field));
  return Object.fromEntries(Object.entries(bodyOf(draft)).filter(differs));
}

/** What was changed in `mine` since `before`, on top of what somebody else has made of it. */
export function rebase(mine: RouteDraft, before: RouteDraft, theirs: RouteDraft): RouteDraft {
  const old = new Map<string, unknown>(Object.entries(before));
  const kept = Object.entries(mine).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(old.get(field)),
  );
  // The filter's field is drawn anew with the last filter that was valid.
  return { ...theirs, ...Object.fromEntries(kept), isFilterWrong: false };
}

/** Whether a change of the address makes the relay forget headers and sign-in. */
export function movesOrigin(draft: RouteDraft, before: RouteDraft): boolean {
  const origin = URL.parse(draft.url.trim())?.origin;
  return origin !== undefined && origin !== URL.parse(before.url)?.origin;
}

function authOf(auth: AuthDraft): NewRoute["auth"] {
  const { username, password, token, tokenUrl, clientId, clientSecret, scope } = auth;
  switch (auth.type) {
    case "basic":
      return { type: "basic", username, password };
    case "bearer":
      return { type: "bearer", token };
    case "oauth2":
      return {
        ...{ type: "oauth2", tokenUrl, clientId, clientSecret },
        ...(scope.trim() !== "" && { scope: scope.trim() }),
      };
    default:
      return null;
  }
}
