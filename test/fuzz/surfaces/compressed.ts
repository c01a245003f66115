import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";

import { signWebhook } from "../../../src/domain/signature.ts";
import { EDRV_SECRET } from "../../support/webhooks.ts";
import { bearer, type Header, message } from "../message.ts";
import { attemptMessage, type Surface } from "../surface.ts";

const MIB = 1024 * 1024;
/** What a body of 100 KiB or less claims to be: a thousand times as much. */
const PLAIN = Buffer.alloc(64 * MIB);
const LIGHT_BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } };
const BOMBS: Readonly<Record<string, Uint8Array>> = {
  gzip: gzipSync(PLAIN),
  "gzip, gzip": gzipSync(gzipSync(PLAIN)),
  deflate: deflateSync(PLAIN),
  br: brotliCompressSync(PLAIN, LIGHT_BROTLI),
  zstd: new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0xff]),
  identity: new Uint8Array(100_000),
};

const ENTRANCES = ["unsigned", "signed", "document"] as const;

/** Bodies that say they are far larger than they are: nothing unpacks them. */
export const compressed: Surface<{ encoding: string; entrance: (typeof ENTRANCES)[number] }> = {
  name: "compressed bodies",
  input: fc.record({
    encoding: fc.constantFrom(...Object.keys(BOMBS)),
    entrance: fc.constantFrom(...ENTRANCES),
  }),
  attempt: async (world, { encoding, entrance }) => {
    const body = new Uint8Array(BOMBS[encoding] ?? []);
    const headers: Header[] = [["content-encoding", encoding]];
    if (entrance === "document") {
      const key = bearer(world.changing.tenant.key);
      const request = message("POST", "/v1/sources", [...headers, key], body);
      return attemptMessage(world, request, { statuses: [400, 413, 415] });
    }
    const secret = entrance === "signed" ? EDRV_SECRET : "wrong";
    const t = Date.now();
    const signature = await signWebhook({ body, secret, scheme: "timestamped", t });
    const signed: Header[] = [...headers, ["edrv-signature", signature]];
    const request = message("POST", world.main.source.path, signed, body);
    const statuses = [entrance === "signed" ? 200 : 401];
    return attemptMessage(world, request, { statuses });
  },
};
