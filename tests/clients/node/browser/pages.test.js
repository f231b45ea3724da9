// Pages in both languages, light and dark, on a desk and on a phone. The chat page is in chat-pages.test.js, the pages of a
// login are in login-pages.test.js: each file can run beside another one.

import { after, before, test } from "../harness/test.js";
import { launchBrowser } from "../harness/browser.js";
import { LANGUAGES, lookAt } from "../harness/look.js";
import { Product } from "../harness/product.js";

/** How to come to each page, and what shows that one is there. */
const PAGES = {
  home: async ({ page }) => {
    await page.goto(`${product.auth}/`);
  },
  callback: async ({ page }) => {
    await page.goto(`${product.auth}/callback`);
  },
  playground: async ({ page }) => {
    await page.goto(`${product.auth}/playground?ui=cozegate&open=1&title=%E5%B0%8F%E5%8A%A9%E6%89%8B&bot_id=${product.bot("Echo")}`);
    await page.frameLocator("#preview").locator('[data-state="ready"]').waitFor();
  },
  sessions: async (visitor) => {
    await visitor.openChat(product, "Echo");
    await visitor.page.goto(`${product.auth}/sessions`);
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
});
after(async () => {
  await browser?.close();
  await product?.stop();
});

for (const [name, open] of Object.entries(PAGES)) {
  for (const language of LANGUAGES) {
    test(`${name} fits and is quiet in ${language}, light and dark, on a desk and on a phone`, async () => {
      await lookAt(browser, { name, open, language, status: name === "error" ? 404 : 200 });
    });
  }
}
