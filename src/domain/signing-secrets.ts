/** A secret that signs deliveries; the one before it may go on signing beside it for a while. */
export interface SigningSecret {
  /** `whsec_…` */
  readonly secret: string;
  /** Null for those made before it was noted. */
  readonly createdAtMs: number | null;
  /** Null: until another takes its place. */
  readonly expiresAtMs: number | null;
}

export const MAX_SIGNING_SECRETS = 5;

/** From storage, where a secret may be a plain string. */
export function readSigningSecret(stored: string | SigningSecret): SigningSecret {
  if (typeof stored !== "string") return stored;
  return { secret: stored, createdAtMs: null, expiresAtMs: null };
}

/** Those that sign at a time, newest first. */
export function liveSecrets<S extends Pick<SigningSecret, "expiresAtMs">>(
  secrets: readonly S[],
  nowMs: number,
): S[] {
  return secrets.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs);
}

/**
 * The secrets once `secret` has taken over and the others end within `overlapMs`; null when
 * more than {@link MAX_SIGNING_SECRETS} would be live.
 */
export function rotateSecrets(
  secrets: readonly SigningSecret[],
  secret: string,
  overlapMs: number,
  nowMs: number,
): SigningSecret[] | null {
  const endMs = nowMs + overlapMs;
  const previous = secrets.map((before) => ({
    ...before,
    expiresAtMs: Math.min(before.expiresAtMs ?? endMs, endMs),
  }));
  const rotated = [
    { secret, createdAtMs: nowMs, expiresAtMs: null },
    ...liveSecrets(previous, nowMs),
  ];
  return rotated.length > MAX_SIGNING_SECRETS ? null : rotated;
}
