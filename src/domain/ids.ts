import { equalBytes, sha256, toBase32, toHex, toUtf8 } from "./encoding.ts";

/** Beyond, a mint starts over. */
const MAX_KNOWN_SOURCES = 10_000;

/**
 * Source ids and API keys carry their tenant and a keyed checksum, so that what was never
 * issued is refused without asking any object, and so creates none.
 */
export class IdMint {
  readonly #key: Promise<CryptoKey>;
  /** Source ids that were found to be ours, with their tenants: every webhook brings one. */
  readonly #sources = new Map<string, string>();

  constructor(idKey: Uint8Array<ArrayBuffer>) {
    this.#key = crypto.subtle.importKey("raw", idKey, { name: "HMAC", hash: "SHA-256" }, false, [
      "sign",
    ]);
  }

  sourceId(tenant: string): Promise<string> {
    return this.#issue("src", tenant, 10);
  }

  apiKey(tenant: string): Promise<string> {
    return this.#issue("cw", tenant, 32);
  }

  /** What this relay calls itself to others: the same for as long as the key is, and no way back to it. */
  async relayId(): Promise<string> {
    // No stem of an id has a space in it, so this is no id's checksum.
    const mac = await crypto.subtle.sign("HMAC", await this.#key, toUtf8("chargewire hop"));
    return toBase32(new Uint8Array(mac).subarray(0, 20));
  }

  /** The tenant that a source id or API key was issued for, or null if we did not issue it. */
  async tenantOf(kind: "src" | "cw", text: string): Promise<string | null> {
    const known = kind === "src" ? this.#sources.get(text) : undefined;
    if (known !== undefined) return known;
    const parts = /^([a-z]+)_([a-z0-9-]{1,40})_([a-z2-7]{10,32})([a-z2-7]{12})$/.exec(text);
    const [, prefix, tenant, random, checksum] = parts ?? [];
    if (prefix !== kind || tenant === undefined || random === undefined) return null;
    const expected = await this.#checksum(`${prefix}_${tenant}_${random}`);
    if (!equalBytes(toUtf8(expected), toUtf8(checksum ?? ""))) return null;
    if (kind === "src") {
      if (this.#sources.size >= MAX_KNOWN_SOURCES) this.#sources.clear();
      this.#sources.set(text, tenant);
    }
    return tenant;
  }

  async #issue(prefix: string, tenant: string, length: number): Promise<string> {
    const stem = `${prefix}_${tenant}_${randomText(length)}`;
    return stem + (await this.#checksum(stem));
  }

  async #checksum(stem: string): Promise<string> {
    const mac = await crypto.subtle.sign("HMAC", await this.#key, toUtf8(stem));
    return toBase32(new Uint8Array(mac).subarray(0, 12));
  }
}

/** Five bits of randomness a character. */
export function randomText(length: number): string {
  return toBase32(crypto.getRandomValues(new Uint8Array(length)));
}

/** `rt_…`, `key_…`: unique within a tenant, unguessable, carrying nothing. */
export function randomId(prefix: string): string {
  return `${prefix}_${randomText(16)}`;
}

/** API keys hold 160 random bits, so a plain hash is enough to store them safely. */
export async function hashKey(key: string): Promise<string> {
  return toHex(await sha256(toUtf8(key)));
}

/** All that is ever shown of a secret again. Short ones show nothing: four characters would be too many. */
export function hintOf(secret: string): string {
  return secret.length >= 8 ? `…${secret.slice(-4)}` : "…";
}
