import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";

afterEach(() => reset());

/** Facts about the runtime that the design rests on. Should one change, this says which. */
describe("the platform", () => {
  const inStorage = <T>(run: (storage: DurableObjectStorage) => T | Promise<T>) =>
    runInDurableObject(env.STATION.getByName("platform/pins"), (_instance, { storage }) =>
      run(storage),
    );

  it("counts one row for an insert and for an upsert that updates", async () => {
    await inStorage(({ sql }) => {
      sql.exec("CREATE TABLE ring (slot INTEGER PRIMARY KEY, x TEXT)");
      const upsert = () =>
        sql.exec("INSERT INTO ring VALUES (1, 'a') ON CONFLICT (slot) DO UPDATE SET x = 'b'")
          .rowsWritten;
      expect([upsert(), upsert()]).toEqual([1, 1]);
    });
  });

  it("takes writes back when the transaction throws", async () => {
    await inStorage((storage) => {
      storage.sql.exec("CREATE TABLE t (a)");
      const fail = () =>
        storage.transactionSync(() => {
          storage.sql.exec("INSERT INTO t VALUES (1)");
          throw new Error("no");
        });
      expect(fail).toThrow("no");
      expect(storage.sql.exec("SELECT * FROM t").toArray()).toEqual([]);
    });
  });

  it("knows an object's name", async () => {
    await runInDurableObject(env.STATION.getByName("platform/name"), (_instance, { id }) => {
      expect(id.name).toBe("platform/name");
    });
  });

  it("keeps text byte for byte, whatever characters are in it", async () => {
    await inStorage(({ sql }) => {
      const text = "é \u{1f50c} \u2028 \ufeff \u001f \\u0000";
      const [row] = sql.exec<{ text: string }>("SELECT ? AS text", text).toArray();
      expect(row?.text).toBe(text);
    });
  });

  it("keeps 16 KiB with a socket, and no more", async () => {
    await inStorage(() => {
      const { 1: server } = new WebSocketPair();
      expect(() => server.serializeAttachment("x".repeat(16_300))).not.toThrow();
      expect(() => server.serializeAttachment("x".repeat(16_400))).toThrow();
    });
  });
});
