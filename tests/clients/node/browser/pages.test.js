// Every page in both languages, light and dark, on a desk and on a phone: it fits, it is quiet, and there is a picture
// of it in target/screenshots for people to judge.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { OUTPUT, Product } from "../harness/product.js";

const LANGUAGES = ["zh-CN", "en"];
const SCHEMES = ["light", "dark"];
const SIZES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
};

/** How to come to each page, and what shows that one is there. */
const PAGES = {
  home: async ({ page }) => {
    await page.goto(`${product.auth}/`);
  },
  callback: async ({ page }) => {
    await page.goto(`${product.auth}/callback`);
  },
  "chat-bots": async (visitor) => {
    await visitor.page.goto(`${product.auth}/chat`);
    await visitor.ready();
  },
  "chat-empty": async (visitor) => {
    await visitor.openChat(product, "Echo");
  },
  "chat-answer": async (visitor) => {
    await visitor.openChat(product, "Echo");
    await visitor.ask("扣子和 cozegate 有什么关系？ What stands between us?");
  },
  error: async ({ page }) => {
    await page.goto(`${product.auth}/no-such-page`);
  },
};

let product;
let browser;
before(async () => {
  product = await Product.start();
  browser = await launchBrowser();
  mkdirSync(path.join(OUTPUT, "screenshots"), { recursive: true });
});
after(async () => {
  await browser?.close();
  await product?.stop();
});

for (const [name, open] of Object.entries(PAGES)) {
  for (const language of LANGUAGES) {
    test(`${name} fits and is quiet in ${language}, light and dark, on a desk and on a phone`, async () => {
      for (const colorScheme of SCHEMES) {
        for (const [size, device] of Object.entries(SIZES)) {
          await look({ name, open, language, colorScheme, size, device });
        }
      }
    });
  }
}

async function look({ name, open, language, colorScheme, size, device }) {
  const visitor = await Visitor.arrive(browser, { locale: language, colorScheme, reducedMotion: "reduce", ...device });
  const { page } = visitor;
  try {
    await open(visitor);

    assert.equal(await page.locator("html").getAttribute("lang"), language);
    assert.ok((await page.title()).trim(), "a page has a title");
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= device.viewport.width, `${size}: ${width} px wide`);
    assert.deepEqual(await bareTextIds(page), [], "a text of the catalogue is missing");
    const errors = visitor.errors.filter((error) => !(name === "error" && error.includes("404")));
    assert.deepEqual(errors, []);

    const file = `${name}-${language}-${colorScheme}-${size}.png`;
    await page.screenshot({ path: path.join(OUTPUT, "screenshots", file) });
  } finally {
    await visitor.context.close();
  }
}

/** Words on the page that look like a text's id: that is what the catalogue gives for one that it does not hold. */
function bareTextIds(page) {
  return page.evaluate(() => {
    const words = document.body.innerText.split(/\s+/);
    return words.filter((word) => /^(site|home|callback|chat|error|page)(-[a-z]+)+$/.test(word));
  });
}
