// The chat's inspector: one sees the requests as they happen, and no secret.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { Product } from "../harness/product.js";

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

async function arrive(query) {
  const visitor = await Visitor.arrive(browser);
  visitors.push(visitor);
  await visitor.openChat(product, "Echo", query);
  return visitor;
}

const lines = (visitor) => visitor.part("inspected").allInnerTexts();

test("it is off until somebody asks for it, then shows what has happened, and the address keeps that", async () => {
  const visitor = await arrive("");
  const before = await visitor.page.locator("#inspector").isVisible();

  await visitor.page.getByRole("button", { name: "Inspector" }).click();
  const shown = await lines(visitor);
  await visitor.page.reload();
  await visitor.ready();

  assert.equal(before, false);
  assert.match(shown[0], /^Session[\s\S]*POST \/auth\/session/);
  assert.ok(shown.some((line) => line.includes("/v1/conversations")), shown.join("\n"));
  assert.ok(await visitor.page.locator("#inspector").isVisible());
});

test("the answer's stream is counted while it comes, with the gateway's own times", async () => {
  const visitor = await arrive("&inspect=1");
  await visitor.ask("count these words please");

  const stream = visitor.page.locator('[data-testid="inspected"][data-kind="stream"]');
  const line = await stream.innerText();
  const names = await stream.locator(".inspected-facts").getAttribute("title");

  assert.match(line, /^Stream\s+200\s+POST \/v3\/chat\s+\?conversation_id=\d+/);
  assert.match(line, /200/);
  assert.match(line, /first byte [\d.]+ ms · [\d.]+ ms in all · \d+ events/);
  assert.match(line, /token at hand · Coze [\d.]+ ms · cozegate/);
  assert.match(line, /log ID \S+/);
  assert.match(names, /conversation\.message\.delta × \d+/);
});

test("a handle that was refused is seen to be replaced", async () => {
  const visitor = await arrive("&inspect=1");
  // Ended behind the page's back, as by a restart.
  await visitor.page.route("**/v3/chat?*", (route) =>
    route.fulfill({ status: 401, headers: { "access-control-allow-origin": product.auth }, json: { code: 4100, msg: "over" } }),
    { times: 1 },
  );

  await visitor.ask("and again");

  const seen = await lines(visitor);
  const asked = seen.filter((line) => line.includes("/v3/chat"));
  assert.equal(asked.length, 2);
  assert.match(asked[0], /401/);
  assert.match(asked[1], /again, with a new handle/);
  assert.equal(seen.filter((line) => line.includes("/auth/session")).length, 2);
  assert.deepEqual(visitor.errorsBesides(401), []);
  visitor.errors.splice(0);
});

test("no handle and no word of the talk is in it, nor in what it copies", async () => {
  const visitor = await arrive("&inspect=1");
  await visitor.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await visitor.ask("xylophone");

  await visitor.page.locator("#inspector-copy").click();
  await visitor.page.getByRole("button", { name: "Copied" }).waitFor();

  const copied = await visitor.page.evaluate(() => navigator.clipboard.readText());
  const panel = await visitor.page.locator("#inspector").evaluate((node) => node.outerHTML);
  assert.match(copied, /POST http\S+\/v3\/chat\S* 200 stream credential cgh_…/);
  for (const text of [copied, panel]) {
    assert.doesNotMatch(text, /xylophone|cgh_[\w-]/);
    for (const handle of await visitor.handles()) assert.ok(!text.includes(handle));
  }
});

test("Escape closes it, and the focus goes back to its button", async () => {
  const visitor = await arrive("");
  await visitor.page.locator("#inspect").press("Enter");
  await visitor.page.locator("#inspector-close").focus();

  await visitor.page.keyboard.press("Escape");

  assert.equal(await visitor.page.locator("#inspector").isVisible(), false);
  assert.equal(await visitor.page.evaluate(() => document.activeElement.id), "inspect");
  assert.doesNotMatch(visitor.page.url(), /inspect/);
});
