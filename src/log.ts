/** What is known of a call that failed, with the flags that the platform puts on errors of calls to objects. */
interface Fault {
  readonly error: string;
  readonly retryable: boolean;
  readonly overloaded: boolean;
}

interface OfTenant {
  readonly tenant: string;
}

interface OfStation extends OfTenant {
  readonly station: string;
}

/**
 * Everything that the relay logs, named `noun.past`, with what is told of it: ids and words of our
 * own, and the error. Never a body, a secret, a signature, a key, or a URL's query.
 */
interface Happenings {
  /** The Worker's secrets are missing or unusable. */
  readonly "worker.misconfigured": { readonly error: string };
  /** A request was answered 500 or 503. */
  readonly "request.failed": Fault & { readonly path: string };
  /** The registry could not be read for `/health`. */
  readonly "health.failed": Fault;
  /** An alarm ended early; it comes again. */
  readonly "alarm.failed": Fault & OfTenant & { readonly station?: string };
  /** The feed did not take a station's events; an alarm sends them again. */
  readonly "push.failed": Fault & OfStation;
  /** The relay itself could not make an attempt; no event is charged for it. */
  readonly "lane.failed": Fault & OfStation & { readonly route: string };
  /** The feed did not hear of a change; it is told again. */
  readonly "telling.failed": Fault & OfTenant;
  /** A station that waits could not be woken; it is woken again. */
  readonly "waking.failed": Fault & OfStation;
  /** A lane could not be asked to probe; another is asked. */
  readonly "probe.failed": Fault & OfStation & { readonly route: string };
  /** Who waits at a gate was not told to look again. */
  readonly "gate.failed": Fault & OfTenant & { readonly route: string };
  /** A replay could not go on; it is tried again. */
  readonly "replay.failed": Fault &
    OfTenant & { readonly replay: string; readonly station?: string };
  /** The relay could not tell of itself; it is tried again. */
  readonly "notices.failed": Fault & OfTenant;
  /** There was no room to tell of something. */
  readonly "notice.dropped": OfStation & { readonly type: string; readonly subject: string };
  /** A station or the feed could not be had to let go of what is too old; the next round does. */
  readonly "retention.failed": Fault & OfTenant & { readonly station?: string };
  /** What was counted did not reach the tenant; it goes with the next. */
  readonly "usage.failed": Fault & OfTenant;
}

export type Happening = keyof Happenings;

/** One JSON line per happening. */
export function log<E extends Happening>(
  level: "warn" | "error",
  event: E,
  fields: Happenings[E],
): void {
  console[level](JSON.stringify({ event, ...fields }));
}

/** What a log line says of an error. */
export function faultFields(error: unknown): Fault {
  const flag = (name: string) =>
    error instanceof Error && name in error && Reflect.get(error, name) === true;
  const retryable = flag("retryable");
  const overloaded = flag("overloaded");
  return { error: String(error).slice(0, 500), retryable, overloaded };
}
