import {
  type AuditReport,
  AuditVerifier,
  MAX_AUDIT_ENTRIES,
} from "../../../src/domain/audit-chain.ts";
import type { AuditEntry } from "../../api/answers.ts";

/** Checks the chain of entries as far as they are loaded, newest first. */
export function verify(entries: readonly AuditEntry[], isWhole: boolean): AuditReport {
  const verifier = new AuditVerifier();
  for (const entry of entries) verifier.take(entry);
  const oldest = entries.at(-1)?.number ?? 1;
  // Of a part, the entries before its oldest one are not missing: they were not asked for.
  return isWhole ? verifier.finish() : verifier.finish(oldest + MAX_AUDIT_ENTRIES - 1);
}
