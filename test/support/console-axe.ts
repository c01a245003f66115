import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { CDPSession, Page } from "playwright-core";
import * as z from "zod";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const Findings = z.array(
  z.object({
    id: z.string(),
    help: z.string(),
    nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
  }),
);

/** Those of WCAG AA; the stricter ones of AAA are off in the full set, too. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

/** All rules, or those that a colour scheme has a part in. */
export type Scope = "all" | "colours";

/**
 * What axe finds wrong with the page, one line each. It runs in a world of its own beside the page's
 * scripts, so that the page's policy holds while it is looked at.
 */
export async function findBarriers(page: Page, scope: Scope): Promise<string[]> {
  const devtools = await page.context().newCDPSession(page);
  try {
    const contextId = await openWorld(devtools);
    await evaluate(devtools, contextId, `${AXE};undefined`);
    const options = scope === "all" ? {} : { runOnly: { type: "rule", values: COLOUR_RULES } };
    const found = await evaluate(
      devtools,
      contextId,
      `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
    );
    return Findings.parse(found).flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html} ${failureSummary ?? ""}`),
    );
  } finally {
    await devtools.detach();
  }
}

async function openWorld(devtools: CDPSession): Promise<number> {
  const { frameTree } = await devtools.send("Page.getFrameTree");
  const { executionContextId } = await devtools.send("Page.createIsolatedWorld", {
    frameId: frameTree.frame.id,
    worldName: "axe",
  });
  return executionContextId;
}

async function evaluate(
  devtools: CDPSession,
  contextId: number,
  expression: string,
): Promise<unknown> {
  const { result, exceptionDetails } = await devtools.send("Runtime.evaluate", {
    expression,
    contextId,
    awaitPromise: true,
    returnByValue: true,
  });
  if (exceptionDetails !== undefined) {
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  }
  return result.value;
}
