import type { Route, Source } from "../api/answers.ts";

/** What is known of a tenant that is being set up; null for what is still being asked. */
export interface SetUp {
  readonly sources: readonly Source[] | null;
  readonly routes: readonly Route[] | null;
  /** This page has seen an event of eDRV's come in. */
  readonly hasSeenEvent: boolean;
}

export interface Progress {
  readonly hasSource: boolean;
  /** A source has a secret, so that what eDRV sends can be verified. */
  readonly hasSecret: boolean;
  readonly hasEvent: boolean;
  readonly hasRoute: boolean;
  /** The source that the next step is about: the first one that has heard nothing yet. */
  readonly source: Source | null;
}

export function progressOf({ sources, routes, hasSeenEvent }: SetUp): Progress {
  const known = sources ?? [];
  const hasHeard = ({ lastEventAt }: Source) => lastEventAt !== null;
  return {
    hasSource: known.length > 0,
    hasSecret: known.some(({ secrets }) => secrets.length > 0),
    hasEvent: hasSeenEvent || known.some(hasHeard),
    hasRoute: (routes ?? []).length > 0,
    source: known.find((source) => !hasHeard(source)) ?? known[0] ?? null,
  };
}
