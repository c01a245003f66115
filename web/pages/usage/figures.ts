/** Dollars as people read them: cents, or as many digits as a small sum needs to be seen. */
export function dollars(usd: number): string {
  if (usd === 0) return "$0";
  const digits = usd >= 1 ? 2 : usd >= 0.01 ? 3 : 6;
  return `$${usd.toLocaleString("en", { minimumFractionDigits: Math.min(2, digits), maximumFractionDigits: digits })}`;
}

/** What a million accepted events cost at this rate; null without any. */
export function perMillion(usd: number, accepted: number): number | null {
  return accepted === 0 ? null : (usd / accepted) * 1e6;
}

/** `97.3 %`; null of nothing. */
export function share(part: number, whole: number): string | null {
  if (whole === 0) return null;
  // 100 % is said of all, never of nearly all.
  const percent = Math.floor((part / whole) * 1000) / 10;
  return `${percent.toLocaleString("en", { maximumFractionDigits: 1 })} %`;
}
