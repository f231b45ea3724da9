// embed.js on somebody else's page, with the Chat SDK's stand-in: one tag, and people chat.

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { after, afterEach, before, test } from "../harness/test.js";
import { DemoShop } from "../harness/demo-shop.js";
import { partlyShown, shownWhileWritten } from "../harness/growing-answer.js";

/** Far longer than the part of it that is shown before a stop. */
const LONG = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");

let all;
before(async () => {
  all = await DemoShop.start();
});
after(() => all?.stop());
afterEach(() => all.rest());

test("one tag brings the SDK through the proxy, and an answer grows on screen", async () => {
  const shopper = await all.arrive();
  await shopper.visit(`${all.shop.origin}/`);
  await shopper.openSdk();

  const shown = await shownWhileWritten(all.product, shopper.page, () => shopper.sayBySdk("one two three four five six seven"));
  await shopper.sdkState("ready");

  const words = "one two three four five six".split(" ");
  assert.deepEqual(shown.map((text) => text.trim()), words.map((_, index) => words.slice(0, index + 1).join(" ")));
  assert.deepEqual(await shopper.sdkMessages("assistant").allInnerTexts(), ["one two three four five six seven"]);
  const from = await shopper.page.evaluate(() => [...document.scripts].map(({ src }) => src));
  assert.ok(from.includes(`${all.product.proxy}/${all.sdk}`));
  assert.deepEqual(await shopper.marks(), []);
});

test("the SDK finds its second chunk, its stylesheet and its pictures beside its script, through the proxy", async () => {
  const shopper = await all.arrive();
  const came = new Map();
  shopper.page.on("response", (response) => came.set(response.url(), response.status()));
  await shopper.visit(`${all.shop.origin}/`);
  await shopper.openSdk();

  assert.equal(await shopper.askBySdk("with a chunk"), "with a chunk");

  const folder = `${all.product.proxy}/${all.sdk.slice(0, all.sdk.lastIndexOf("/"))}`;
  for (const name of ["82.js", "82.css", "icon.svg"]) assert.equal(came.get(`${folder}/${name}`), 200, name);
  assert.ok(await shopper.sdk("icon").evaluate(({ naturalWidth }) => naturalWidth > 0), "the picture is shown");
});

test("the platform is asked for nothing by the page itself, and gets a token of the visitor's own", async () => {
  const seen = (await all.product.journal()).at(-1)?.seq ?? 0;
  const shopper = await all.arrive();
  const asked = [];
  shopper.page.on("request", (request) => asked.push(request.url()));
  await shopper.visit(`${all.shop.origin}/`);
  await shopper.openSdk();
  await shopper.askBySdk("hello");

  const platform = [all.product.emulator.api_base, "https://api.coze.cn"];
  assert.deepEqual(asked.filter((url) => platform.some((base) => url.startsWith(base))), []);
  const [chat] = (await all.product.journal(seen)).filter(({ path }) => path === "/v3/chat");
  assert.equal(chat.authorization_kind, "czs");
  assert.ok(chat.session_name);
});

test("a file, a new conversation, a cleared context and a stop go their ways", async () => {
  const shopper = await all.arrive();
  await shopper.visit(`${all.shop.origin}/`);
  await shopper.openSdk();

  await shopper.sdk("file").setInputFiles({ name: "list.txt", mimeType: "text/plain", buffer: Buffer.alloc(200_000, "x") });
  await shopper.sdkMessages("assistant").first().waitFor();
  await shopper.sdkState("ready");
  assert.equal(await shopper.sdk("chat").getAttribute("data-uploaded").then(Number) > 200_000, true);

  await shopper.sdk("clear").click();
  await shopper.sdkMessages("system").waitFor();
  await shopper.sdk("new").click();
  await shopper.sdkMessages("user").first().waitFor({ state: "detached" });

  await partlyShown(all.product, shopper.page, () => shopper.sayBySdk(LONG));
  await shopper.sdk("stop").click();
  await shopper.sdkState("ready");
  await all.product.releaseAnswers();
  assert.ok(!(await shopper.sdkMessages("assistant").last().innerText()).includes("word59"));

  assert.equal(await shopper.askBySdk("and now?"), "and now?");
  assert.deepEqual(await shopper.marks(), []);
});

test("show, hide and destroy do what they say and tell it", async () => {
  const shopper = await all.arrive();
  await shopper.visit(`${all.shop.origin}/`);
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

  await shopper.page.evaluate((botId) => globalThis.cozegate.init({ botId, open: true }), all.product.bot("Memory"));
  await shopper.sdkState("ready");
  assert.match(await shopper.askBySdk("again"), /again/);
});

test("two visitors are apart, and each finds their own again after a reload", async () => {
  const people = [await all.arrive(), await all.arrive()];
  for (const [index, shopper] of people.entries()) {
    await shopper.visit(`${all.shop.origin}/`);
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
  const shopper = await all.arrive();
  await shopper.visit(`${all.foreign.origin}/`);
  await shopper.openSdk();
  await shopper.askBySdk("from another site");

  await shopper.page.reload();
  await shopper.begun();
  await shopper.openSdk();

  assert.deepEqual(await shopper.sdkMessages("user").allInnerTexts(), ["from another site"]);
});

for (const where of ["shop", "foreign"]) {
  test(`setUser(null) makes somebody new with an empty history (${where})`, async () => {
    const shopper = await all.arrive();
    const { origin } = all[where];
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
  const shopper = await all.arrive();
  await shopper.visit(`${all.shop.origin}/`);

  await shopper.page.evaluate(() => globalThis.cozegate.setUser({ nickname: "Mei", url: "https://a.test/mei.png" }));

  const shown = await shopper.page.evaluate(() => globalThis.CozeWebSDK.WebChatClient.clients.map((one) => one.options.userInfo));
  assert.equal(shown.length, 1);
  assert.equal(shown[0].nickname, "Mei");
  const refusal = await shopper.page.evaluate(() => globalThis.cozegate.setUser({ ticket: "x" }).catch(String));
  assert.match(refusal, /cannot check who a user is/);
});

test("no handle can be read: not in the console, where the SDK writes its options, nor in storage or DOM", async () => {
  const shopper = await all.arrive();
  await shopper.visit(`${all.foreign.origin}/`);
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
  const shopper = await all.arrive();
  await shopper.visit(`${all.shop.origin}/`);
  await shopper.openSdk();
  await shopper.askBySdk("hello");

  assert.equal(await shopper.shifts(), 0);
  // The count counts.
  await shopper.page.evaluate(() => document.querySelector("p").before(Object.assign(document.createElement("div"), { style: "height:99px" })));
  await shopper.page.waitForFunction(() => globalThis.shifts > 0);
  const script = await (await fetch(`${all.product.auth}/embed.js`)).text();
  const size = gzipSync(script, { level: 9 }).length;
  assert.ok(size <= 14 * 1024, `${size} bytes`);
});
