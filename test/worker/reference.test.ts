import { describe, expect, it } from "vitest";

import { sha256, toBase64, toUtf8 } from "../../src/domain/encoding.ts";
import { SECTIONS } from "../../src/openapi/sections.ts";
import { worker } from "./support.ts";

const get = (path: string) => worker(new Request(`https://relay.test${path}`));
const hashOf = async (text: string) => `'sha256-${toBase64(await sha256(toUtf8(text)))}'`;

describe("/docs", () => {
  it("loads nothing, from nowhere", async () => {
    const page = await (await get("/docs")).text();
    expect(page.match(/\b(?:src|srcset|action|poster)=/g)).toBeNull();
    const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, href]) => href ?? "");
    expect(links.filter((href) => !/^(?:#|\/openapi\.json$|data:,$)/.test(href))).toEqual([]);
  });

  it("allows its own style and script by their hashes, and nothing else", async () => {
    const response = await get("/docs");
    const page = await response.text();
    const [style, ...styles] = [...page.matchAll(/<style>([\s\S]*?)<\/style>/g)];
    const [script, ...scripts] = [...page.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)];
    expect([...styles, ...scripts]).toEqual([]);
    const policy = response.headers.get("content-security-policy")?.split("; ");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src ${await hashOf(style?.[1] ?? "")}`);
    expect(policy).toContain(`script-src ${await hashOf(script?.[1] ?? "")}`);
    expect(page).not.toMatch(/\sstyle=|\son[a-z]+=/);
  });

  it("has a place to link to for each endpoint, and only links that lead somewhere", async () => {
    const page = await (await get("/docs")).text();
    const ids = [...page.matchAll(/\bid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id } of SECTIONS.flatMap(({ endpoints }) => endpoints)) expect(ids).toContain(id);
    const targets = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
    expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
  });
});

describe("/openapi.json", () => {
  it("may be read by pages of any origin, without a key", async () => {
    const response = await get("/openapi.json");
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(await response.json()).toMatchObject({ openapi: "3.1.1", servers: [{ url: "/" }] });
  });
});
