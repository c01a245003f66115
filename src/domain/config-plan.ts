import {
  type ConfigDocument,
  type ConfigRoute,
  type ConfigSource,
  type PresentRoute,
  type PresentSource,
  type RouteSecretValues,
  showRoute,
  showSource,
} from "./config-document.ts";
import { resolveRouteSecrets, resolveSourceSecret } from "./config-secrets.ts";
import type { Issue, Problem } from "./problem.ts";
import { err, ok, type Result } from "./result.ts";

export const MAX_SOURCES = 50;
export const MAX_ROUTES = 100;
/** Secrets that a source accepts at a time. */
export const MAX_LIVE_SECRETS = 10;

/** One field that a change sets; of secrets only what the document shows. */
export interface FieldChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

export type SourceSettings = Omit<ConfigSource, "secret">;
export type RouteSettings = Omit<ConfigRoute, keyof RouteSecretValues> & RouteSecretValues;

/** What is to be done with one thing. `secret` of a source: one to be added, or null. */
export type Step<Settings> =
  | { readonly action: "create"; readonly name: string; readonly settings: Settings }
  | {
      readonly action: "update";
      readonly name: string;
      readonly id: string;
      readonly settings: Settings;
      readonly changes: readonly FieldChange[];
    }
  | { readonly action: "none"; readonly name: string; readonly id: string }
  | { readonly action: "delete"; readonly name: string; readonly id: string };
export type SourceStep = Step<SourceSettings & { readonly secret: string | null }>;
export type RouteStep = Step<RouteSettings>;

export interface ConfigPlan {
  readonly sources: readonly SourceStep[];
  readonly routes: readonly RouteStep[];
}

export interface PresentConfig {
  readonly sources: readonly PresentSource[];
  readonly routes: readonly PresentRoute[];
}

export type ConfigRefusal = Pick<Problem, "code" | "detail" | "issues">;

/**
 * What has to be done for a tenant to be as its document says: in the document's order, and then
 * what the document leaves out, which is deleted. All that can be refused is refused here.
 */
export function planConfig(
  document: ConfigDocument,
  present: PresentConfig,
): Result<ConfigPlan, ConfigRefusal> {
  const shared = [
    ...sharedNames("sources", present.sources),
    ...sharedNames("routes", present.routes),
  ];
  if (shared.length > 0) {
    const detail = `A document knows things by their names; rename or delete one of ${shared.join("; ")}.`;
    return err({ code: "conflict", detail });
  }
  if (document.sources.length > MAX_SOURCES) return limit(`At most ${MAX_SOURCES} sources.`);
  if (document.routes.length > MAX_ROUTES) return limit(`At most ${MAX_ROUTES} routes.`);

  const issues: Issue[] = [];
  const sources = planAll(document.sources, present.sources, (wanted, before, index) =>
    planSource(wanted, before, (field, message) => {
      issues.push({ path: `sources.${index}.${field}`, message });
    }),
  );
  const routes = planAll(document.routes, present.routes, (wanted, before, index) =>
    planRoute(wanted, before, (field, message) => {
      issues.push({ path: `routes.${index}.${field}`, message });
    }),
  );
  if (issues.length > 0) return err(invalid(issues));
  const full = sources.find(
    (step) => step.action === "update" && step.settings.secret !== null && isFull(step.id, present),
  );
  if (full !== undefined) {
    return limit(`${JSON.stringify(full.name)} has ${MAX_LIVE_SECRETS} live secrets already.`);
  }
  return ok({ sources, routes });
}

type Report = (field: string, message: string) => void;

interface Named {
  readonly name: string;
}

function planAll<W extends Named, P extends Named & { readonly id: string }, S>(
  wanted: readonly W[],
  present: readonly P[],
  plan: (wanted: W, before: P | null, index: number) => Step<S>,
): Step<S>[] {
  const byName = new Map(present.map((thing) => [thing.name, thing]));
  const kept = wanted.map((thing, index) => plan(thing, byName.get(thing.name) ?? null, index));
  const names = new Set(wanted.map(({ name }) => name));
  const left = present.filter(({ name }) => !names.has(name));
  return [...kept, ...left.map(({ id, name }) => ({ action: "delete" as const, id, name }))];
}

function planSource(
  { secret, ...settings }: ConfigSource,
  before: PresentSource | null,
  report: Report,
): SourceStep {
  const added = resolveSourceSecret(secret, before, (message) => report("secret", message));
  const { name } = settings;
  if (before === null) return { action: "create", name, settings: { ...settings, secret: added } };
  const secrets = [
    ...(added === null ? [] : [{ secret: added, expiresAtMs: null }]),
    ...before.secrets,
  ];
  const after = { ...settings, id: before.id, secrets };
  const changes = changesOf({ ...before }, { ...after }, showSource(before), showSource(after));
  // Its secrets have dates beside; the document shows one of them.
  const named = changes.map((change) =>
    change.field === "secrets" ? { ...secretChange(before, after) } : change,
  );
  return stepOf(before, { ...settings, secret: added }, named);
}

function secretChange(before: PresentSource, after: PresentSource): FieldChange {
  const [old, now] = [showSource(before).secret, showSource(after).secret];
  return { field: "secret", before: old ?? null, after: now ?? null };
}

function planRoute(wanted: ConfigRoute, before: PresentRoute | null, report: Report): RouteStep {
  const secrets = resolveRouteSecrets(wanted, before, report);
  if (wanted.format !== "raw" && secrets.edrvSecret !== null) {
    report("edrvSecret", "only a raw route can sign as eDRV does");
  }
  const edrvScheme = wanted.edrvScheme ?? before?.edrvScheme;
  const settings: RouteSettings = { ...wanted, ...secrets, edrvScheme };
  if (before === null) return { action: "create", name: wanted.name, settings };
  const after = { ...settings, id: before.id };
  const changes = changesOf({ ...before }, { ...after }, showRoute(before), showRoute(after));
  return stepOf(before, settings, changes);
}

function stepOf<S>(
  { id, name }: { readonly id: string; readonly name: string },
  settings: S,
  changes: readonly FieldChange[],
): Step<S> {
  if (changes.length === 0) return { action: "none", id, name };
  return { action: "update", id, name, settings, changes };
}

/** Compared by what is there, told by what the document shows of it. */
function changesOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  shownBefore: object,
  shownAfter: object,
): FieldChange[] {
  const fields = Object.keys(before).filter((field) => !isSame(before[field], after[field]));
  return fields.map((field) => ({
    field,
    before: fieldOf(shownBefore, field),
    after: fieldOf(shownAfter, field),
  }));
}

function fieldOf(thing: object, field: string): unknown {
  return Object.entries(thing).find(([key]) => key === field)?.[1] ?? null;
}

/** Equal as JSON, in whatever order the keys are. */
function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function isFull(id: string, { sources }: PresentConfig): boolean {
  return (sources.find((source) => source.id === id)?.secrets.length ?? 0) >= MAX_LIVE_SECRETS;
}

function sharedNames(kind: string, things: readonly Named[]): string[] {
  const names = things.map(({ name }) => name);
  const shared = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...shared].map((name) => `the ${kind} named ${JSON.stringify(name)}`);
}

const limit = (detail: string) => err({ code: "limit_reached" as const, detail });

function invalid(issues: readonly Issue[]): ConfigRefusal {
  const detail = issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
  return { code: "invalid_request", detail, issues };
}
