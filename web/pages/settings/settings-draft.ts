import type { Settings } from "../../api/answers.ts";

export interface SettingsDraft {
  /** As typed: one on each line. */
  readonly origins: string;
  readonly retentionDays: string;
}

export function draftOf({ allowedOrigins, retentionDays }: Settings): SettingsDraft {
  return { origins: allowedOrigins.join("\n"), retentionDays: String(retentionDays) };
}

export function settingsOf({ origins, retentionDays }: SettingsDraft): Settings {
  const allowedOrigins = origins.split(/\s+/).filter((origin) => origin !== "");
  return { allowedOrigins: [...new Set(allowedOrigins)], retentionDays: Number(retentionDays) };
}

/** Whether a page of this origin could not use the relay with such a list. */
export function shutsOut(allowedOrigins: readonly string[], origin: string): boolean {
  if (allowedOrigins.length === 0) return false;
  return !allowedOrigins.some((allowed) => {
    const [scheme, domain] = allowed.split("://*.");
    if (domain === undefined) return allowed === origin;
    return origin.startsWith(`${scheme}://`) && origin.endsWith(`.${domain}`);
  });
}
