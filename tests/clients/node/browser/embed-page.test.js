// What pages do with embed.js: options, tags that come twice or go, frameworks that begin and end things at will.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { build } from "esbuild";
import { cdnFile, chatSdk, SDK_PATH } from "../harness/chat-sdk.js";
import { DemoShop } from "../harness/demo-shop.js";
import { page, Site } from "../harness/site.js";

let all;
before(async () => {
  all = await DemoShop.start();
});
after(() => all?.stop());
afterEach(() => all.rest());

test("all options reach the SDK, in the order of their weight, and what must be so is so", async () => {
  const options = { ui: { header: { isShow: false }, base: { lang: "en" } }, config: { isIframe: true } };
  const before = "<script>window.cozegateOptions = { ui: { chatBot: { title: 'From the page', onShow() { window.shown = 1; } } } };</script>";
  all.pages.set("/options", page(before + all.tag({ title: "From the tag", width: 500, "z-index": 77, options: JSON.stringify(options) })));
  const shopper = await all.arrive();
  await shopper.visit(`${all.shop.origin}/options`);
  await shopper.openSdk();

  const got = await shopper.page.evaluate(() => {
    const { config, auth, ui, userInfo } = globalThis.CozeWebSDK.WebChatClient.clients[0].options;
    return { config, type: auth.type, ui, id: userInfo.id, shown: globalThis.shown };
  });

  assert.equal(got.config.isIframe, false);
  assert.equal(got.config.bot_id, all.product.bot("Echo"));
  assert.equal(got.type, "token");
  assert.match(got.id, /^v_/);
  assert.deepEqual(got.ui.header, { isShow: false });
  assert.equal(got.ui.base.zIndex, 77);
  assert.equal(got.ui.chatBot.title, "From the page");
  assert.equal(got.ui.chatBot.width, 500);
  assert.equal(got.shown, 1);
});

test("a tag that is there twice, taken out, or put in again makes one chat", async () => {
  all.pages.set("/twice", page(all.tag() + all.tag()));
  const shopper = await all.arrive();
  await shopper.visit(`${all.shop.origin}/twice`);
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
      { src: `${all.product.auth}/embed.js`, attributes },
    );
  const known = { botId: all.product.bot("Echo"), sdk: all.sdk };

  await shopper.openSdk();
  assert.equal(await shopper.askBySdk("once"), "once");
  await shopper.sdk("input").fill("half a sentence");
  await again(known);
  await again(known);
  assert.equal(await shopper.sdk("input").inputValue(), "half a sentence", "nothing was begun anew");
  assert.equal(await shopper.page.locator(".coze-chat-sdk").count(), 1);

  // Another route of the page has another bot.
  await again({ ...known, botId: all.product.bot("Memory") });
  await shopper.begun();
  await shopper.openSdk();
  assert.match(await shopper.askBySdk("remember me"), /remember me/);
  assert.equal(await shopper.page.locator(".coze-chat-sdk").count(), 1);
});

test("init, destroy and init at once, as strict modes do, make one chat", async () => {
  all.pages.set("/bare", page(`<script src="${all.product.auth}/embed.js"></script>`));
  const shopper = await all.arrive();
  await shopper.page.goto(`${all.shop.origin}/bare`);

  await shopper.page.evaluate(
    async (options) => {
      const { cozegate } = globalThis;
      cozegate.init(options);
      cozegate.destroy();
      cozegate.init(options);
      await cozegate.ready;
    },
    { botId: all.product.bot("Echo"), sdk: all.sdk },
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

test("React's strict mode, which mounts everything twice, makes one chat", async () => {
  all.pages.set("/react", page(`<script src="${all.product.auth}/embed.js"></script>`, `<div id="root"></div><script>${await strictApp()}</script>`));
  const shopper = await all.arrive();
  await shopper.page.goto(`${all.shop.origin}/react`);

  await shopper.page.evaluate((options) => globalThis.mount(options), { botId: all.product.bot("Echo"), sdk: all.sdk });
  await shopper.begun();
  await shopper.openSdk();
  assert.equal(await shopper.askBySdk("strictly one"), "strictly one");
  assert.deepEqual(await shopper.page.evaluate(() => [globalThis.begun, globalThis.ended]), [2, 1]);
  assert.equal(await shopper.page.locator(".coze-chat-sdk").count(), 1);

  await shopper.page.evaluate(() => globalThis.unmount());
  await shopper.page.locator(".coze-chat-sdk").waitFor({ state: "detached" });
});

test("what the page itself asks the platform for, with a token of its own, stays the page's", async () => {
  const shopper = await all.arrive();
  await shopper.visit(`${all.shop.origin}/`);
  const asked = [];
  shopper.page.on("request", (request) => asked.push(new URL(request.url()).origin));
  const platform = all.product.emulator.api_base;

  await shopper.page.evaluate(async (platform) => {
    const authorization = "Bearer pat_of_the_page";
    await fetch(`${platform}/v1/users/me`, { headers: { authorization } });
    await new Promise((resolve) => {
      const xhr = new XMLHttpRequest();
      xhr.open("GET", `${platform}/v1/users/me`);
      xhr.setRequestHeader("Authorization", authorization);
      xhr.onload = resolve;
      xhr.send();
    });
  }, platform);

  assert.deepEqual(asked, [platform, platform]);
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
    return { type: "text/javascript", body: chatSdk() };
  });
  t.after(() => slow.stop());
  all.pages.set("/slow", page(all.tag({ sdk: `${slow.origin}/sdk.js`, "sdk-from": "direct" })));
  const shopper = await all.arrive();
  await shopper.page.goto(`${all.shop.origin}/slow`, { waitUntil: "commit" });
  await asked;

  await shopper.page.evaluate(() => globalThis.cozegate.destroy());
  release();
  await shopper.page.waitForFunction(() => globalThis.CozeWebSDK);
  await shopper.page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));

  assert.equal(await shopper.page.locator(".coze-chat-sdk").count(), 0);
});

test("a page that throws its body away on a route change keeps its chat", async () => {
  const shopper = await all.arrive();
  await shopper.visit(`${all.shop.origin}/`);
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
  const other = await Site.start(({ pathname }) => cdnFile(pathname));
  t.after(() => other.stop());
  all.pages.set("/direct", page(all.tag({ sdk: other.origin + SDK_PATH })));
  const shopper = await all.arrive();
  await shopper.visit(`${all.shop.origin}/direct`);
  await shopper.openSdk();

  assert.equal(await shopper.askBySdk("direct"), "direct");
});

/** A component with the chat, as a site would write it, in React's strict mode (development build: production has none). */
async function strictApp() {
  const contents = `
    import { createElement, StrictMode, useEffect } from "react";
    import { createRoot } from "react-dom/client";
    Object.assign(globalThis, { begun: 0, ended: 0 });
    function Chat(options) {
      useEffect(() => {
        globalThis.begun += 1;
        cozegate.init(options);
        return () => {
          globalThis.ended += 1;
          cozegate.destroy();
        };
      }, []);
      return null;
    }
    const root = createRoot(document.getElementById("root"));
    globalThis.mount = (options) => root.render(createElement(StrictMode, null, createElement(Chat, options)));
    globalThis.unmount = () => root.unmount();`;
  const result = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    format: "iife",
    platform: "browser",
    define: { "process.env.NODE_ENV": '"development"' },
    write: false,
    logLevel: "silent",
  });
  return result.outputFiles[0].text.replaceAll("</script", "<\\/script");
}
