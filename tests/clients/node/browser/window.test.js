// Our own window on somebody else's page, under the strictest policy that a page can have.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { partlyShown } from "../harness/growing-answer.js";
import { LANGUAGES, lookAt } from "../harness/look.js";
import { Product } from "../harness/product.js";
import { Site } from "../harness/site.js";

/** Takes the Echo bot a few seconds to say back. */
const LONG = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");

let site;
let product;
let browser;
let visitors = [];
before(async () => {
  const files = new Map();
  site = await Site.start(({ pathname }) => files.get(pathname));
  product = await Product.start({ COZEGATE__CORS__ORIGINS: JSON.stringify([site.origin]) });
  browser = await launchBrowser();
  for (const lang of ["en", "zh-CN"]) {
    files.set(`/${lang}`, { headers: { "content-security-policy": strictPolicy() }, body: page(lang) });
  }
  files.set("/host.js", { type: "text/javascript", body: host() });
  files.set("/icon.svg", { type: "image/svg+xml", body: '<svg xmlns="http://www.w3.org/2000/svg"/>' });
  files.set("/site.css", { type: "text/css", body: SITE_STYLE });
});
after(async () => {
  await browser?.close();
  await product?.stop();
  site?.stop();
});
afterEach(async () => {
  const errors = visitors.flatMap((visitor) => visitor.errors);
  await Promise.all(visitors.map(({ context }) => context.close()));
  visitors = [];
  assert.deepEqual(errors, [], "nothing that the policy forbids, and no error");
});

/** What would break a window that is not apart from the page. */
const SITE_STYLE = "html { font-size: 40px } body { margin: 24px; font-family: serif } * { color: #555; padding: 9px }";

/** The strictest that a site with our script can have. */
function strictPolicy() {
  return [
    "default-src 'self'",
    `script-src 'self' ${product.auth}`,
    `connect-src 'self' ${product.auth} ${product.proxy}`,
    "style-src 'self'",
    "require-trusted-types-for 'script'",
  ].join("; ");
}

function page(lang) {
  return `<!doctype html><html lang="${lang}"><title>A site</title><meta name="viewport" content="width=device-width">
    <link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/site.css"><h1>A site</h1><input id="theirs">
    <script src="${product.auth}/embed/window.js?lang=${lang}"></script><script src="/host.js"></script>`;
}

/** What stands around the window: the smallest gateway client that does, and a note of what happens. */
function host() {
  return `
    let opening = null;
    const open = async () => {
      const answer = await fetch("${product.auth}/auth/session", {
        method: "POST", headers: { "content-type": "application/json" }, credentials: "include", body: "{}",
      });
      const { handle, api_base, user } = await answer.json();
      return { handle, apiBase: api_base, userId: user.id };
    };
    const session = () => (opening ??= open());
    globalThis.happened = [];
    globalThis.keysOnPage = [];
    addEventListener("keydown", ({ key }) => keysOnPage.push(key));
    globalThis.chat = globalThis[Symbol.for("cozegate.window")]({
      document, lang: document.documentElement.lang, botId: "${product.bot("Echo")}", title: null, width: 400, zIndex: 7, button: true,
      gateway: {
        session,
        call: async (path, init) => {
          const { handle, apiBase } = await session();
          return fetch(apiBase + path, { ...init, headers: { ...init.headers, authorization: "Bearer " + handle } });
        },
      },
      onShow: () => happened.push("show"), onHide: () => happened.push("hide"),
      onMessage: ({ role, text }) => happened.push(role + ": " + text), onError: ({ kind }) => happened.push("error " + kind),
      keep: { read: (key) => localStorage.getItem(key), write: (key, value) => localStorage.setItem(key, value) },
    });`;
}

async function arrive(options) {
  const visitor = await Visitor.arrive(browser, options);
  visitors.push(visitor);
  await visitor.page.goto(`${site.origin}/en`);
  return visitor;
}

async function open(visitor) {
  await visitor.part("launcher").click();
  await visitor.ready();
}

const happened = ({ page }) => page.evaluate(() => globalThis.happened);

test("one presses the button, chats, and the site hears of it", async () => {
  const visitor = await arrive();
  const asked = [];
  visitor.page.on("request", (request) => asked.push(new URL(request.url())));

  await open(visitor);
  await visitor.ask("from a site");
  await visitor.part("window-close").click();

  assert.match(await visitor.part("bot-name").textContent(), /Echo/);
  assert.ok((await visitor.messages("assistant").last().textContent()).includes("from a site"));
  const seen = await happened(visitor);
  assert.deepEqual([seen[0], seen[1], seen.at(-1)], ["show", "user: from a site", "hide"]);
  assert.ok(seen.some((what) => what.startsWith("assistant: ") && what.includes("from a site")), seen.join());
  // The browser fetches the site's icon when it likes.
  for (const { origin, pathname } of asked.filter(({ pathname }) => pathname !== "/icon.svg")) {
    assert.ok(origin === product.proxy || pathname === "/auth/session", `${origin}${pathname} was asked for`);
  }
});

test("nothing is asked for before somebody opens it", async () => {
  const { page } = await arrive();

  const names = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));

  assert.deepEqual(names.filter((name) => name.includes("/auth/session")), []);
});

test("the site's styles do not reach the window, nor its own the site", async () => {
  const visitor = await arrive();
  const heading = () => visitor.page.locator("h1").evaluate((node) => getComputedStyle(node).fontSize);
  const before = await heading();

  await open(visitor);

  const input = await visitor.part("input").evaluate((node) => {
    const { fontSize, color } = getComputedStyle(node);
    return { fontSize, color };
  });
  assert.equal(input.fontSize, "16px");
  assert.notEqual(input.color, "rgb(85, 85, 85)");
  assert.equal(await heading(), before);
});

test("the button goes where it is dragged, stays there after a reload, and on the screen when that gets smaller", async () => {
  const visitor = await arrive({ viewport: { width: 1000, height: 700 } });
  const { page } = visitor;
  const button = visitor.part("launcher");
  const from = await button.boundingBox();

  await page.mouse.move(from.x + 20, from.y + 20);
  await page.mouse.down();
  await page.mouse.move(420, 320, { steps: 5 });
  await page.mouse.up();
  const dropped = await button.boundingBox();
  await page.reload();
  const found = await button.boundingBox();
  await page.setViewportSize({ width: 400, height: 300 });
  // Waits for the page to take notice of its new size.
  await page.waitForFunction(() => {
    const { shadowRoot } = document.querySelector("cozegate-window");
    const { left, top, right, bottom } = shadowRoot.getElementById("launcher").getBoundingClientRect();
    return innerWidth === 400 && left >= 0 && top >= 0 && right <= 400 && bottom <= 300;
  });

  assert.deepEqual(await happened(visitor), [], "a drag is no click");
  assert.ok(Math.abs(dropped.x - 400) < 4 && Math.abs(dropped.y - 300) < 4, JSON.stringify(dropped));
  assert.deepEqual(found, dropped);
});

test("the arrow keys move the button", async () => {
  const visitor = await arrive();
  const button = visitor.part("launcher");
  const before = await button.boundingBox();

  await button.focus();
  await visitor.page.keyboard.press("ArrowLeft");
  await visitor.page.keyboard.press("ArrowUp");

  const after = await button.boundingBox();
  assert.ok(after.x < before.x && after.y < before.y);
});

test("the panel stands on the screen wherever the button is", async () => {
  const visitor = await arrive({ viewport: { width: 900, height: 700 } });
  const { page } = visitor;

  for (const place of ["0,0", "1,0", "0,1", "1,1", "0.5,0.5"]) {
    await page.evaluate((place) => localStorage.setItem("window.place", place), place);
    await page.reload();
    await open(visitor);
    const panel = await visitor.part("panel").boundingBox();
    assert.equal(panel.width, 400);
    assert.ok(panel.x >= 0 && panel.y >= 0 && panel.x + 400 <= 900 && panel.y + panel.height <= 700, place);
    assert.ok(panel.height >= 380, place);
  }
});

test("Escape closes it, the focus goes back, and the site's shortcuts stay silent", async () => {
  const visitor = await arrive();
  const { page } = visitor;
  const focused = () =>
    page.evaluate(() => document.activeElement.shadowRoot?.activeElement?.id ?? document.activeElement.id);
  await page.locator("#theirs").press("s");
  await visitor.part("launcher").focus();
  await page.keyboard.press("Enter");
  await visitor.ready();
  const opened = await focused();

  await page.keyboard.type("s");
  await page.keyboard.press("Escape");

  assert.equal(opened, "input");
  assert.equal(await visitor.part("panel").isVisible(), false);
  assert.equal(await focused(), "launcher");
  const keys = await page.evaluate(() => globalThis.keysOnPage);
  assert.deepEqual(keys, ["s"]);
});

test("who closes it while an answer is written sees on the button that it goes on, and that it has come", async () => {
  const visitor = await arrive();
  await open(visitor);
  await partlyShown(product, visitor.page, () => visitor.send(LONG));

  await visitor.page.keyboard.press("Escape");
  const meanwhile = await visitor.part("launcher").getAttribute("data-news");
  await product.releaseAnswers();
  await visitor.page.locator('[data-testid="launcher"][data-news="news"]').waitFor();
  const label = await visitor.part("launcher").getAttribute("aria-label");
  await visitor.part("launcher").click();

  assert.equal(meanwhile, "busy");
  assert.match(label, /new answer/);
  assert.equal(await visitor.part("launcher").getAttribute("data-news"), "idle");
  assert.ok((await visitor.texts("assistant")).at(-1).includes("word59"));
});

test("on a phone it takes the whole screen", async () => {
  const visitor = await arrive({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });

  await visitor.part("launcher").tap();
  await visitor.ready();
  await visitor.ask("from a phone");

  assert.deepEqual(await visitor.part("panel").boundingBox(), { x: 0, y: 0, width: 360, height: 740 });
  assert.equal(await visitor.part("panel").getAttribute("aria-modal"), "true");
});

test("a window that is taken off leaves nothing behind", async () => {
  const visitor = await arrive();
  await open(visitor);

  await visitor.page.evaluate(() => globalThis.chat.destroy());

  assert.equal(await visitor.page.locator("cozegate-window").count(), 0);
  await visitor.page.setViewportSize({ width: 500, height: 500 });
});

test("the markup becomes what a browser would have made of it", async () => {
  const visitor = await arrive();
  const markup = await visitor.page.locator("cozegate-window").evaluate(({ shadowRoot }) => {
    // Where things stand was not in the markup.
    for (const node of shadowRoot.querySelectorAll("[style]")) node.removeAttribute("style");
    return shadowRoot.innerHTML;
  });
  await visitor.page.goto(`${product.auth}/callback`);

  const [ours, parsed] = await visitor.page.evaluate(async (markup) => {
    const { built } = await import("/assets/window/markup.js");
    const template = document.createElement("template");
    template.innerHTML = markup;
    const element = document.createElement("div");
    element.append(built(document, markup));
    return [element.innerHTML, template.innerHTML];
  }, markup);

  assert.ok(markup.includes("message-template"), "all of it is there");
  assert.equal(ours, parsed);
});

for (const language of LANGUAGES) {
  test(`the window looks right in ${language}, light and dark, on a desk and on a phone`, async () => {
    const open = async (visitor) => {
      await visitor.page.goto(`${site.origin}/${language}`);
      await visitor.part("launcher").click();
      await visitor.ready();
      await visitor.ask("扣子和 cozegate 有什么关系？ What stands between us?");
    };
    await lookAt(browser, { name: "window", open, language, within: "cozegate-window" });
  });
}
