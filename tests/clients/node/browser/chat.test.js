// The chat page as people use it: type, read along, stop, start anew, come back.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { partlyShown, shownWhileWritten } from "../harness/growing-answer.js";
import { Product } from "../harness/product.js";

/** Takes the Echo bot a few seconds to say back. */
const LONG = Array.from({ length: 80 }, (_, index) => `word${index}`).join(" ");

let product;
let browser;
let visitors = [];
before(async () => {
  product = await Product.start();
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await product?.stop();
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

test("a question is answered, and the bot is called by its name", async () => {
  const visitor = await arrive();
  await visitor.openChat(product, "Echo");

  await visitor.ask("Hello there, 你好");

  assert.match(await visitor.part("bot-name").innerText(), /Echo/);
  assert.deepEqual(await visitor.texts("user"), ["Hello there, 你好"]);
  assert.ok((await visitor.texts("assistant")).at(-1).includes("Hello there, 你好"));
});

test("the answer grows on screen while it is written", async () => {
  const visitor = await arrive();
  await visitor.openChat(product, "Echo");
  const seen = await shownWhileWritten(product, visitor.page, () => visitor.send(LONG));
  await visitor.ready();

  for (const [index, text] of seen.slice(1).entries()) {
    assert.ok(text.startsWith(seen[index]), "each step continues the one before");
  }
  assert.ok((await visitor.texts("assistant")).at(-1).includes("word79"));
});

test("stop ends the answer, and one can go on", async () => {
  const visitor = await arrive();
  await visitor.openChat(product, "Echo");
  await partlyShown(product, visitor.page, () => visitor.send(LONG));

  await visitor.part("stop").click();
  await visitor.ready();
  await product.releaseAnswers();

  const stopped = (await visitor.texts("assistant")).at(-1);
  assert.ok(!stopped.includes("word79"), "the rest of the answer does not come");
  await visitor.ask("and now?");
  assert.ok((await visitor.texts("assistant")).at(-1).includes("and now?"));
});

test("a new conversation begins empty, and the old one stays in the list", async () => {
  const visitor = await arrive();
  await visitor.openChat(product, "Echo");
  await visitor.ask("first");

  await visitor.part("new-conversation").click();
  await visitor.messages("user").first().waitFor({ state: "detached" });
  await visitor.ask("second");

  assert.deepEqual(await visitor.texts("user"), ["second"]);
  assert.equal(await visitor.part("conversation").count(), 2);
});

test("two visitors have two histories, and a reload keeps each their own", async () => {
  const [one, two] = [await arrive(), await arrive()];
  await one.openChat(product, "Echo");
  await two.openChat(product, "Echo");
  await one.ask("I am one");
  await two.ask("I am two");

  for (const visitor of [one, two]) {
    await visitor.page.reload();
    await visitor.messages("user").first().waitFor();
    await visitor.ready();
  }

  assert.deepEqual(await one.texts("user"), ["I am one"]);
  assert.deepEqual(await two.texts("user"), ["I am two"]);
  assert.equal(await one.part("conversation").count(), 1);
});

test("the keyboard alone is enough: Enter sends, Shift+Enter breaks the line", async () => {
  const visitor = await arrive();
  await visitor.openChat(product, "Echo");

  await visitor.part("input").focus();
  await visitor.page.keyboard.type("one");
  await visitor.page.keyboard.press("Shift+Enter");
  await visitor.page.keyboard.type("two");
  await visitor.page.keyboard.press("Enter");
  await visitor.messages("assistant").first().waitFor();
  await visitor.ready();

  assert.deepEqual(await visitor.texts("user"), ["one\ntwo"]);
  assert.equal(await visitor.part("input").inputValue(), "");
});

test("the chat works on a phone", async () => {
  const visitor = await arrive({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  await visitor.openChat(product, "Echo");

  await visitor.ask("from a phone");

  assert.ok((await visitor.texts("assistant")).at(-1).includes("from a phone"));
  const width = await visitor.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, `nothing sticks out to the side (${width} px)`);
});

test("the page speaks the browser's language, and the one that is chosen", async () => {
  const visitor = await arrive({ locale: "zh-CN" });
  const language = () => visitor.page.locator("html").getAttribute("lang");

  await visitor.openChat(product, "Echo");
  const spoken = await language();
  await visitor.openChat(product, "Echo", "&lang=en");
  const chosen = await language();

  assert.equal(spoken, "zh-CN");
  assert.equal(chosen, "en");
});

test("what a visitor types is shown as text, whatever it looks like", async () => {
  const visitor = await arrive();
  await visitor.openChat(product, "Echo");
  const hostile = '<img src=x onerror="window.owned = 1"><script>window.owned = 1</script>';

  await visitor.ask(hostile);

  assert.equal(await visitor.page.evaluate(() => globalThis.owned), undefined);
  assert.deepEqual(await visitor.texts("user"), [hostile]);
});

test("no token and no handle can be read from the page", async () => {
  const visitor = await arrive();
  await visitor.openChat(product, "Echo");
  await visitor.ask("hello");
  await visitor.page.reload();
  await visitor.ready();

  const readable = await visitor.readable();

  const handles = await visitor.handles();
  assert.equal(handles.length, 2);
  assert.doesNotMatch(readable, /czs_/);
  for (const handle of handles) assert.ok(!readable.includes(handle), "the handle shows");
  const cookies = await visitor.context.cookies();
  assert.ok(cookies.some(({ httpOnly, sameSite }) => httpOnly && sameSite !== "None"), "the session's cookie");
});
