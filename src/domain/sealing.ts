import { fromBase64Url, fromUtf8, sha256, toBase64Url, toHex, toUtf8 } from "./encoding.ts";

/**
 * Seals secrets with AES-GCM under the master key. Every sealed text names the key that made
 * it and is bound to a purpose, so that one record's secret cannot be put in another's place.
 */
export class Sealer {
  readonly #current: Promise<SealingKey>;
  readonly #all: readonly Promise<SealingKey>[];

  /** `previous` opens what was sealed before the master key changed; nothing new is sealed with it. */
  constructor(master: Uint8Array<ArrayBuffer>, previous: Uint8Array<ArrayBuffer> | null) {
    this.#current = importSealingKey(master);
    this.#all = previous === null ? [this.#current] : [this.#current, importSealingKey(previous)];
  }

  async seal(secret: string, purpose: string): Promise<string> {
    const { id, key } = await this.#current;
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: toUtf8(purpose) },
      key,
      toUtf8(secret),
    );
    return `s1.${id}.${toBase64Url(iv)}.${toBase64Url(new Uint8Array(sealed))}`;
  }

  /** How texts begin that are sealed under the master key of now: neither their secret nor the key's. */
  async currentPrefix(): Promise<string> {
    return `s1.${(await this.#current).id}.`;
  }

  /** The same secret under the master key of now. Throws as {@link open} does. */
  async sealAnew(sealed: string, purpose: string): Promise<string> {
    return this.seal(await this.open(sealed, purpose), purpose);
  }

  /** Throws when the text was sealed under a key we do not have, or for another purpose. */
  async open(sealed: string, purpose: string): Promise<string> {
    const [version, id, ivText, cipherText] = sealed.split(".");
    const iv = fromBase64Url(ivText ?? "");
    const cipher = fromBase64Url(cipherText ?? "");
    if (version !== "s1" || iv === null || cipher === null) throw new Error("not a sealed text");
    for (const candidate of this.#all) {
      const { id: keyId, key } = await candidate;
      if (keyId !== id) continue;
      const opened = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv, additionalData: toUtf8(purpose) },
        key,
        cipher,
      );
      return fromUtf8(new Uint8Array(opened)) ?? "";
    }
    throw new Error(`sealed under master key ${id}, which is not configured`);
  }
}

interface SealingKey {
  readonly id: string;
  readonly key: CryptoKey;
}

async function importSealingKey(master: Uint8Array<ArrayBuffer>): Promise<SealingKey> {
  const digest = await sha256(master);
  const key = await crypto.subtle.importKey("raw", master, "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
  return { id: toHex(digest.subarray(0, 4)), key };
}

/** The key of ids when none is configured: derived, so that it stays as long as the master key does. */
export async function deriveIdKey(
  master: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return deriveBytes(master, "chargewire ids");
}

/** The key that signs tokens: it stays as long as the key of ids does, so tokens outlive a rotation of the master key. */
export async function deriveTokenKey(idKey: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const bytes = await deriveBytes(idKey, "chargewire tokens");
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
}

async function deriveBytes(
  from: Uint8Array<ArrayBuffer>,
  purpose: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey("raw", from, "HKDF", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: toUtf8(purpose) },
    key,
    256,
  );
  return new Uint8Array(bits);
}
