import type { QuarantinedWebhook } from "../../api/answers.ts";

export interface ReasonWords {
  readonly title: string;
  /** Why it is here. */
  readonly why: string;
  /** What a release does with it, or why there is none. */
  readonly release: string;
  readonly isReleasable: boolean;
  /** A release has to name a station. */
  readonly needsStation: boolean;
}

const NEVER = { isReleasable: false, needsStation: false };

const REASONS: Readonly<Record<QuarantinedWebhook["reason"], ReasonWords>> = {
  not_json: {
    title: "not JSON",
    why: "Its body is not JSON, so that nothing can be read from it.",
    release: "An event needs a body that is JSON: keep it until it is looked into, or discard it.",
    ...NEVER,
  },
  not_object: {
    title: "not an object",
    why: "Its body is JSON, but not an object as eDRV sends it.",
    release: "An event needs a JSON object: keep it until it is looked into, or discard it.",
    ...NEVER,
  },
  type: {
    title: "no type",
    why: "Its body has no usable type: one of 1 to 128 printable ASCII characters.",
    release: "An event needs a type: keep it until it is looked into, or discard it.",
    ...NEVER,
  },
  station: {
    title: "no station",
    why: "What stands where its body names the station is no station's id.",
    release: "Name the station whose event it is. It comes last in that station's order.",
    isReleasable: true,
    needsStation: true,
  },
  stale: {
    title: "too old",
    why: "It is older than what its station remembers, so it may be a request sent again.",
    release:
      "It comes last in the order of the station that its body names, or of the one named here. Release it when you know that it is no repetition.",
    isReleasable: true,
    needsStation: false,
  },
};

/** A relay that is newer than this page may know more reasons; it decides about their release. */
export function reasonWords(reason: string): ReasonWords {
  const known: Readonly<Record<string, ReasonWords>> = REASONS;
  return (
    known[reason] ?? {
      ...{ title: reason, why: "", release: "", isReleasable: true, needsStation: false },
    }
  );
}
