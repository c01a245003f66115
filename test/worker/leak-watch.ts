import { MASTER_KEY, MASTER_KEY_PREVIOUS, OPERATOR_KEY } from "../support/secrets.ts";
import { EDRV_SECRET } from "../support/webhooks.ts";

/** Secrets that the relay of the tests works with all the time, and never shows. */
const SECRETS = { OPERATOR_KEY, MASTER_KEY, MASTER_KEY_PREVIOUS, EDRV_SECRET };

const leaks = new Set<string>();

/** Looks for secrets in what leaves the relay. */
export function watch(where: string, text: string): void {
  for (const [name, secret] of Object.entries(SECRETS)) {
    if (text.includes(secret)) leaks.add(`${name} in ${where}`);
  }
}

/** An answer's headers and, but for streams, its body. */
export async function watchAnswer(where: string, response: Response): Promise<void> {
  watch(where, [...response.headers].join("\n"));
  const isStream = response.headers.get("content-type")?.includes("event-stream") === true;
  if (response.body !== null && !isStream) watch(where, await response.clone().text());
}

/** What has leaked since this was asked last. */
export function takeLeaks(): string[] {
  const taken = [...leaks];
  leaks.clear();
  return taken;
}
