// The playground: what one clicks becomes a tag, and the preview shows what the tag brings.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { cdnFile, SDK_PATH } from "../harness/chat-sdk.js";
import { Product } from "../harness/product.js";
import { Site } from "../harness/site.js";

let cdn;
let product;
let browser;
let visitors = [];
before(async () => {
  // It has the Chat SDK, and nobody but the proxy asks it.
  cdn = await Site.start(({ pathname }) => cdnFile(pathname));
  product = await Product.start({
    COZEGATE__CHAT__SDK_URL: `${cdn.origin}${SDK_PATH}`,
    COZEGATE__FILES__PRIVATE_HOSTS: cdn.origin,
  });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await product?.stop();
  cdn?.stop();
});
afterEach(async () => {
  const errors = visitors.flatMap((visitor) => visitor.errors);
  await Promise.all(visitors.map(({ context }) => context.close()));
  visitors = [];
  assert.deepEqual(errors, [], "nothing that the policies forbid, and no error");
});

/** Somebody in the playground, with cozegate's own window: that needs nobody else's script. */
async function arrive(query = "?ui=cozegate") {
  const visitor = await Visitor.arrive(browser);
  visitors.push(visitor);
  await visitor.page.goto(`${product.auth}/playground${query}`);
  const preview = visitor.page.frameLocator("#preview");
  return { visitor, page: visitor.page, preview, snippet: visitor.part("snippet") };
}

test("the tag is written while one chooses, and the address keeps the choice", async () => {
  const { page, snippet } = await arrive();
  await page.locator("#preview").contentFrame().getByTestId("launcher").waitFor();

  await page.getByLabel("Bot ID").fill("123");
  await page.getByLabel("Title", { exact: true }).fill('Tea & "more" <b>');
  await page.getByLabel("Open at once").check();
  const written = await snippet.textContent();
  await page.reload();

  assert.equal(
    written,
    [
      `<script src="${product.auth}/embed.js"`,
      '  data-bot-id="123"',
      '  data-ui="cozegate"',
      `  data-title='Tea &amp; "more" &lt;b&gt;'`,
      "  data-open",
      "  async></script>",
    ].join("\n"),
  );
  assert.equal(await snippet.textContent(), written);
});

test("the bots of the app are offered, and the first one is taken", async () => {
  const { page, snippet, preview } = await arrive();

  await preview.getByTestId("launcher").waitFor();

  const first = await page.locator("#bots option").first().getAttribute("value");
  assert.match(await snippet.textContent(), new RegExp(`data-bot-id="${first}"`));
});

test("one chats in the preview", async () => {
  const { preview } = await arrive(`?ui=cozegate&bot_id=${product.bot("Echo")}&open=1`);

  await preview.getByTestId("input").fill("from the playground");
  await preview.getByTestId("input").press("Enter");
  await preview.locator('[data-testid="message"][data-role="assistant"]').waitFor();
  await preview.locator('[data-state="ready"]').waitFor();

  const answer = await preview.locator('[data-role="assistant"] .message-text').textContent();
  assert.ok(answer.includes("from the playground"));
});

for (const from of ["proxy", "direct"]) {
  test(`the Chat SDK chats in the preview, loaded by way of ${from}, with the options that were chosen`, async () => {
    const { visitor, preview } = await arrive(
      `?bot_id=${product.bot("Echo")}&open=1&title=Tea%20shop&width=321&sdk_from=${from}`,
    );
    await preview.locator('[data-testid="sdk-chat"][data-state="ready"]').waitFor();

    await preview.getByTestId("sdk-input").fill("by the SDK");
    await preview.getByTestId("sdk-input").press("Tab");
    await preview.getByTestId("sdk-send").press("Enter");
    await preview.locator('[data-testid="sdk-message"][data-role="assistant"]').waitFor();
    await preview.locator('[data-testid="sdk-chat"][data-state="ready"]').waitFor();

    const answer = await preview.locator('[data-testid="sdk-message"][data-role="assistant"]').innerText();
    assert.ok(answer.includes("by the SDK"), answer);
    assert.equal(await preview.getByTestId("sdk-title").innerText(), "Tea shop");
    assert.deepEqual(visitor.errors, []);
  });
}

test("options of the Chat SDK are offered for it alone", async () => {
  const { page, snippet } = await arrive("?bot_id=");
  const header = page.getByLabel("Header");
  const isOffered = await header.isVisible();

  await page.getByLabel(/cozegate’s own/).check();

  assert.ok(isOffered);
  assert.equal(await header.isVisible(), false);
  assert.match(await snippet.textContent(), /data-ui="cozegate"/);
});

test("a link of somebody else's puts nothing into the page but choices", async () => {
  const hostile = encodeURIComponent(`"'><script>window.owned = 1</script>`);
  const { page, snippet } = await arrive(`?ui=cozegate&title=${hostile}&bot_id=${hostile}&icon=javascript:alert(1)&sdk=https://x.example`);
  await page.locator("#preview").contentFrame().getByTestId("launcher").waitFor();

  const owned = await Promise.all(page.frames().map((frame) => frame.evaluate(() => globalThis.owned)));

  assert.deepEqual(owned, [undefined, undefined]);
  assert.doesNotMatch(await snippet.textContent(), /javascript:|x\.example|<script>w/);
});

test("from the preview no token can be asked for, and other sites cannot frame it", async () => {
  const { page } = await arrive(`?ui=cozegate&bot_id=${product.bot("Echo")}`);
  await page.locator("#preview").contentFrame().getByTestId("launcher").waitFor();
  const inPreview = page.frames()[1];

  const asked = await inPreview.evaluate(() =>
    fetch("/callback", { headers: { "x-requested-with": "XMLHttpRequest" } }).then(() => "answered", () => "refused"),
  );
  const { headers } = await fetch(`${product.auth}/playground/preview`);

  assert.equal(asked, "refused");
  assert.match(headers.get("content-security-policy"), /frame-ancestors 'self'/);
  assert.equal(headers.get("x-frame-options"), "SAMEORIGIN");
  // The browser says that the policy has refused it, which was wanted.
  visitors[0].errors.splice(0);
});
