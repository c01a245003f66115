import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import { type Answer, call, type TestTenant } from "../support/api.ts";
import { OPERATOR_KEY } from "../support/secrets.ts";
import { BODIES, type Place, pathOf, SERVED, setUpPlace } from "./endpoints.ts";
import { newTenant, worker } from "./support.ts";

/**
 * What each kind of key is answered: the operator's; the tenant's of role admin and of role
 * reader; a subscriber token of the tenant's; an admin key of another tenant's, asking for this
 * tenant's ids. A call that names nothing of this tenant's is about the other's own then.
 */
const KEYS = ["operator", "admin", "reader", "token", "stranger"] as const;
type Statuses = readonly [number, number, number, number, number];

const OPERATOR: Statuses = [200, 401, 401, 401, 401];
/** Of the tenant as a whole. */
const READ: Statuses = [401, 200, 200, 403, 200];
/** Of one thing of the tenant's. */
const READ_ONE: Statuses = [401, 200, 200, 403, 404];
const changes = (admin: number): Statuses => [401, admin, 403, 403, admin];
const changesOne = (admin: number): Statuses => [401, admin, 403, 403, 404];

const ROLES: Readonly<Record<string, Statuses>> = {
  "GET /v1/tenants": OPERATOR,
  "POST /v1/tenants": [201, 401, 401, 401, 401],
  "GET /v1/tenants/:id": OPERATOR,
  "DELETE /v1/tenants/:id": [204, 401, 401, 401, 401],
  "POST /v1/tenants/:id/reseal": OPERATOR,

  "GET /v1/keys": READ,
  "GET /v1/keys/current": READ,
  "POST /v1/keys": changes(201),
  "DELETE /v1/keys/:id": changesOne(204),

  "GET /v1/sources": READ,
  "POST /v1/sources": changes(201),
  "GET /v1/sources/:id": READ_ONE,
  "PATCH /v1/sources/:id": changesOne(200),
  "DELETE /v1/sources/:id": changesOne(204),
  "POST /v1/sources/:id/secrets": changesOne(201),
  "DELETE /v1/sources/:id/secrets/:secret": changesOne(204),
  "GET /v1/sources/:id/refusals": READ_ONE,

  "GET /v1/routes": READ,
  "POST /v1/routes": changes(201),
  "GET /v1/routes/:id": READ_ONE,
  "PATCH /v1/routes/:id": changesOne(200),
  "DELETE /v1/routes/:id": changesOne(204),
  "POST /v1/routes/:id/pause": changesOne(200),
  "POST /v1/routes/:id/resume": changesOne(200),
  "POST /v1/routes/:id/rotate-secret": changesOne(200),
  "POST /v1/routes/:id/test": changesOne(200),
  "GET /v1/routes/:id/lanes": READ_ONE,
  // Its route is paused: its head may be given up and not tried.
  "POST /v1/routes/:id/lanes/:station/retry": changesOne(409),
  "POST /v1/routes/:id/lanes/:station/skip": changesOne(200),
  "POST /v1/routes/:id/lanes/:station/resume": changesOne(409),
  "GET /v1/routes/:id/dead-letters": READ_ONE,
  "GET /v1/routes/:id/dead-letters/:letter": READ_ONE,
  "DELETE /v1/routes/:id/dead-letters/:letter": changesOne(204),
  "POST /v1/routes/:id/dead-letters/redeliver": changesOne(200),
  "POST /v1/routes/:id/dead-letters/:letter/redeliver": changesOne(200),

  "GET /v1/replays": READ,
  "POST /v1/replays": changesOne(201),
  "GET /v1/replays/:id": READ_ONE,
  "DELETE /v1/replays/:id": changesOne(204),

  "GET /v1/events": READ,
  "GET /v1/stations": READ,
  "GET /v1/stations/:id": READ_ONE,
  "DELETE /v1/stations/:id": changesOne(204),
  "GET /v1/stations/:id/events": READ_ONE,
  "GET /v1/stations/:id/deliveries": READ_ONE,
  "POST /v1/filters/test": [401, 200, 200, 403, 200],

  // Without an upgrade, which any key may ask for: test/worker/stream.test.ts.
  "GET /v1/stream": [401, 426, 426, 426, 426],
  "GET /v1/stations/:id/stream": [401, 426, 426, 426, 404],
  "POST /v1/tokens": [401, 201, 201, 403, 201],
  "POST /v1/tickets": [401, 201, 201, 201, 201],

  "GET /v1/quarantine": READ,
  "GET /v1/quarantine/:id": READ_ONE,
  "POST /v1/quarantine/:id/release": changesOne(200),
  "DELETE /v1/quarantine/:id": changesOne(204),

  "GET /v1/config": READ,
  "PUT /v1/config": changes(200),
  "GET /v1/settings": READ,
  "PATCH /v1/settings": changes(200),
  "GET /v1/audit": READ,
  "GET /v1/usage": READ,
  "GET /v1/metrics": READ,
};

const CODES: Readonly<Record<number, string>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
};

afterEach(() => reset());

describe("the table of roles", () => {
  it("has every call that is served, and none that is not", () => {
    expect(Object.keys(ROLES).sort()).toEqual([...SERVED].sort());
  });
});

describe.each(Object.entries(ROLES))("%s", (endpoint, statuses) => {
  it(`answers ${KEYS.map((key, at) => `${key} ${statuses[at]}`).join(", ")}`, async () => {
    const [place, stranger] = [await setUpPlace(), await newTenant()];
    const before = await everythingOf(place.tenant);
    const ask = (key: string | null) => send(endpoint, place, key);
    const { tenant, reader, token } = place;
    const refused = await ask(null);
    expect(refused).toMatchObject({ status: 401, body: { code: "unauthorized" } });
    expect(refused.headers.get("www-authenticate")).toMatch(/^Bearer/);
    for (const junk of [`${tenant.key}x`, `${token}x`, "junk", "cw_", " "]) {
      expect(await ask(junk)).toMatchObject({ status: 401, body: { code: "unauthorized" } });
    }
    const [byOperator, byAdmin, byReader, byToken, byStranger] = statuses;
    expectStatus(await ask(reader), byReader);
    expectStatus(await ask(token), byToken);
    const strange = await ask(stranger.key);
    expectStatus(strange, byStranger);
    for (const id of ownIds(place)) expect(JSON.stringify(strange.body)).not.toContain(id);
    if (byOperator === 401) expectStatus(await ask(OPERATOR_KEY), byOperator);
    if (byAdmin === 401) expectStatus(await ask(tenant.key), byAdmin);
    // Nobody who is refused, and nobody who may only read, has changed anything.
    expect(await everythingOf(tenant)).toEqual(before);
    if (byAdmin !== 401) expectStatus(await ask(tenant.key), byAdmin);
    if (byOperator !== 401) expectStatus(await ask(OPERATOR_KEY), byOperator);
  });
});

function send(endpoint: string, place: Place, key: string | null): Promise<Answer> {
  const [method = ""] = endpoint.split(" ");
  const body = BODIES[endpoint]?.(place);
  return call(worker, place.tenant.origin, key, method, pathOf(endpoint, place), body);
}

function expectStatus({ status, body }: Answer, expected: number): void {
  expect({ status, body }).toMatchObject({ status: expected });
  const code = CODES[status];
  if (code !== undefined) expect(body).toMatchObject({ code });
}

/** Those that another tenant's answer must not hold; a station's name is nobody's own. */
function ownIds({ ids }: Place): string[] {
  return Object.values(ids).filter((id) => id.includes("_"));
}

/** All that a call could have changed. */
async function everythingOf(tenant: TestTenant): Promise<unknown> {
  const lists = [
    "keys",
    "sources",
    "routes",
    "stations",
    "events",
    "quarantine",
    "replays",
    "audit",
  ];
  return Promise.all([
    ...lists.map((list) => tenant.items(`/v1/${list}`)),
    ...["config", "settings"].map(async (path) => (await tenant.call("GET", `/v1/${path}`)).body),
  ]);
}
