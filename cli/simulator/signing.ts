import { signWebhook } from "../../src/domain/signature.ts";
import type { Flaw } from "./disturbance.ts";

export interface SigningOptions {
  readonly secret: string;
  readonly scheme: "timestamped" | "body" | "legacy";
  /** eDRV does not say whether its `t` counts milliseconds or seconds. */
  readonly unit: "ms" | "s";
}

/** The `edrv-signature` of one attempt, made at the time of that attempt. */
export function sign(
  body: Uint8Array<ArrayBuffer>,
  { secret, scheme, unit }: SigningOptions,
  nowMs: number,
): Promise<string> {
  const t = unit === "ms" ? nowMs : Math.floor(nowMs / 1000);
  return signWebhook({ body, secret, scheme, t });
}

/** What somebody without the secret sends in its place. */
export async function forge(
  body: Uint8Array<ArrayBuffer>,
  flaw: Flaw,
  options: SigningOptions,
  nowMs: number,
): Promise<string | null> {
  switch (flaw) {
    case "unsigned":
      return null;
    case "other_secret":
      return sign(body, { ...options, secret: `not-${options.secret}` }, nowMs);
    case "altered_body":
      return sign(body.slice(0, -1), options, nowMs);
  }
}
