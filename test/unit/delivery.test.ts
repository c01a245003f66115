import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";

import {
  type AttemptFacts,
  buildDelivery,
  type DeliveryRequest,
  isReservedHeader,
  newSigningSecret,
  type RouteSecrets,
  redact,
  standardSignature,
} from "../../src/domain/delivery.ts";
import { toUtf8 } from "../../src/domain/encoding.ts";
import { type StationEvent, serializeEvent } from "../../src/domain/event.ts";
import { importSecret, SIGNATURE_SCHEMES, verifySignature } from "../../src/domain/signature.ts";

/** The official library compares with the clock, so these requests are made now. */
const NOW = Date.now();
const [NEW_SECRET, OLD_SECRET] = [newSigningSecret(), newSigningSecret()];

const event: StationEvent = {
  id: "644fc18f84c4b5000981ad7b",
  type: "session.updated",
  source: "src_1",
  station: "6192dea22df1431ea2c4720d",
  seq: 42,
  late: false,
  occurredAtMs: NOW - 500,
  receivedAtMs: NOW - 200,
  body: '{ "_id":"644fc18f84c4b5000981ad7b",\n"price":1.0,"name":"Café ⚡ \\u00EB" }',
};

const signing = (secret: string, expiresAtMs: number | null = null) => ({
  secret,
  createdAtMs: null,
  expiresAtMs,
});

function build(
  facts: Partial<AttemptFacts> = {},
  secrets: Partial<RouteSecrets> = {},
  nowMs = NOW,
): Promise<DeliveryRequest> {
  return buildDelivery(
    {
      event,
      format: "raw",
      attempt: 1,
      prevSeq: null,
      gap: null,
      replay: null,
      edrvScheme: "timestamped",
      ...facts,
    },
    { signing: [signing(NEW_SECRET)], headers: {}, auth: null, edrvSecret: null, ...secrets },
    nowMs,
  );
}

describe("buildDelivery", () => {
  it("sends the exact text that eDRV sent as raw", async () => {
    const { headers, body } = await build({ attempt: 3 });
    expect(body).toBe(event.body);
    expect(headers).toEqual({
      "content-type": "application/json",
      "user-agent": "chargewire",
      "webhook-id": event.id,
      "webhook-timestamp": String(Math.floor(NOW / 1000)),
      "webhook-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
      "chargewire-station": event.station,
      "chargewire-seq": "42",
      "chargewire-type": "session.updated",
      "chargewire-attempt": "3",
    });
  });

  it("sends the event as subscribers see it as event", async () => {
    const { headers, body } = await build({ format: "event" }, { edrvSecret: "secret" });
    expect(body).toBe(serializeEvent(event));
    expect(headers).toMatchObject({ "webhook-id": event.id, "chargewire-seq": "42" });
    expect(headers).not.toHaveProperty("edrv-signature");
  });

  it("names the seq before and the gap, when there is one", async () => {
    const { headers } = await build({ prevSeq: 38, gap: { first: 39, last: 41 } });
    expect(headers).toMatchObject({
      "chargewire-prev-seq": "38",
      "chargewire-gap": "39-41",
    });
    const first = await build({ prevSeq: 0, gap: { first: 41, last: 41 } });
    expect(first.headers).toMatchObject({
      "chargewire-prev-seq": "0",
      "chargewire-gap": "41-41",
    });
  });

  it("names a test as one", async () => {
    expect((await build({ isTest: true })).headers["chargewire-test"]).toBe("true");
    expect((await build({ isTest: false })).headers).not.toHaveProperty("chargewire-test");
    expect((await build()).headers).not.toHaveProperty("chargewire-test");
  });

  it("makes no attempt without the access token that its route needs", async () => {
    const auth = {
      type: "oauth2",
      tokenUrl: "https://auth.example.com/token",
      clientId: "id",
      clientSecret: "client-secret",
    } as const;
    await expect(build({}, { auth })).rejects.toThrow("comes with a token");
  });

  it("names the replay that sends an event once more", async () => {
    expect((await build()).headers).not.toHaveProperty("chargewire-replay");
    const { headers } = await build({ replay: "rp_1" });
    expect(headers).toMatchObject({ "chargewire-replay": "rp_1" });
  });

  it.each(["raw", "event"] as const)(
    "signs %s so that the official library verifies it with every live secret",
    async (format) => {
      const { headers, body } = await build(
        { format },
        { signing: [signing(NEW_SECRET), signing(OLD_SECRET)] },
      );
      for (const secret of [NEW_SECRET, OLD_SECRET]) {
        expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
      }
      const stranger = new Webhook(newSigningSecret());
      expect(() => stranger.verify(body, headers)).toThrow();
      const verifier = new Webhook(NEW_SECRET);
      expect(() => verifier.verify(`${body} `, headers)).toThrow();
      expect(() => verifier.verify(body, { ...headers, "webhook-id": "other" })).toThrow();
    },
  );

  it("signs each attempt anew, under the same id", async () => {
    const first = await build({ attempt: 1 });
    const second = await build({ attempt: 2 }, {}, NOW + 5000);
    expect(second.headers["webhook-id"]).toBe(first.headers["webhook-id"]);
    expect(Number(second.headers["webhook-timestamp"])).toBe(Math.floor((NOW + 5000) / 1000));
    expect(second.headers["webhook-signature"]).not.toBe(first.headers["webhook-signature"]);
    expect(() => new Webhook(NEW_SECRET).verify(second.body, second.headers)).not.toThrow();
  });

  it.each(SIGNATURE_SCHEMES)("signs raw as eDRV does, %s", async (scheme) => {
    const { headers, body } = await build(
      { edrvScheme: scheme },
      { edrvSecret: "endpoint-secret" },
    );
    const verify = async (secret: string, text = body) => {
      const keys = [await importSecret(secret, "verify")];
      const request = { header: headers["edrv-signature"] ?? null, body: toUtf8(text) };
      return (await verifySignature(request, { scheme, toleranceMs: 1000, keys }, NOW)).ok;
    };
    expect(await verify("endpoint-secret")).toBe(true);
    expect(await verify("other-secret")).toBe(false);
    expect(await verify("endpoint-secret", `${body} `)).toBe(false);
  });

  it("gives each attempt an eDRV signature of its own time", async () => {
    const signatures = [NOW, NOW + 600_000].map(async (nowMs) => {
      const { headers } = await build({}, { edrvSecret: "endpoint-secret" }, nowMs);
      return headers["edrv-signature"];
    });
    const [first, second] = await Promise.all(signatures);
    expect(first).toMatch(new RegExp(`^t=${NOW},v1=[0-9a-f]{64}$`));
    expect(second).toMatch(new RegExp(`^t=${NOW + 600_000},v1=[0-9a-f]{64}$`));
  });

  it.each([
    [{ type: "bearer", token: "abc" }, "Bearer abc"],
    [{ type: "basic", username: "us", password: "p:w" }, `Basic ${btoa("us:p:w")}`],
    [{ type: "basic", username: "ü", password: "⚡" }, "Basic w7w64pqh"],
  ] as const)("authorises with %j", async (auth, value) => {
    expect((await build({}, { auth })).headers.authorization).toBe(value);
  });

  it("sends the route's own headers beside the others", async () => {
    const { headers } = await build({}, { headers: { "x-tenant": "acme", authorization: "T k" } });
    expect(headers).toMatchObject({ "x-tenant": "acme", authorization: "T k" });
    expect(Object.keys(headers)).toHaveLength(11);
  });

  it("does not let the route's own headers replace what the relay says", async () => {
    const { headers } = await build({}, { headers: { "webhook-id": "x", "content-type": "y" } });
    expect(headers).toMatchObject({
      "webhook-id": event.id,
      "content-type": "application/json",
    });
  });

  it.each(["user-agent", "User-Agent"])("sends the route's own %s alone", async (name) => {
    const { headers } = await build({}, { headers: { [name]: "acme/1" } });
    expect(new Headers(headers).get("user-agent")).toBe("acme/1");
  });

  it.each(["authorization", "Authorization"])(
    "sends one authorisation when a route has both auth and its own %s",
    async (name) => {
      const auth = { type: "bearer", token: "abc" } as const;
      const { headers } = await build({}, { auth, headers: { [name]: "T k" } });
      expect(new Headers(headers).get("authorization")).toBe("Bearer abc");
    },
  );
});

describe("redact", () => {
  /** What is left of an answer to a request that was made with these secrets. */
  async function left(text: string, given: Partial<RouteSecrets>, accessToken?: string) {
    const secrets = { signing: [], headers: {}, auth: null, edrvSecret: null, ...given };
    const facts = accessToken === undefined ? {} : { accessToken };
    return redact(text, secrets, await build(facts, given));
  }

  it("takes out the values of the route's own headers, wherever and however often they are", async () => {
    const headers = { "x-api-key": "key-1", authorization: "Token token-1" };
    expect(await left('key-1, "key-1" and Token token-1', { headers })).toBe('…, "…" and …');
    expect(await left("token-1", { headers })).toBe("…");
  });

  it("takes out a bearer token", async () => {
    const auth = { type: "bearer", token: "bearer-1" } as const;
    expect(await left("Authorization: Bearer bearer-1", { auth })).toBe("Authorization: Bearer …");
  });

  it("takes out a password, and its base64", async () => {
    const auth = { type: "basic", username: "us", password: "pass-1" } as const;
    const text = `us, pass-1, Basic ${btoa("us:pass-1")}`;
    expect(await left(text, { auth })).toBe("us, …, Basic …");
  });

  it("takes out the access token that was got for the attempt", async () => {
    const auth = {
      type: "oauth2",
      tokenUrl: "https://login.example.com/",
      clientId: "client",
      clientSecret: "client-secret",
    } as const;
    expect(await left("Bearer access-1", { auth }, "access-1")).toBe("Bearer …");
  });

  it("leaves nothing of a secret that contains another", async () => {
    const headers = { "x-short": "abcd", "x-long": "abcd-efgh" };
    expect(await left("abcd-efgh abcd", { headers })).toBe("… …");
  });

  it.each([
    ["abcd", "…"],
    ["abc", "abc"],
    ["", ""],
  ])("of a header that is %j shows %j", async (value, shown) => {
    expect(await left(`<${value}>`, { headers: { "x-key": value } })).toBe(`<${shown}>`);
  });

  it("takes out a secret as JSON writes it", async () => {
    const auth = { type: "bearer", token: 'to"ken-1' } as const;
    const echoed = JSON.stringify({ echo: `Bearer ${auth.token}.` });
    expect(await left(echoed, { auth })).toBe('{"echo":"Bearer …."}');
  });

  it("leaves an answer without secrets as it is", async () => {
    const headers = { "x-api-key": "key-1" };
    expect(await left("No. Ask for a key.", { headers })).toBe("No. Ask for a key.");
  });
});

describe("standardSignature", () => {
  it("makes what the official library makes", async () => {
    const at = new Date(1_795_342_530_000);
    for (const body of ["", "{}", event.body, "Ω".repeat(1000)]) {
      const expected = new Webhook(NEW_SECRET).sign("msg_1", at, body);
      expect(await standardSignature("msg_1", 1_795_342_530, body, [NEW_SECRET])).toBe(expected);
    }
  });

  it("lists one signature per secret, in order, and none without one", async () => {
    const both = await standardSignature("a", 1, "{}", [NEW_SECRET, OLD_SECRET]);
    expect(both.split(" ")).toEqual([
      await standardSignature("a", 1, "{}", [NEW_SECRET]),
      await standardSignature("a", 1, "{}", [OLD_SECRET]),
    ]);
    expect(await standardSignature("a", 1, "{}", [])).toBe("");
  });
});

describe("newSigningSecret", () => {
  it("is whsec_ and the base64 of 32 random bytes", () => {
    expect(NEW_SECRET).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(NEW_SECRET).not.toBe(OLD_SECRET);
  });
});

describe("isReservedHeader", () => {
  it.each([
    ["host"],
    ["content-type", "content-length", "content-encoding", "content-anything"],
    ["webhook-id", "webhook-timestamp", "webhook-signature", "webhook-x"],
    ["chargewire-seq", "chargewire-gap", "chargewire-x"],
    ["edrv-signature", "edrv-x"],
    ["cf-connecting-ip", "cf-ray"],
    ["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"],
    ["proxy-authenticate", "proxy-authorization", "proxy-connection"],
  ])("reserves %s and its like, in any case", (...names) => {
    const spellings = names.flatMap((name) => [
      name,
      name.toUpperCase(),
      name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase()),
    ]);
    expect(spellings.filter((name) => !isReservedHeader(name))).toEqual([]);
  });

  it.each([
    ["authorization", "x-api-key", "user-agent", "accept", "cookie"],
    ["content", "contents-x", "webhook", "webhooks-id", "x-webhook-id", "chargewire", "edrv"],
    ["cf", "cfx-ray", "x-cf-ray", "hosts", "x-host", "upgrade-insecure-requests", "tea"],
  ])("leaves %s and the like to the route", (...names) => {
    expect(names.filter(isReservedHeader)).toEqual([]);
  });
});
