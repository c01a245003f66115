import { describe, expect, it } from "vitest";

import { readTokenAnswer, tokenRequest } from "../../src/domain/oauth2.ts";

const NOW = 1_795_342_530_000;
const client = {
  type: "oauth2",
  tokenUrl: "https://login.example.com/token",
  clientId: "relay",
  clientSecret: "secret",
} as const;

describe("tokenRequest", () => {
  it("asks by client credentials, the client named by HTTP Basic", () => {
    expect(tokenRequest(client)).toEqual({
      headers: {
        accept: "application/json",
        authorization: `Basic ${btoa("relay:secret")}`,
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": "chargewire",
      },
      body: "grant_type=client_credentials",
    });
  });

  it("asks for the scope, and encodes it as a form does", () => {
    const { body } = tokenRequest({ ...client, scope: "hooks:write a&b" });
    expect(body).toBe("grant_type=client_credentials&scope=hooks%3Awrite+a%26b");
  });

  it("encodes id and secret before they are joined, so that a colon or an umlaut does no harm", () => {
    const { headers } = tokenRequest({ ...client, clientId: "a:b c", clientSecret: "pä%ß+" });
    const sent = atob(headers.authorization?.slice("Basic ".length) ?? "");
    expect(sent).toBe("a%3Ab+c:p%C3%A4%25%C3%9F%2B");
  });
});

describe("readTokenAnswer", () => {
  const lifetimeOf = (fields: object) => {
    const answer = readTokenAnswer(JSON.stringify({ access_token: "t", ...fields }), NOW);
    return answer.ok ? answer.value.staleAtMs - NOW : answer.error;
  };

  it.each([
    [{ expires_in: 3600 }, 3_570_000],
    [{ expires_in: 300 }, 270_000],
    [{ expires_in: 100 }, 90_000],
    [{ expires_in: 10 }, 9_000],
    [{ expires_in: "3600" }, 3_570_000],
    [{ expires_in: 0 }, 0],
    [{ expires_in: -5 }, 0],
    [{ expires_in: 1e300 }, 86_370_000],
    [{}, 270_000],
    [{ expires_in: null }, 270_000],
    [{ expires_in: "soon" }, 270_000],
    [{ expires_in: "60 seconds" }, 270_000],
    [{ expires_in: "PT60" }, 270_000],
    [{ expires_in: {} }, 270_000],
  ])("uses a token of %j for %d ms", (fields, ms) => {
    expect(lifetimeOf(fields)).toBe(ms);
  });

  it.each([["Bearer"], ["bearer"], ["BEARER"], [undefined], [7]])("takes type %j", (type) => {
    expect(lifetimeOf({ token_type: type })).toBe(270_000);
  });

  it.each([
    ["not JSON SECRET", "the answer is not a JSON object"],
    ['"SECRET"', "the answer is not a JSON object"],
    ["[]", "the answer is not a JSON object"],
    ["{}", "the answer has no usable access_token"],
    ['{"access_token":""}', "the answer has no usable access_token"],
    ['{"access_token":7}', "the answer has no usable access_token"],
    ['{"access_token":"SECRET\\nx: y"}', "the answer has no usable access_token"],
    ['{"access_token":"SECRET SECRET"}', "the answer has no usable access_token"],
    [`{"access_token":"${"x".repeat(8193)}"}`, "the answer has no usable access_token"],
    ['{"access_token":"SECRET","token_type":"mac"}', "the token is not a bearer token"],
  ])("takes nothing from %s, and quotes none of it", (text, error) => {
    expect(readTokenAnswer(text, NOW)).toEqual({ ok: false, error });
  });

  it("takes a token of 8192 characters", () => {
    expect(lifetimeOf({ access_token: "x".repeat(8192) })).toBe(270_000);
  });
});
