// The pictures of docs/guides and of the READMEs, taken of the real thing: target/screenshots/guides holds them, and they
// are copied to docs/pictures when they have changed for the better.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { LANGUAGES } from "../harness/look.js";
import { OUTPUT, Product } from "../harness/product.js";
import { Site, tag } from "../harness/site.js";
import { Manager } from "../harness/userscript.js";

const FOLDER = path.join(OUTPUT, "screenshots", "guides");
const VIEWPORT = { width: 1280, height: 760 };

const WORDS = {
  en: {
    shop: "Green Corner",
    lead: "Plants that forgive you.",
    goods: ["Monstera", "Snake plant", "Pothos"],
    question: "Which one survives a dark office?",
  },
  "zh-CN": {
    shop: "绿角落",
    lead: "怎么养都不容易死的植物。",
    goods: ["龟背竹", "虎尾兰", "绿萝"],
    question: "哪一种在没有阳光的办公室里也能活？",
  },
};

/** A shop as people have them. */
function shop(language, head = "") {
  const { shop, lead, goods } = WORDS[language];
  const cards = goods.map((name) => `<li><div class="picture"></div><b>${name}</b></li>`).join("");
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${shop}</title><link rel="icon" href="data:,">
    <style>
      body { margin: 0; font: 18px/1.6 system-ui, "Noto Sans CJK SC", sans-serif; color: #24332c; background: #f4f1ea }
      header { padding: 28px 56px; font-size: 24px; font-weight: 700; border-bottom: 1px solid #ddd6c8 }
      main { padding: 40px 56px } h1 { font-size: 44px; margin: 0 0 28px }
      ul { display: flex; gap: 24px; padding: 0; list-style: none }
      li { width: 200px } .picture { height: 230px; margin-bottom: 10px; border-radius: 14px; background: linear-gradient(160deg, #8fb996, #47705b) }
    </style>${head}</head><body><header>${shop}</header><main><h1>${lead}</h1><ul>${cards}</ul></main></body></html>`;
}

let site;
let product;
let browser;
before(async () => {
  mkdirSync(FOLDER, { recursive: true });
  const pages = new Map();
  site = await Site.start(({ pathname }) => ({ body: pages.get(pathname) ?? "" }));
  product = await Product.start({
    COZEGATE__CORS__ORIGINS: JSON.stringify([site.origin]),
    COZEGATE__USERSCRIPT__SITES: JSON.stringify([`${site.origin}/*`]),
    COZEGATE__USERSCRIPT__UI: "cozegate",
  });
  for (const language of LANGUAGES) {
    pages.set(`/embed-${language}`, shop(language, tag(product.auth, { "bot-id": product.bot("Echo"), ui: "cozegate" })));
    pages.set(`/userscript-${language}`, shop(language));
  }
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await product?.stop();
  site?.stop();
});

/** A visitor whose browser speaks this language, and a picture of what they see at the end. */
async function picture(name, language, show) {
  const visitor = await Visitor.arrive(browser, { locale: language, viewport: VIEWPORT, reducedMotion: "reduce" });
  try {
    await show(visitor);
    assert.deepEqual(visitor.errors, []);
    await visitor.page.mouse.move(5, 5);
    await visitor.page.screenshot({ path: path.join(FOLDER, `${name}-${language}.png`) });
  } finally {
    await visitor.context.close();
  }
}

for (const language of LANGUAGES) {
  test(`a page with the tag (${language})`, async () => {
    await picture("embed", language, async (visitor) => {
      await visitor.page.goto(`${site.origin}/embed-${language}`);
      await visitor.part("launcher").click();
      await visitor.ready();
      await visitor.ask(WORDS[language].question);
    });
  });

  test(`a page with the userscript (${language})`, async () => {
    await picture("userscript", language, async (visitor) => {
      const manager = new Manager("Tampermonkey");
      await manager.watch(visitor.page);
      await manager.installFrom(`${product.auth}/cozegate.user.js`);
      await visitor.page.goto(`${site.origin}/userscript-${language}`);
      await visitor.part("launcher").click();
      await visitor.ready();
      await visitor.ask(WORDS[language].question);
    });
  });

  test(`the playground (${language})`, async () => {
    await picture("playground", language, async (visitor) => {
      // The address chooses our own window: a preview with the Chat SDK would ask its CDN before anybody could choose.
      await visitor.page.goto(`${product.auth}/playground?bot_id=${product.bot("Echo")}&ui=cozegate`);
      await visitor.page.locator('input[value="cozegate"]:checked').waitFor();
      await visitor.page.locator('input[name="open"]').check();
      const preview = visitor.page.frameLocator("iframe");
      await preview.locator('[data-state="ready"]').waitFor();
    });
  });
}
