// The userscript as it is served, in each kind of manager, on a page whose policy forbids everything that is not its own
// and whose address counts as public: nothing of what it does could be done by the page.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { shownWhileWritten } from "../harness/growing-answer.js";
import { Product } from "../harness/product.js";
import { page, Site } from "../harness/site.js";
import { Manager, MANAGERS } from "../harness/userscript.js";

const POLICY = "default-src 'self'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:";
/** The browser's remark that the page refused the one style element by which the script finds out whether it may. */
const PROBE = /inline style violates/;
/** Takes the Echo bot a few seconds to say back. */
const LONG = Array.from({ length: 80 }, (_, index) => `word${index}`).join(" ");

let site;
let product;
let browser;
let visitors = [];
before(async () => {
  site = await Site.start(({ pathname }) => {
    const body = page("", pathname === "/framed" ? '<iframe src="/"></iframe>' : "<h1>A site</h1>");
    return { body, headers: { "content-security-policy": POLICY } };
  });
  product = await Product.start({ COZEGATE__USERSCRIPT__SITES: JSON.stringify([`${site.origin}/*`]) });
  browser = await launchBrowser([`--ip-address-space-overrides=${new URL(site.origin).host}=public`]);
});
after(async () => {
  await browser?.close();
  await product?.stop();
  site?.stop();
});
afterEach(async () => {
  const errors = visitors.flatMap((visitor) => visitor.errors).filter((error) => !PROBE.test(error));
  await Promise.all(visitors.map(({ context }) => context.close()));
  visitors = [];
  assert.deepEqual(errors, [], "nothing that the policy forbids, and no error");
});

/** Somebody with a manager of this kind, who has installed the script and opens the site. */
async function arrive(kind, { manager = new Manager(kind), path = "/", ...options } = {}) {
  const visitor = await Visitor.arrive(browser, options);
  visitors.push(visitor);
  await manager.watch(visitor.page);
  await manager.installFrom(`${product.auth}/cozegate.user.js`);
  await visitor.page.goto(site.origin + path);
  return { visitor, manager, page: visitor.page };
}

/** Opens the chat by its button. */
async function open({ visitor }) {
  await visitor.part("launcher").click();
  await visitor.ready();
}

const userOf = ({ manager }) => JSON.parse(manager.values.get("cozegate_user"));

for (const kind of MANAGERS) {
  test(`${kind}: one installs it, opens a page, asks, and the answer grows on screen`, async () => {
    const person = await arrive(kind);
    const { visitor, manager, page } = person;
    await open(person);

    const seen = await shownWhileWritten(product, page, () => visitor.send(LONG));
    await visitor.ready();

    for (const [index, text] of seen.slice(1).entries()) assert.ok(text.startsWith(seen[index]) && text.length > seen[index].length);
    const answer = (await visitor.texts("assistant")).at(-1);
    assert.ok(answer.includes("word79"), answer.slice(-80));
    const chat = manager.requests.find(({ url }) => url.includes("/v3/chat?"));
    assert.ok(chat.chunks > 5, `came in ${chat.chunks} pieces`);
  });

  test(`${kind}: a user stays the same over reloads and pages, until they become another one`, async () => {
    const person = await arrive(kind);
    const { visitor, manager, page } = person;
    await open(person);
    await visitor.ask("remember me");
    const user = userOf(person);
    assert.match(user, /^session_[0-9a-z]+_[0-9a-z]{20}$/);

    await page.goto(`${site.origin}/other`);
    await open(person);
    await visitor.messages("user").first().waitFor();
    assert.deepEqual(await visitor.texts("user"), ["remember me"]);
    assert.equal(userOf(person), user);

    const question = await manager.answer(page, "User id: become somebody new", "");
    assert.match(question, /out of reach/);
    await manager.notified(/somebody new/);
    // The chat was open and is again, for whoever it is now.
    await visitor.ready();
    assert.notEqual(userOf(person), user);
    assert.deepEqual(await visitor.texts("user"), []);
  });

  test(`${kind}: nothing of a session can be read from the page, the manager's values or the log`, async () => {
    const person = await arrive(kind);
    const { visitor, manager, page } = person;
    await manager.choose(page, "Debug: off");
    await open(person);
    await visitor.ask("a secret?");
    await manager.choose(page, "Copy the debug log");
    await manager.notified(/Copied/);

    const readable = [await visitor.readable(), manager.clipboard, ...manager.values.values()].join("\n");

    const handles = manager.requests
      .map(({ headers }) => headers.Authorization?.replace("Bearer ", ""))
      .filter(Boolean);
    const pairing = manager.requests.find(({ headers }) => headers["X-Cozegate-Pairing"]).headers["X-Cozegate-Pairing"];
    assert.ok(handles.length > 3 && handles.every((handle) => handle.startsWith("cgh_")));
    for (const secret of [...handles, pairing]) assert.ok(!readable.includes(secret));
    assert.doesNotMatch(readable, /cgh_|cgv_|czs_/);
    assert.match(manager.clipboard, /requests go through the manager/);
    assert.match(manager.clipboard, /POST http:\/\/127\.0\.0\.1:\d+\/v3\/chat: 200 after \d+ ms/);
    assert.ok(
      visitor.console.some((line) => line.startsWith("[cozegate] ")),
      "debug says it in the console, too",
    );
  });
}

test("two browsers are two users, and one can take over the other's id", async () => {
  const one = await arrive("Tampermonkey");
  const two = await arrive("Violentmonkey");
  await open(one);
  await one.visitor.ask("I am one");
  await open(two);
  assert.deepEqual(await two.visitor.texts("user"), []);

  await one.manager.choose(one.page, "User id: copy for another browser");
  await one.manager.notified(/Copied/);
  await two.manager.answer(two.page, "User id: take over", one.manager.clipboard);
  await two.manager.notified(/taken over/);
  await two.visitor.messages("user").first().waitFor();

  assert.equal(userOf(two), userOf(one));
  assert.deepEqual(await two.visitor.texts("user"), ["I am one"]);
});

test("the id that an older script has kept is taken over", async () => {
  const manager = new Manager("Tampermonkey");
  manager.values.set("coze_session_name", JSON.stringify("session_lx3k9_a1b2c3"));

  const { page } = await arrive("Tampermonkey", { manager });

  const told = await manager.answer(page, "User id: show", "");
  assert.match(told, /session_lx3k9_a1b2c3/);
  const opened = await manager.until(() => manager.requests.find(({ url }) => url.endsWith("/auth/session")));
  assert.equal(JSON.parse(opened.body).session_name, "session_lx3k9_a1b2c3");
});

test("bot, title, width, language and window are changed in the menu, and stay", async () => {
  const person = await arrive("ScriptCat");
  const { visitor, manager, page } = person;
  await visitor.part("launcher").waitFor();

  const asked = await manager.answer(page, "Bot: ", "2");
  assert.match(asked, /1\. 回声 Echo \(7500000000000000001\)/);
  await manager.answer(page, "Title: ", "Ask me");
  await manager.answer(page, "Width: ", "640");
  await manager.choose(page, "Window: whichever");
  await manager.choose(page, "Window: always Coze");
  await manager.choose(page, "语言");
  await manager.until(() => manager.menu(page).includes("宽度：640 像素"));
  await page.reload();

  for (const label of ["智能体：记忆 Memory", "标题：Ask me", "宽度：640 像素", "窗口：总是用 cozegate 自己的"]) {
    await manager.until(() => manager.menu(page).includes(label), label);
  }
  assert.deepEqual(
    manager.menu(page).filter((label) => label.includes("userscript-")),
    [],
    "each label has its words",
  );
  await open(person);
  assert.match(await visitor.part("bot-name").innerText(), /Ask me/);
  assert.equal((await visitor.part("panel").boundingBox()).width, 640);
  await manager.answer(page, "宽度", "12");
  await manager.notified(/没有做任何改动/);
});

test("the menu opens and closes the chat, and says which it does", async () => {
  const { visitor, manager, page } = await arrive("Violentmonkey");
  await visitor.part("launcher").waitFor();

  await manager.choose(page, "Open the chat");
  await visitor.ready();
  await manager.choose(page, "Close the chat");
  await visitor.part("panel").waitFor({ state: "hidden" });

  await manager.until(() => manager.menu(page)[0] === "Open the chat");
});

test("the status says what runs and how", async () => {
  const { visitor, manager, page } = await arrive("Tampermonkey");
  await visitor.part("launcher").waitFor();

  const status = await manager.answer(page, "Status", "");

  assert.match(status, /reachable: yes, version \d+\.\d+\.\d+/);
  assert.match(status, /let in: yes/);
  assert.match(status, /manager: Tampermonkey 1\.0; requests: by the manager/);
});

test("there is one chat in a document, however often the script is injected, and none in its frames", async () => {
  const { visitor, manager, page } = await arrive("Tampermonkey", { path: "/framed" });
  await visitor.part("launcher").waitFor();

  const second = new Manager("Violentmonkey");
  await second.installFrom(`${product.auth}/cozegate.user.js`);
  await second.watch(page);
  await page.reload();
  await visitor.part("launcher").waitFor();

  assert.equal(await page.locator("cozegate-window").count(), 1);
  assert.equal(await page.frames()[1].locator("cozegate-window").count(), 0);
  assert.equal([manager, second].filter((one) => one.menu(page).length > 0).length, 1);
});

test("a page that changes without loading keeps its chat, also when it throws everything away", async () => {
  const person = await arrive("Violentmonkey");
  const { visitor, page } = person;
  await open(person);
  await visitor.ask("before");

  await page.evaluate(() => {
    history.pushState({}, "", "/other");
    document.body.replaceChildren(document.createElement("main"));
  });
  await visitor.messages("user").first().waitFor();

  assert.deepEqual(await visitor.texts("user"), ["before"]);
  assert.equal(await page.locator("cozegate-window").count(), 1);
});

test("a document that has no body yet gets its chat when it has one", async () => {
  const visitor = await Visitor.arrive(browser);
  visitors.push(visitor);
  const manager = new Manager("Tampermonkey");
  await visitor.page.addInitScript(() => {
    document.addEventListener("DOMContentLoaded", () => {
      const { body } = document;
      body.remove();
      globalThis.bringBack = () => document.documentElement.append(body);
    });
  });
  await manager.watch(visitor.page);
  await manager.installFrom(`${product.auth}/cozegate.user.js`);
  await visitor.page.goto(site.origin);
  assert.deepEqual(manager.menu(visitor.page), [], "it waits");

  await visitor.page.evaluate(() => globalThis.bringBack());
  await open({ visitor });
});
