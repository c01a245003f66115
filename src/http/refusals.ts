import { addressPrefix } from "../domain/address.ts";
import type { Env } from "../env.ts";

/** Refusals of one source that this isolate has not yet told its tenant of. */
interface Gathered {
  readonly counts: Map<string, Counted>;
}

interface Counted {
  count: number;
  /** The newest, in turn: the sample of the nth refusal is at n modulo {@link MAX_SAMPLES}. */
  readonly samples: Sample[];
}

/** As it came: an attack is to cost as little as can be, so it is made readable when it is told. */
interface Sample {
  readonly atMs: number;
  readonly size: number;
  readonly address: string;
}

const TELL_AFTER_MS = 10_000;
const MAX_SAMPLES = 20;
/** Sources under attack at once that an isolate keeps count of. */
const MAX_SOURCES = 1_000;

const gathered = new Map<string, Gathered>();

/**
 * Notes a refused request. However many come, the tenant hears of them once per source and
 * ten seconds.
 */
export function noteRefusal(
  env: Env,
  context: Pick<ExecutionContext, "waitUntil">,
  refusal: { tenant: string; source: string; reason: string; size: number; address: string },
  nowMs: number,
): void {
  let entry = gathered.get(refusal.source);
  if (entry === undefined) {
    if (gathered.size >= MAX_SOURCES) return;
    entry = { counts: new Map() };
    gathered.set(refusal.source, entry);
    context.waitUntil(tellLater(env, refusal.tenant, refusal.source));
  }
  const known = entry.counts.get(refusal.reason) ?? { count: 0, samples: [] };
  entry.counts.set(refusal.reason, known);
  const { size, address } = refusal;
  known.samples[known.count % MAX_SAMPLES] = { atMs: nowMs, size, address };
  known.count += 1;
}

async function tellLater(env: Env, tenant: string, source: string): Promise<void> {
  await scheduler.wait(TELL_AFTER_MS);
  const entry = gathered.get(source);
  gathered.delete(source);
  if (entry === undefined) return;
  const atMs = Date.now();
  const rows = [...entry.counts].map(([reason, { count, samples }]) => ({
    atMs,
    reason,
    count,
    samples: newest(count, samples).map(readable),
  }));
  await env.TENANT.getByName(tenant).noteRefusals(source, rows);
}

/** Oldest first. */
function newest(count: number, samples: readonly Sample[]): readonly Sample[] {
  const oldest = count % MAX_SAMPLES;
  return count <= MAX_SAMPLES ? samples : [...samples.slice(oldest), ...samples.slice(0, oldest)];
}

function readable({ atMs, size, address }: Sample) {
  return { at: new Date(atMs).toISOString(), size, from: addressPrefix(address) };
}
