// Looks for barriers with axe-core: what it calls serious or critical is none of a page's business.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Returns the barriers of a page, its frames of the same origin and its shadow roots, one line each.
 * @param {import("playwright-core").Page} page
 * @param {string} [within] a selector, where the rest of the page is none of ours
 * @returns {Promise<string[]>}
 */
export async function barriers(page, within) {
  // By the debugger's way: a page's policy forbids a script element, and shall.
  for (const frame of page.frames()) await frame.evaluate(SOURCE);
  const { violations } = await page.evaluate((within) => globalThis.axe.run(within ?? document), within);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`));
}
