// embed.js on somebody else's page, with the Chat SDK's stand-in: one tag, and people chat.

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser } from "../harness/browser.js";
import { chatSdk } from "../harness/chat-sdk.js";
import { Product } from "../harness/product.js";
import { Shopper } from "../harness/shopper.js";
import { page, Site, tag } from "../harness/site.js";

const SDK_PATH = "/obj/chat-app-sdk/1.2.0-beta.20/libs/cn/index.js";
/** Takes the Echo bot a few seconds to say back. */
const LONG = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");

let product;
let browser;
let cdn;
let shop;
/** The same site by a name that makes it another site for the browser, with no cookies of ours. */
let foreign;
let isCdnOpen = true;
/** The pages of the shop, by path. */
const pages = new Map();
let shoppers = [];

before(async () => {
  cdn = await Site.start(({ pathname }) => {
    if (!isCdnOpen) return { status: 503 };
    if (pathname === "/broken.js") return { type: "text/javascript", body: "globalThis.nothing = 1;" };
    return pathname === SDK_PATH ? { type: "text/javascript", body: chatSdk(product.emulator.api_base) } : undefined;
  });
  const answer = ({ pathname }) => {
    const body = pages.get(pathname);
    return body === undefined ? undefined : { body };
  };
  shop = await Site.start(answer);
  foreign = await Site.start(answer, "localhost");
  product = await Product.start({
    COZEGATE__CORS__ORIGINS: JSON.stringify([shop.origin, foreign.origin]),
    COZEGATE__FILES__PRIVATE_HOSTS: cdn.origin,
  });
  pages.set("/", page(ourTag()));
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await product?.stop();
  for (const site of [cdn, shop, foreign]) site?.stop();
});
afterEach(async () => {
  const own = shoppers.flatMap((shopper) => shopper.ownErrors);
  await Promise.all(shoppers.map(({ context }) => context.close()));
  shoppers = [];
  isCdnOpen = true;
  assert.deepEqual(own, [], "no errors and no unhandled rejections");
});

async function arrive(options) {
  const shopper = await Shopper.arrive(browser, options);
  shoppers.push(shopper);
  return shopper;
}

function ourTag(attributes = {}) {
  return tag(product.auth, { "bot-id": product.bot("Echo"), sdk: `${cdn.origin}${SDK_PATH}`, ...attributes });
}

/** The chats that the platform was asked for since `seq`. */
async function chatsSince(seq) {
  return (await product.journal(seq)).filter(({ method, path }) => method === "POST" && path === "/v3/chat");
}

const lastSeq = async () => (await product.journal()).at(-1)?.seq ?? 0;

test("one tag brings the SDK through the proxy, and an answer grows on screen", async () => {
  const shopper = await arrive();
  await shopper.visit(`${shop.origin}/`);
  await shopper.page.evaluate(() => {
    globalThis.seen = [];
    new MutationObserver(() => {
      const text = [...document.querySelectorAll('[data-role="assistant"]')].at(-1)?.textContent;
      if (text && text !== globalThis.seen.at(-1)) globalThis.seen.push(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });

  await shopper.openSdk();
  const answer = await shopper.askBySdk("one two three four five six");

  assert.equal(answer, "one two three four five six");
  assert.ok((await shopper.page.evaluate(() => globalThis.seen.length)) > 2);
  const from = await shopper.page.evaluate(() => [...document.scripts].map(({ src }) => src));
  assert.ok(from.includes(`${product.proxy}/${encodeURIComponent(cdn.origin + SDK_PATH)}`));
  assert.deepEqual(await shopper.marks(), []);
});

test("the platform is asked for nothing by the page itself, and gets a token of the visitor's own", async () => {
  const seen = await lastSeq();
  const shopper = await arrive();
  const asked = [];
  shopper.page.on("request", (request) => asked.push(request.url()));
  await shopper.visit(`${shop.origin}/`);
  await shopper.openSdk();
  await shopper.askBySdk("hello");

  assert.deepEqual(asked.filter((url) => url.startsWith(product.emulator.api_base)), []);
  const [chat] = await chatsSince(seen);
  assert.equal(chat.authorization_kind, "czs");
  assert.ok(chat.session_name);
});

test("a file, a new conversation, a cleared context and a stop go their ways", async () => {
  const shopper = await arrive();
  await shopper.visit(`${shop.origin}/`);
  await shopper.openSdk();

  await shopper.sdk("file").setInputFiles({ name: "list.txt", mimeType: "text/plain", buffer: Buffer.alloc(200_000, "x") });
  await shopper.sdkMessages("assistant").first().waitFor();
  await shopper.sdkState("ready");
  assert.equal(await shopper.sdk("chat").getAttribute("data-uploaded").then(Number) > 200_000, true);

  await shopper.sdk("clear").click();
  await shopper.sdkMessages("system").waitFor();
  await shopper.sdk("new").click();
  await shopper.sdkMessages("user").first().waitFor({ state: "detached" });

  await shopper.sayBySdk(LONG);
  await shopper.page.waitForFunction(() =>
    document.querySelector('[data-role="assistant"]')?.textContent.includes("word1"),
  );
  await shopper.sdk("stop").click();
  await shopper.sdkState("ready");
  assert.ok(!(await shopper.sdkMessages("assistant").last().innerText()).includes("word59"));

  assert.equal(await shopper.askBySdk("and now?"), "and now?");
  assert.deepEqual(await shopper.marks(), []);
});

test("show, hide and destroy do what they say and tell it", async () => {
  const shopper = await arrive();
  await shopper.visit(`${shop.origin}/`);
  await shopper.page.evaluate(() => {
    globalThis.told = [];
    for (const event of ["ready", "show", "hide", "message", "user"]) {
      globalThis.cozegate.on(event, (detail) => globalThis.told.push([event, detail?.role ?? "", detail?.content ?? ""]));
    }
  });
  await shopper.openSdk();
  await shopper.askBySdk("kept");

  await shopper.page.evaluate(() => globalThis.cozegate.hide());
  assert.equal(await shopper.sdk("chat").count(), 0);
  await shopper.openSdk();
  assert.deepEqual(await shopper.sdkMessages("user").allInnerTexts(), ["kept"]);

  await shopper.page.evaluate(() => globalThis.cozegate.destroy());
  assert.equal(await shopper.page.locator(".coze-chat-sdk").count(), 0);
  assert.equal(await shopper.page.evaluate(() => globalThis.fetch.toString()), "function fetch() { [native code] }");
  assert.deepEqual(await shopper.page.evaluate(() => globalThis.told), [
    ["show", "", ""],
    ["message", "user", "kept"],
    ["message", "assistant", "kept"],
    ["hide", "", ""],
    ["show", "", ""],
  ]);

  await shopper.page.evaluate((botId) => globalThis.cozegate.init({ botId, open: true }), product.bot("Memory"));
  await shopper.sdkState("ready");
  assert.match(await shopper.askBySdk("again"), /again/);
});

test("two visitors are apart, and each finds their own again after a reload", async () => {
  const people = [await arrive(), await arrive()];
  for (const [index, shopper] of people.entries()) {
    await shopper.visit(`${shop.origin}/`);
    await shopper.openSdk();
    await shopper.askBySdk(`I am ${index}`);
  }

  for (const [index, shopper] of people.entries()) {
    await shopper.page.reload();
    await shopper.begun();
    await shopper.openSdk();
    assert.deepEqual(await shopper.sdkMessages("user").allInnerTexts(), [`I am ${index}`]);
  }
});

test("a visitor whose browser keeps no cookie of ours finds their own again, too", async () => {
  const shopper = await arrive();
  await shopper.visit(`${foreign.origin}/`);
  await shopper.openSdk();
  await shopper.askBySdk("from another site");

  await shopper.page.reload();
  await shopper.begun();
  await shopper.openSdk();

  assert.deepEqual(await shopper.sdkMessages("user").allInnerTexts(), ["from another site"]);
});

for (const where of ["shop", "foreign"]) {
  test(`setUser(null) makes somebody new with an empty history (${where})`, async () => {
    const shopper = await arrive();
    const { origin } = where === "shop" ? shop : foreign;
    await shopper.visit(`${origin}/`);
    await shopper.openSdk();
    await shopper.askBySdk("secret");
    const before = await shopper.page.evaluate(() => {
      localStorage.setItem("coze__OpenSDKUID__", "1");
      return globalThis.CozeWebSDK.WebChatClient.clients[0].options.userInfo.id;
    });

    await shopper.page.evaluate(() => globalThis.cozegate.setUser(null));
    await shopper.sdkState("ready");

    const now = await shopper.page.evaluate(() => ({
      ids: globalThis.CozeWebSDK.WebChatClient.clients.map(({ options }) => options.userInfo.id),
      stored: localStorage.getItem("coze__OpenSDKUID__"),
    }));
    assert.equal(now.ids.length, 1);
    assert.notEqual(now.ids[0], before);
    assert.equal(now.stored, null);
    assert.equal(await shopper.sdkMessages("user").count(), 0);
    assert.equal(await shopper.askBySdk("hello"), "hello");
    await shopper.page.reload();
    await shopper.begun();
    await shopper.openSdk();
    assert.deepEqual(await shopper.sdkMessages("user").allInnerTexts(), ["hello"]);
  });
}

test("setUser changes how a user is shown, and takes no proof that it cannot check", async () => {
  const shopper = await arrive();
  await shopper.visit(`${shop.origin}/`);

  await shopper.page.evaluate(() => globalThis.cozegate.setUser({ nickname: "Mei", url: "https://a.test/mei.png" }));

  const shown = await shopper.page.evaluate(() => globalThis.CozeWebSDK.WebChatClient.clients.map((one) => one.options.userInfo));
  assert.equal(shown.length, 1);
  assert.equal(shown[0].nickname, "Mei");
  const refusal = await shopper.page.evaluate(() => globalThis.cozegate.setUser({ ticket: "x" }).catch(String));
  assert.match(refusal, /cannot check who a user is/);
});

test("all options reach the SDK, in the order of their weight, and what must be so is so", async () => {
  const options = { ui: { header: { isShow: false }, base: { lang: "en" } }, config: { isIframe: true } };
  const before = "<script>window.cozegateOptions = { ui: { chatBot: { title: 'From the page', onShow() { window.shown = 1; } } } };</script>";
  pages.set("/options", page(before + ourTag({ title: "From the tag", width: 500, "z-index": 77, options: JSON.stringify(options) })));
  const shopper = await arrive();
  await shopper.visit(`${shop.origin}/options`);
  await shopper.openSdk();

  const got = await shopper.page.evaluate(() => {
    const { config, auth, ui, userInfo } = globalThis.CozeWebSDK.WebChatClient.clients[0].options;
    return { config, type: auth.type, ui, id: userInfo.id, shown: globalThis.shown };
  });

  assert.equal(got.config.isIframe, false);
  assert.equal(got.config.bot_id, product.bot("Echo"));
  assert.equal(got.type, "token");
  assert.match(got.id, /^v_/);
  assert.deepEqual(got.ui.header, { isShow: false });
  assert.equal(got.ui.base.zIndex, 77);
  assert.equal(got.ui.chatBot.title, "From the page");
  assert.equal(got.ui.chatBot.width, 500);
  assert.equal(got.shown, 1);
});

test("a tag that is there twice, taken out, or put in again makes one chat", async () => {
  pages.set("/twice", page(ourTag() + ourTag()));
  const shopper = await arrive();
  await shopper.visit(`${shop.origin}/twice`);
  const again = (attributes) =>
    shopper.page.evaluate(
      ({ src, attributes }) =>
        new Promise((resolve) => {
          document.querySelectorAll('script[src$="/embed.js"]').forEach((one) => one.remove());
          const script = document.createElement("script");
          for (const [name, value] of Object.entries(attributes)) script.dataset[name] = value;
          script.onload = resolve;
          script.src = src;
          document.head.append(script);
        }),
      { src: `${product.auth}/embed.js`, attributes },
    );
  const known = { botId: product.bot("Echo"), sdk: `${cdn.origin}${SDK_PATH}` };

  await shopper.openSdk();
  assert.equal(await shopper.askBySdk("once"), "once");
  await shopper.sdk("input").fill("half a sentence");
  await again(known);
  await again(known);
  assert.equal(await shopper.sdk("input").inputValue(), "half a sentence", "nothing was begun anew");
  assert.equal(await shopper.page.locator(".coze-chat-sdk").count(), 1);

  // Another route of the page has another bot.
  await again({ ...known, botId: product.bot("Memory") });
  await shopper.begun();
  await shopper.openSdk();
  assert.match(await shopper.askBySdk("remember me"), /remember me/);
  assert.equal(await shopper.page.locator(".coze-chat-sdk").count(), 1);
});

test("init, destroy and init at once, as strict modes do, make one chat", async () => {
  pages.set("/bare", page(`<script src="${product.auth}/embed.js"></script>`));
  const shopper = await arrive();
  await shopper.page.goto(`${shop.origin}/bare`);

  await shopper.page.evaluate(
    async (options) => {
      const { cozegate } = globalThis;
      cozegate.init(options);
      cozegate.destroy();
      cozegate.init(options);
      await cozegate.ready;
    },
    { botId: product.bot("Echo"), sdk: `${cdn.origin}${SDK_PATH}` },
  );
  await shopper.openSdk();

  assert.equal(await shopper.askBySdk("one"), "one");
  assert.equal(await shopper.page.locator(".coze-chat-sdk").count(), 1);
  const refusal = await shopper.page.evaluate(() => {
    try {
      globalThis.cozegate.init({});
      return "";
    } catch (error) {
      return String(error);
    }
  });
  assert.match(refusal, /no bot is named/);
});

test("a chat that is destroyed while its script is on its way does not appear", async (t) => {
  let release;
  const held = new Promise((resolve) => {
    release = resolve;
  });
  let ask;
  const asked = new Promise((resolve) => {
    ask = resolve;
  });
  const slow = await Site.start(async () => {
    ask();
    await held;
    return { type: "text/javascript", body: chatSdk(product.emulator.api_base) };
  });
  t.after(() => slow.stop());
  pages.set("/slow", page(ourTag({ sdk: `${slow.origin}/sdk.js`, "sdk-from": "direct" })));
  const shopper = await arrive();
  await shopper.page.goto(`${shop.origin}/slow`, { waitUntil: "commit" });
  await asked;

  await shopper.page.evaluate(() => globalThis.cozegate.destroy());
  release();
  await shopper.page.waitForFunction(() => globalThis.CozeWebSDK);
  await shopper.page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));

  assert.equal(await shopper.page.locator(".coze-chat-sdk").count(), 0);
});

test("a page that throws its body away on a route change keeps its chat", async () => {
  const shopper = await arrive();
  await shopper.visit(`${shop.origin}/`);
  await shopper.openSdk();
  await shopper.askBySdk("before");

  await shopper.page.evaluate(() => {
    history.pushState({}, "", "/next");
    const body = document.createElement("body");
    body.innerHTML = "<h1>The next route</h1>";
    document.body.replaceWith(body);
  });
  await shopper.sdkState("ready");

  assert.deepEqual(await shopper.sdkMessages("user").allInnerTexts(), ["before"]);
  assert.equal(await shopper.askBySdk("after"), "after");
});

test("a script that the proxy cannot have is fetched directly", async (t) => {
  // Not a host whose files the proxy hands out.
  const other = await Site.start(() => ({ type: "text/javascript", body: chatSdk(product.emulator.api_base) }));
  t.after(() => other.stop());
  pages.set("/direct", page(ourTag({ sdk: `${other.origin}/sdk.js` })));
  const shopper = await arrive();
  await shopper.visit(`${shop.origin}/direct`);
  await shopper.openSdk();

  assert.equal(await shopper.askBySdk("direct"), "direct");
});

test("no handle can be read: not in the console, where the SDK writes its options, nor in storage or DOM", async () => {
  const shopper = await arrive();
  await shopper.visit(`${foreign.origin}/`);
  await shopper.openSdk();
  await shopper.askBySdk("hello");
  await shopper.page.evaluate(() => globalThis.cozegate.hide());
  await shopper.openSdk();

  const readable = await shopper.readable();

  assert.ok(readable.includes("WebChatClient constructor options"), "the SDK has written them");
  assert.doesNotMatch(readable, /czs_|cgh_/);
  const handles = await shopper.handles();
  assert.ok(handles.length > 0);
  for (const handle of handles) assert.ok(!readable.includes(handle), "the handle shows");
});

test("nothing of the page moves, and the script is small", async () => {
  const shopper = await arrive();
  await shopper.visit(`${shop.origin}/`);
  await shopper.openSdk();
  await shopper.askBySdk("hello");

  assert.equal(await shopper.shifts(), 0);
  // The count counts.
  await shopper.page.evaluate(() => document.querySelector("p").before(Object.assign(document.createElement("div"), { style: "height:99px" })));
  await shopper.page.waitForFunction(() => globalThis.shifts > 0);
  const script = await (await fetch(`${product.auth}/embed.js`)).text();
  const size = gzipSync(script, { level: 9 }).length;
  assert.ok(size <= 15 * 1024, `${size} bytes`);
});
