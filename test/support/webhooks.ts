import { toUtf8 } from "../../src/domain/encoding.ts";
import { type SignatureScheme, signWebhook } from "../../src/domain/signature.ts";

export const EDRV_SECRET = "edrv-endpoint-secret-0123456789";

let minted = 0;

/** An ObjectId as eDRV mints them: it starts with its second. */
export function objectId(atMs = Date.now()): string {
  minted += 1;
  const second = Math.floor(atMs / 1000)
    .toString(16)
    .padStart(8, "0");
  return second + minted.toString(16).padStart(16, "0");
}

export interface WebhookBody {
  readonly _id: string;
  readonly data: unknown;
  readonly object: string;
  readonly type: string;
  readonly createdAt: string;
}

/** eDRV's envelope, keys in its order; a test names only what it is about. */
export function webhook(overrides: Partial<WebhookBody> & { station?: string } = {}): WebhookBody {
  const { station = "6192dea22df1431ea2c4720d", ...rest } = overrides;
  return {
    _id: objectId(),
    data: { _id: "62b1c19482f1fc562109c551", chargestation: station, status: "Started" },
    object: "session",
    type: "session.updated",
    createdAt: new Date().toISOString(),
    ...rest,
  };
}

export interface SigningOptions {
  readonly secret?: string;
  readonly scheme?: SignatureScheme;
  readonly t?: number;
}

/** A request to an ingest path, signed as eDRV signs. A string is sent as it is. */
export async function signedRequest(
  url: string,
  content: WebhookBody | string,
  options: SigningOptions = {},
): Promise<Request> {
  const body = typeof content === "string" ? content : JSON.stringify(content);
  const { secret = EDRV_SECRET, scheme = "timestamped", t = Date.now() } = options;
  const signature = await signWebhook({ body: toUtf8(body), secret, scheme, t });
  return new Request(url, {
    method: "POST",
    headers: { "content-type": "application/json", "edrv-signature": signature },
    body,
  });
}
