/** What a log line may hold: never a body, a secret, a signature or a key. */
type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** One JSON line per happening, named `noun.past`. */
export function log(level: "warn" | "error", event: string, fields: Fields): void {
  console[level](JSON.stringify({ event, ...fields }));
}

/** What a log line says of an error, with the flags that the platform puts on errors of calls to objects. */
export function faultFields(error: unknown): {
  error: string;
  retryable: boolean;
  overloaded: boolean;
} {
  const flag = (name: string) =>
    error instanceof Error && name in error && Reflect.get(error, name) === true;
  const retryable = flag("retryable");
  const overloaded = flag("overloaded");
  return { error: String(error).slice(0, 500), retryable, overloaded };
}
