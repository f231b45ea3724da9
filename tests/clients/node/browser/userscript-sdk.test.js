// The userscript with the Chat SDK's stand-in: in a world of its own where that can be had, else in the page, else not.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { launchBrowser } from "../harness/browser.js";
import { chatSdk, SDK_PATH } from "../harness/chat-sdk.js";
import { partlyShown } from "../harness/growing-answer.js";
import { Product } from "../harness/product.js";
import { Shopper } from "../harness/shopper.js";
import { page, Site } from "../harness/site.js";
import { Manager, MANAGERS } from "../harness/userscript.js";

const STRICT = "default-src 'self'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:";
/** Scripts and connections of the page's own only, but any style. */
const NO_SCRIPTS = STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");
const POLICIES = { "/": undefined, "/strict": STRICT, "/no-scripts": NO_SCRIPTS, "/connects": "script-src 'self'" };
/** What a browser says of requests that fail, which nobody can keep from its console. */
const NETWORK_REMARK = /net::ERR_|has been blocked by CORS policy/;
/** Takes the Echo bot a few seconds to say back. */
const LONG = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");

let cdn;
let site;
let product;
/** A gateway that may not fetch from the CDN. */
let walled;
let browser;
let isCdnOpen = true;
let shoppers = [];
before(async () => {
  cdn = await Site.start(({ pathname }) => {
    if (!isCdnOpen || pathname !== SDK_PATH) return { status: 503 };
    return { type: "text/javascript", body: chatSdk(undefined, { isOneFile: true }) };
  });
  site = await Site.start(({ pathname }) => {
    const policy = POLICIES[pathname];
    return { body: page(""), headers: policy ? { "content-security-policy": policy } : {} };
  });
  const settings = {
    COZEGATE__USERSCRIPT__SITES: JSON.stringify([`${site.origin}/*`]),
    COZEGATE__CHAT__SDK_URL: cdn.origin + SDK_PATH,
  };
  product = await Product.start({ ...settings, COZEGATE__FILES__PRIVATE_HOSTS: cdn.origin });
  walled = await Product.start(settings);
  browser = await launchBrowser([`--ip-address-space-overrides=${new URL(site.origin).host}=public`]);
});
after(async () => {
  await browser?.close();
  await Promise.all([product?.stop(), walled?.stop()]);
  for (const one of [cdn, site]) one?.stop();
});
afterEach(async () => {
  const errors = shoppers
    .flatMap((shopper) => shopper.errors)
    .filter((error) => !/inline style violates/.test(error) && !NETWORK_REMARK.test(error));
  await Promise.all(shoppers.map(({ context }) => context.close()));
  shoppers = [];
  isCdnOpen = true;
  assert.deepEqual(errors, [], "no errors and no unhandled rejections");
});

async function arrive(kind, path, { gateway = product, settings } = {}) {
  const shopper = await Shopper.arrive(browser);
  shoppers.push(shopper);
  const manager = new Manager(kind);
  if (settings) manager.values.set("cozegate_settings", JSON.stringify(settings));
  await manager.watch(shopper.page);
  await manager.installFrom(`${gateway.auth}/cozegate.user.js`);
  await shopper.page.goto(site.origin + path);
  return { shopper, manager, page: shopper.page };
}

async function open({ shopper, manager, page }) {
  await shopper.sdk("ball").waitFor();
  await manager.choose(page, "Open the chat");
  await shopper.sdkState("ready");
}

/** Where the chat runs, as the status says it. */
async function windowOf({ manager, page }) {
  const status = await manager.answer(page, "Status", "");
  return /window: (.*)/.exec(status)[1];
}

/** Whether the page's own world has the SDK and patched functions. */
const touched = (page) =>
  page.evaluate(() => ({ sdk: "CozeWebSDK" in globalThis, isNative: /native code/.test(String(globalThis.fetch)) }));

for (const kind of MANAGERS) {
  test(`${kind}: the SDK chats in a world of its own, and the page is left as it was`, async () => {
    const person = await arrive(kind, "/");
    const { shopper, manager } = person;
    await open(person);

    const answer = await shopper.askBySdk("one two three");

    assert.equal(answer, "one two three");
    assert.match(await shopper.sdk("title").innerText(), /Echo/);
    assert.equal(await windowOf(person), "Chat SDK (sandbox)");
    assert.deepEqual(await touched(person.page), { sdk: false, isNative: true });
    const code = manager.requests.find(
      ({ url }) => url === `${product.proxy}/${encodeURIComponent(cdn.origin + SDK_PATH)}`,
    );
    assert.equal(code.status, 200);
    assert.doesNotMatch(await shopper.readable(), /cgh_|czs_/);
  });

  test(`${kind}: a file, a new conversation, a cleared context and a stop go their ways`, async () => {
    const person = await arrive(kind, "/");
    const { shopper } = person;
    await open(person);

    await shopper
      .sdk("file")
      .setInputFiles({ name: "list.txt", mimeType: "text/plain", buffer: Buffer.alloc(200_000, "x") });
    await shopper.sdkMessages("assistant").first().waitFor();
    await shopper.sdkState("ready");
    assert.ok(Number(await shopper.sdk("chat").getAttribute("data-uploaded")) >= 200_000);
    await shopper.sdk("clear").click();
    await shopper.sdkMessages("system").waitFor();
    await shopper.sdk("new").click();
    await shopper.sdkMessages("user").first().waitFor({ state: "detached" });
    await partlyShown(product, shopper.page, () => shopper.sayBySdk(LONG));
    await shopper.sdk("stop").click();
    await shopper.sdkState("ready");
    await product.releaseAnswers();

    assert.ok(!(await shopper.sdkMessages("assistant").last().innerText()).includes("word59"));
    assert.equal(await shopper.askBySdk("and now?"), "and now?");
  });

  test(`${kind}: where the page allows no scripts the SDK chats all the same`, async () => {
    const person = await arrive(kind, "/no-scripts");
    const { shopper } = person;
    await open(person);

    assert.equal(await shopper.askBySdk("behind a policy"), "behind a policy");
    // The page's policy reaches into the world of those that run in it; their elements pass it.
    assert.equal(await windowOf(person), `Chat SDK (${kind === "Violentmonkey" ? "sandbox" : "page"})`);
  });
}

test("where the page allows no styles either our own window is used, unless the menu says otherwise", async () => {
  const person = await arrive("Tampermonkey", "/strict");
  const { shopper, manager, page } = person;
  await shopper.part("launcher").waitFor();
  assert.equal(await windowOf(person), "cozegate");
  await manager.choose(page, "Copy the debug log");
  await manager.notified(/Copied/);
  assert.match(manager.clipboard, /forbids styles/);

  await manager.choose(page, "Window: whichever");
  await open(person);

  assert.equal(await shopper.askBySdk("unstyled"), "unstyled");
  assert.equal(await page.locator("cozegate-window").count(), 0);
});

test("an SDK that the gateway cannot fetch is loaded directly", async () => {
  const person = await arrive("Tampermonkey", "/", { gateway: walled });
  await person.shopper.sdk("ball").waitFor();

  assert.equal(await windowOf(person), "Chat SDK (page)");
});

test("an SDK that cannot be had gives way to our own window", async () => {
  isCdnOpen = false;
  const person = await arrive("ScriptCat", "/");
  const { shopper } = person;

  await shopper.part("launcher").click();
  await shopper.ready();
  await shopper.ask("without an SDK");

  assert.equal(await windowOf(person), "cozegate");
});

test("a change of the settings takes the old chat away, with its patches", async () => {
  const person = await arrive("Tampermonkey", "/no-scripts", { settings: { ui: "sdk" } });
  const { shopper, manager, page } = person;
  await open(person);
  assert.equal((await touched(page)).isNative, false);

  await manager.choose(page, "Window: always Coze");
  await shopper.part("panel").waitFor();

  assert.equal(await shopper.sdk("ball").count(), 0);
  assert.equal((await touched(page)).isNative, true);
});

test("hidden and shown again, the chat goes on where it was", async () => {
  const person = await arrive("Violentmonkey", "/");
  const { shopper, manager, page } = person;
  await open(person);
  await shopper.askBySdk("remember");

  await manager.choose(page, "Close the chat");
  await shopper.sdk("chat").waitFor({ state: "detached" });
  await manager.choose(page, "Open the chat");
  await shopper.sdkState("ready");

  assert.deepEqual(await shopper.sdkMessages("user").allInnerTexts(), ["remember"]);
});

test("a page in which the SDK runs cannot ask the platform in the visitor's name", async () => {
  const person = await arrive("Tampermonkey", "/connects");
  const { shopper, page } = person;
  await open(person);
  await shopper.askBySdk("mine");
  assert.equal(await windowOf(person), "Chat SDK (page)");
  assert.equal((await touched(page)).isNative, false);
  const seen = (await product.journal()).at(-1).seq;

  const answers = await page.evaluate(async (base) => {
    const url = `${base}/v1/conversations?bot_id=7500000000000000001`;
    const byXhr = new Promise((resolve) => {
      const xhr = new XMLHttpRequest();
      xhr.open("GET", url);
      xhr.setRequestHeader("Authorization", "Bearer cozegate");
      xhr.onloadend = () => resolve(xhr.responseText);
      xhr.send();
    });
    const byFetch = fetch(url, { headers: { Authorization: "Bearer cozegate" } }).then(
      (answer) => answer.text(),
      String,
    );
    return Promise.all([byFetch, byXhr]);
  }, product.emulator.api_base);

  // The browser does not let this page reach the platform's double: both went there, and not to the gateway.
  assert.deepEqual(answers, ["TypeError: Failed to fetch", ""]);
  assert.deepEqual(await product.journal(seen), []);
});
