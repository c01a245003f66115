import { describe, expect, it } from "vitest";

import { plan, planWhole } from "../support/config-plans.ts";
import { presentSource } from "../support/configs.ts";

describe("planConfig, of sources", () => {
  it("creates a source with the settings of the document, its secret among them", () => {
    const settings = { enabled: false, scheme: "body", toleranceSeconds: 60 } as const;
    const source = { name: "new", ...settings, silentAfterSeconds: 7200, secret: "a secret" };
    const planned = planWhole({ sources: [source] }, {});
    expect(planned.ok && planned.value.sources).toEqual([
      { action: "create", name: "new", settings: source },
    ]);
  });

  it("updates a source with all of its settings, and says what they were", () => {
    const source = { name: "eDRV", scheme: "body", secret: "other-secret" };
    const planned = planWhole({ sources: [source] }, { sources: [presentSource()] });
    expect(planned.ok && planned.value.sources).toEqual([
      {
        action: "update",
        id: "src_1",
        name: "eDRV",
        settings: {
          ...source,
          enabled: true,
          toleranceSeconds: 300,
          silentAfterSeconds: 3600,
        },
        changes: [
          { field: "scheme", before: "auto", after: "body" },
          { field: "secret", before: { hint: "…cret" }, after: { hint: "…cret" } },
        ],
      },
    ]);
  });

  it.each([
    ["first-secret", null, "none eDRV"],
    ["other-secret", null, "update eDRV: secret"],
    ["first-secret", 1, "update eDRV: secret"],
    [{ hint: "…cret" }, 1, "none eDRV"],
    [undefined, null, "none eDRV"],
  ] as const)(
    "of the secret %j over one that ends at %j makes: %s",
    (secret, expiresAtMs, expected) => {
      const sources = [presentSource({ secrets: [{ secret: "first-secret", expiresAtMs }] })];
      expect(plan({ sources: [{ name: "eDRV", secret }] }, { sources })).toEqual([expected]);
    },
  );

  it("says of a first secret that there was none before", () => {
    const sources = [presentSource({ secrets: [] })];
    const planned = planWhole({ sources: [{ name: "eDRV", secret: "first-one" }] }, { sources });
    const [step] = planned.ok ? planned.value.sources : [];
    expect(step?.action === "update" && step.changes).toEqual([
      { field: "secret", before: null, after: { hint: "…-one" } },
    ]);
  });

  it.each([
    [9, "update eDRV: secret"],
    [10, undefined],
  ])("adds a secret to %i only while there is room", (count, expected) => {
    const secrets = Array.from({ length: count }, (_, i) => ({ secret: `s${i}`, expiresAtMs: 1 }));
    const sources = [presentSource({ secrets })];
    const planned = plan({ sources: [{ name: "eDRV", secret: "one more" }] }, { sources });
    const refusal = {
      code: "limit_reached",
      detail: '"eDRV" has 10 live secrets already.',
    };
    expect(planned).toEqual(expected === undefined ? refusal : [expected]);
  });

  it("looks for room in the source that gets a secret, and in no other", () => {
    const secrets = Array.from({ length: 10 }, (_, i) => ({ secret: `s${i}`, expiresAtMs: 1 }));
    const full = presentSource({ secrets });
    const left = presentSource({ id: "src_2", name: "left out", secrets });
    const there = { sources: [full, presentSource({ id: "src_3", name: "other" }), left] };
    const other = { name: "other", secret: "one more" };
    expect(plan({ sources: [{ name: "eDRV" }, other] }, there)).toEqual([
      "none eDRV",
      "update other: secret",
      "delete left out",
    ]);
    expect(plan({ sources: [{ name: "eDRV", scheme: "body" }] }, { sources: [full] })).toEqual([
      "update eDRV: scheme",
    ]);
  });
});
