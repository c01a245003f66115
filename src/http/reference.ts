import { Hono } from "hono";

import { sha256, toBase64, toUtf8 } from "../domain/encoding.ts";
import { openApiDocument } from "../openapi/document.ts";
import { VERSION } from "../version.ts";
import type { AppEnv } from "./context.ts";
import { referencePage } from "./reference/page.ts";
import { SCRIPT } from "./reference/script.ts";
import { STYLE } from "./reference/style.ts";

/** `/openapi.json` and `/docs`: what the API is, for programs and for people. */
export const reference = new Hono<AppEnv>();

/** Both are made when they are first asked for, and kept for as long as the isolate lives. */
let documentText: string | null = null;
let page: Promise<{ readonly text: string; readonly policy: string }> | null = null;

const CACHED = "public, max-age=300";

reference.get("/openapi.json", (c) => {
  documentText ??= JSON.stringify(openApiDocument(VERSION));
  return c.body(documentText, 200, {
    "content-type": "application/json",
    "cache-control": CACHED,
    // Nothing in it is anybody's; viewers and generators on other origins may read it.
    "access-control-allow-origin": "*",
  });
});

reference.get("/docs", async (c) => {
  page ??= makePage();
  const { text, policy } = await page;
  return c.html(text, 200, {
    "content-security-policy": policy,
    "cache-control": CACHED,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
});

/** The page may load nothing and send nothing; it runs the one script that is in it. */
async function makePage() {
  const policy = [
    "default-src 'none'",
    `style-src '${await hashOf(STYLE)}'`,
    `script-src '${await hashOf(SCRIPT)}'`,
    // Its icon, which is empty so that none is asked for.
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { text: String(await referencePage(VERSION)), policy: policy.join("; ") };
}

async function hashOf(text: string): Promise<string> {
  return `sha256-${toBase64(await sha256(toUtf8(text)))}`;
}
