import { describe, expect, it } from "vitest";

import { nextSecrets, readSecretsFile, secretsFileText } from "../../cli/rotation/next-secrets.ts";
import { IdMint } from "../../src/domain/ids.ts";
import { deriveIdKey } from "../../src/domain/sealing.ts";

const key = (fill: number) => Buffer.alloc(32, fill).toString("base64");

describe("nextSecrets", () => {
  it("keeps the key of ids in use: the one that was derived", async () => {
    const issued = await new IdMint(await deriveIdKey(new Uint8Array(32).fill(1))).apiKey("acme");
    const next = await nextSecrets({ MASTER_KEY: key(1) }, key(2));
    expect(next).toMatchObject({ MASTER_KEY: key(2), MASTER_KEY_PREVIOUS: key(1) });
    const ids = new IdMint(new Uint8Array(Buffer.from(next.ID_KEY, "base64")));
    expect(await ids.tenantOf("cw", issued)).toBe("acme");
  });

  it("keeps the key of ids that is set", async () => {
    const next = await nextSecrets({ MASTER_KEY: key(1), ID_KEY: key(3) });
    expect(next.ID_KEY).toBe(key(3));
  });

  it("makes another key each time", async () => {
    const one = await nextSecrets({ MASTER_KEY: key(1) });
    const other = await nextSecrets({ MASTER_KEY: key(1) });
    expect(Buffer.from(one.MASTER_KEY, "base64")).toHaveLength(32);
    expect(one.MASTER_KEY).not.toBe(other.MASTER_KEY);
  });

  it.each([
    [{}, "MASTER_KEY is not set."],
    [{ MASTER_KEY: "hunter2" }, "MASTER_KEY is not base64 of 32 bytes."],
    [{ MASTER_KEY: key(1), ID_KEY: "hunter2" }, "ID_KEY is not base64 of 32 bytes."],
  ])("refuses %j without repeating it", async (present, message) => {
    await expect(nextSecrets(present)).rejects.toThrow(message);
  });
});

describe("secretsFileText", () => {
  it("is read back as it was", async () => {
    const next = await nextSecrets({ MASTER_KEY: key(1) });
    expect(readSecretsFile(secretsFileText(next))).toEqual(next);
  });
});
