import { addressPrefix } from "../domain/address.ts";
import type { Env } from "../env.ts";

/** Refusals of one source that this isolate has not yet told its tenant of. */
interface Gathered {
  readonly counts: Map<string, { count: number; samples: Sample[] }>;
}

interface Sample {
  readonly at: string;
  readonly size: number;
  readonly from: string;
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
  known.count += 1;
  known.samples.push({
    at: new Date(nowMs).toISOString(),
    size: refusal.size,
    from: addressPrefix(refusal.address),
  });
  if (known.samples.length > MAX_SAMPLES) known.samples.shift();
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
    samples,
  }));
  await env.TENANT.getByName(tenant).noteRefusals(source, rows);
}
