// The chat page in both languages, light and dark, on a desk and on a phone.

import { after, before, test } from "../harness/test.js";
import { launchBrowser } from "../harness/browser.js";
import { LANGUAGES, lookAt } from "../harness/look.js";
import { Product } from "../harness/product.js";

/** How to come to each state of the page. */
const PAGES = {
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
  "chat-inspector": async (visitor) => {
    await visitor.openChat(product, "Echo", "&inspect=1");
    await visitor.ask("扣子和 cozegate 有什么关系？ What stands between us?");
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
      await lookAt(browser, { name, open, language });
    });
  }
}
