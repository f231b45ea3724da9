// A look at a page: it fits, is quiet and holds no barriers, light and dark, on a desk and on a phone, and there is a picture
// of each in target/screenshots for people to judge.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { barriers } from "./axe.js";
import { Visitor } from "./browser.js";
import { OUTPUT } from "./product.js";

/** Those that every page speaks. */
export const LANGUAGES = ["zh-CN", "en"];

const SCHEMES = ["light", "dark"];
const SIZES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
};
const FOLDER = path.join(OUTPUT, "screenshots");

/**
 * Looks at the page called `name`, to which `open` brings a new visitor, in one language.
 * @param {{ name: string, open: (visitor: Visitor) => Promise<void>, language: string, status?: number, within?: string }} page
 *   the status of its answer: a browser complains about those from 400 on, and may; `within`: what of it is ours
 */
export async function lookAt(browser, { name, open, language, status = 200, within }) {
  mkdirSync(FOLDER, { recursive: true });
  for (const colorScheme of SCHEMES) {
    for (const [size, device] of Object.entries(SIZES)) {
      const visitor = await Visitor.arrive(browser, { locale: language, colorScheme, reducedMotion: "reduce", ...device });
      const { page } = visitor;
      try {
        await open(visitor);

        assert.equal(await page.locator("html").getAttribute("lang"), language);
        assert.ok((await page.title()).trim(), "a page has a title");
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= device.viewport.width, `${size}: ${width} px wide`);
        assert.deepEqual(await bareTextIds(page), [], "a text of the catalogue is missing");
        assert.deepEqual(visitor.errorsBesides(status), []);
        assert.deepEqual(await barriers(page, within), [], `${colorScheme}, ${size}`);

        await page.screenshot({ fullPage: true, path: path.join(FOLDER, `${name}-${language}-${colorScheme}-${size}.png`) });
      } finally {
        await visitor.context.close();
      }
    }
  }
}

/** Words on the page that look like a text's id: that is what the catalogue gives for one that it does not hold. */
function bareTextIds(page) {
  return page.evaluate(() => {
    const words = document.body.innerText.split(/\s+/);
    return words.filter((word) => /^(site|home|callback|chat|login|device|error|page|playground|sessions|window|advice)(-[a-z]+)+$/.test(word));
  });
}
