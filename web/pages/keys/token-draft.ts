export type View = "events" | "state";

export interface TokenDraft {
  readonly view: View;
  /** As typed: names with spaces, commas or line ends between them. */
  readonly stations: string;
  readonly types: string;
  readonly ttlSeconds: number;
}

export const NEW_TOKEN: TokenDraft = { view: "events", stations: "", types: "", ttlSeconds: 3_600 };

export const LIFETIMES: readonly (readonly [seconds: number, words: string])[] = [
  [600, "10 minutes"],
  [3_600, "1 hour"],
  [28_800, "8 hours"],
  [86_400, "24 hours"],
];

/** The body of the request; what was left empty limits nothing. */
export function tokenRequest({ view, stations, types, ttlSeconds }: TokenDraft) {
  const [stationNames, typeNames] = [namesIn(stations), namesIn(types)];
  return {
    view,
    ttlSeconds,
    ...(stationNames.length > 0 && { stations: stationNames }),
    ...(typeNames.length > 0 && { types: typeNames }),
  };
}

export function namesIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== "");
}
