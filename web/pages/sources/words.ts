import { silentAtMs } from "../../../src/domain/source-health.ts";
import type { Refusals, Source } from "../../api/answers.ts";
import type { Tone } from "../../ui/badge.tsx";
import { duration } from "../../ui/time.tsx";

export const SCHEMES: Readonly<Record<Source["scheme"], string>> = {
  auto: "automatic: timestamped or body",
  timestamped: "timestamped: the time and the body are signed",
  body: "body: the body alone is signed",
  legacy: "legacy: sha256= over the body, without a time",
};

interface Words {
  readonly title: string;
  readonly advice: string;
}

const REFUSALS: Readonly<Record<Refusals["reason"], Words>> = {
  signature_missing: {
    title: "not signed",
    advice: "It has no edrv-signature header: it is not from eDRV, or the endpoint has no secret.",
  },
  signature_malformed: {
    title: "signature unreadable",
    advice: "Its signature has another form than the scheme of this source.",
  },
  signature_mismatch: {
    title: "signature wrong",
    advice:
      "It is signed with another secret, or in another scheme. Compare the secret with eDRV's.",
  },
  timestamp_out_of_tolerance: {
    title: "time off",
    advice: "Its time is further from the relay's clock than the tolerance: late, or sent again.",
  },
};

/** A relay that is newer than this page may know more reasons. */
export function refusalWords(reason: string): Words {
  const known: Readonly<Record<string, Words>> = REFUSALS;
  return known[reason] ?? { title: reason, advice: "" };
}

/** How a source fares as a whole. */
export function standingOf(source: Source, nowMs: number): { tone: Tone; text: string } {
  if (!source.enabled) return { tone: "off", text: "disabled" };
  if (source.secrets.length === 0) return { tone: "warn", text: "no secret" };
  if (source.lastEventAt === null) return { tone: "busy", text: "waiting" };
  return isSilent(source, nowMs) ? { tone: "bad", text: "silent" } : { tone: "good", text: "ok" };
}

/** By the rule by which the relay tells of silence. */
export function isSilent(source: Source, nowMs: number): boolean {
  const { enabled, lastEventAt, silentAfterSeconds, updatedAt } = source;
  if (!enabled || lastEventAt === null || silentAfterSeconds === 0) return false;
  const lastEventAtMs = Date.parse(lastEventAt);
  const updatedAtMs = Date.parse(updatedAt);
  return nowMs > silentAtMs({ lastEventAtMs, silentAfterSeconds, updatedAtMs });
}

export function silenceWords(seconds: number): string {
  return seconds === 0 ? "never told" : `after ${duration(seconds)} without an event`;
}
