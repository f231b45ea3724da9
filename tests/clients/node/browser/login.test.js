// People log in on our pages and out again, over the platform's consent page, in a real browser, with and without scripts.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import * as logins from "../harness/logins.js";
import { Emulator, Served } from "../harness/product.js";

const TEXTS = {
  en: { loggedIn: "Somebody is logged in", nobody: "Nobody is logged in", logOut: "Log out" },
  "zh-CN": { loggedIn: "已登录", nobody: "尚未登录", logOut: "退出登录" },
};

let emulator;
let served;
let browser;
let visitors = [];
before(async () => {
  emulator = await Emulator.start();
  served = await Served.before(emulator);
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await served?.stop();
  await emulator?.stop();
});
afterEach(async () => {
  const errors = visitors.flatMap((visitor) => visitor.errors);
  await Promise.all(visitors.map(({ context }) => context.close()));
  visitors = [];
  assert.deepEqual(errors, [], "the console stays free of errors");
});

async function arrive(options) {
  const visitor = await Visitor.arrive(browser, options);
  visitors.push(visitor);
  return visitor;
}

/** What the page says first. */
const lead = (page) => page.locator(".lead").innerText();

const decide = (page, label) => logins.decide(emulator, page, label);
const logIn = (page, app) => logins.logIn(served, emulator, page, app);

/** Presses the page's button. */
async function logOut(page, texts = TEXTS.en) {
  await page.getByRole("button", { name: texts.logOut }).click();
  await page.waitForURL("**/logout?app=*");
}

test("the overview leads to the login of each app in which people log in, and of no other", async () => {
  const { page } = await arrive();
  await page.goto(`${served.auth}/`);

  const links = page.locator('a[href^="/login"]');

  const targets = await links.evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  assert.deepEqual(targets.sort(), ["/login?app=device", "/login?app=pkce", "/login?app=web"]);
});

for (const [language, texts] of Object.entries(TEXTS)) {
  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? "with" : "without";
    test(`a person logs in and out by clicking, in ${language}, ${how} scripts`, async () => {
      const { page, context } = await arrive({ locale: language, javaScriptEnabled });

      await logIn(page, "pkce");
      const [spoken, before] = [await page.locator("html").getAttribute("lang"), await lead(page)];
      const cookies = (await context.cookies()).filter(({ name }) => name.startsWith("cozegate_login"));
      await logOut(page, texts);
      const after = await lead(page);

      assert.equal(spoken, language);
      assert.ok(before.includes(texts.loggedIn), before);
      assert.ok(after.includes(texts.nobody), after);
      // The login that was used leads this browser on for ten minutes, and opens nothing.
      for (const { httpOnly, expires } of cookies) assert.ok(httpOnly && expires <= Date.now() / 1000 + 600);
      assert.ok(cookies.length <= 1);
    });

    test(`a person logs in on another device, in ${language}, ${how} scripts`, async () => {
      const { page, context } = await arrive({ locale: language, javaScriptEnabled });
      await page.goto(`${served.auth}/`);

      await page.locator('a[href="/login?app=device"]').click();
      await page.waitForURL(`${served.auth}/device?app=device`);
      const elsewhere = context.waitForEvent("page");
      await page.locator("a.address").click();
      await decide(await elsewhere, "Approve");
      // The page looks again by itself.
      await page.waitForURL(`${served.auth}/login?app=device`);
      const before = await lead(page);
      await logOut(page, texts);

      assert.ok(before.includes(texts.loggedIn), before);
      assert.ok((await lead(page)).includes(texts.nobody));
    });
  }
}

test("a person who says no is told so, and nothing of the platform's answer stays on the page", async () => {
  const visitor = await arrive();
  const { page } = visitor;
  await page.goto(`${served.auth}/`);

  await page.locator('a[href="/login?app=web"]').click();
  await decide(page, "Deny");
  await page.waitForURL(`${served.auth}/callback?*`);

  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "The login was refused");
  const state = new URL(page.url()).searchParams.get("state");
  assert.ok(state.length > 20);
  assert.ok(!(await page.content()).includes(state));
  assert.deepEqual(visitor.errorsBesides(403), []);
  visitor.errors = [];
});

test("the chat leads to the login of its app where nobody is logged in, and works afterwards", async () => {
  for (const [app, query] of Object.entries({ web: "", pkce: "&app=pkce" })) {
    const visitor = await arrive();
    const { page } = visitor;

    await page.goto(`${served.auth}/chat?bot_id=${served.bot("Echo")}${query}`);
    await page.getByRole("link", { name: "Log in at Coze" }).click();
    await decide(page, "Approve");
    await page.waitForURL(`${served.auth}/login?app=${app}`);
    // The chat asked for what it could not get.
    assert.deepEqual(visitor.errorsBesides(502), []);
    visitor.errors = [];
    const toChat = await page.getByRole("link", { name: "Open the chat" }).getAttribute("href");
    await visitor.openChat(served, "Echo", query);
    await visitor.ask("as myself");

    assert.equal(toChat, `/chat?app=${app}`);
    assert.ok((await visitor.texts("assistant")).at(-1).includes("as myself"));
    await page.goto(`${served.auth}/login?app=${app}`);
    await logOut(page);
  }
});

test("a session that a page holds ends with the login", async () => {
  const visitor = await arrive();
  await logIn(visitor.page, "web");
  await visitor.openChat(served, "Echo");
  await visitor.ask("before");
  const [handle] = await visitor.handles();

  const other = await arrive();
  await other.page.goto(`${served.auth}/login?app=web`);
  await logOut(other.page);

  const answer = await fetch(`${served.proxy}/v1/users/me`, { headers: { authorization: `Bearer ${handle}` } });
  assert.equal(answer.status, 401);
});

test("the token page speaks of the app that was asked for", async () => {
  const { page } = await arrive();
  await logIn(page, "pkce");

  await page.goto(`${served.auth}/callback?app=pkce`);
  await page.getByRole("button", { name: "Show token" }).click();
  await page.getByRole("button", { name: "Reveal" }).click();

  assert.match(await page.locator("#token-value").innerText(), /^czu_/);
  assert.match(await page.locator("#snippet-curl").innerText(), /\/callback\?app=pkce'/);
  await page.goto(`${served.auth}/login?app=pkce`);
  await logOut(page);
});
