// embed.js without a browser: what a page may say, and where its requests go.

import assert from "node:assert/strict";
import test from "node:test";
import { rightsIn } from "../client/rights.js";
import { attributesOf, hasBot, merged, sdkOptions, settingsOf } from "../embed/options.js";
import { loadFirst, placesOf } from "../embed/script_tag.js";
import { proofOf } from "../embed/user.js";
import { waysOf } from "../embed/ways.js";
import { words } from "../embed/words.js";
import { opensSessions, setUp } from "./fake_way.js";

/** @param {Record<string, string>} attributes */
function tag(attributes) {
  return /** @type {any} */ ({ dataset: attributes });
}

const forced = (rights = rightsIn({})) => ({ userId: "u1", rights, auth: { type: "token", token: "x" }, onShow: () => {}, onHide: () => {} });

test("attributes are read by their names", () => {
  const given = attributesOf(tag({ botId: "7", zIndex: "9", open: "", sdkFrom: "direct", other: "x" }));

  const settings = settingsOf([given], "de");

  assert.equal(settings.botId, "7");
  assert.equal(settings.zIndex, 9);
  assert.equal(settings.open, true);
  assert.equal(settings.sdkFrom, "direct");
  assert.equal(settings.ui, "sdk");
  assert.equal(settings.lang, "en");
  assert.equal(settings.width, null);
  assert.deepEqual(settings.options, {});
});

test("a page without a word about its language speaks the page's", () => {
  assert.equal(settingsOf([{}], "zh-Hant-TW").lang, "zh-CN");
  assert.equal(settingsOf([{ lang: "en" }], "zh-CN").lang, "en");
});

test("ui is ours when it is a word and the SDK's when it is an object", () => {
  const settings = settingsOf([{ ui: "none" }, { ui: { header: { isShow: false } } }], "en");

  assert.equal(settings.ui, "none");
  assert.deepEqual(settings.options, { ui: { header: { isShow: false } } });
});

test("later options outweigh earlier ones in depth, and functions stay what they are", () => {
  const linkClick = () => {};
  const settings = settingsOf(
    [
      { botId: "7", title: "A", options: { ui: { base: { icon: "i" }, footer: { isShow: true } } } },
      { ui: { footer: { isShow: false }, chatBot: { title: "B" } } },
      { extra: { linkClick } },
    ],
    "en",
  );

  const { ui, extra, config } = sdkOptions(settings, forced());

  assert.deepEqual(ui.footer, { isShow: false });
  assert.deepEqual(ui.base, { lang: "en", icon: "i" });
  assert.equal(ui.chatBot.title, "B");
  assert.equal(extra.linkClick, linkClick);
  assert.deepEqual(config, { type: "bot", bot_id: "7", isIframe: false });
});

test("neither token nor user nor frame can be changed by options", () => {
  const options = { auth: { token: "pat_mine" }, userInfo: { id: "boss", nickname: "B" }, config: { isIframe: true } };

  const { auth, userInfo, config } = sdkOptions(settingsOf([{ botId: "7", options }], "en"), forced());

  assert.equal(auth.token, "x");
  assert.deepEqual(userInfo, { id: "u1", nickname: "B", url: "" });
  assert.equal(config.isIframe, false);
});

test("parts of the SDK that the session may not use are hidden, whatever the options say", () => {
  const options = { ui: { conversations: { isNeed: true }, chatBot: { uploadable: true, feedback: { isNeedFeedback: true } } } };
  const settings = settingsOf([{ botId: "7", options }], "en");

  const closed = sdkOptions(settings, forced(rightsIn({ operations: ["chat", "messages"] }))).ui;
  const open = sdkOptions(settings, forced()).ui;

  assert.equal(closed.conversations.isNeed, false);
  const { uploadable, feedback, isNeedAudio, isNeedAddNewConversation, isNeedClearContext } = closed.chatBot;
  assert.deepEqual([uploadable, isNeedAudio, isNeedAddNewConversation, isNeedClearContext], [false, false, false, false]);
  assert.equal(feedback.isNeedFeedback, false);
  assert.deepEqual([open.conversations.isNeed, open.chatBot.uploadable, open.chatBot.isNeedAudio], [true, true, undefined]);
});

test("options from JSON reach nobody's prototype", () => {
  merged({}, JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'));

  assert.equal(/** @type {any} */ ({}).polluted, undefined);
});

test("an app or a bot in the SDK's options is somebody to chat with", () => {
  const has = (/** @type {object} */ given) => hasBot(settingsOf([given], "en"));

  assert.equal(has({}), false);
  assert.equal(has({ botId: "7" }), true);
  assert.equal(has({ options: { config: { type: "app", appInfo: { appId: "1" } } } }), true);
  assert.equal(has({ ui: "none" }), true);
});

test("a proof of who a user is has a place, and is refused until it can be checked", () => {
  const say = words({ en: { "embed-no-proof": "not yet" } }, "en");

  assert.equal(proofOf({ nickname: "Mei" }, say), null);
  for (const proof of [{ ticket: "t" }, { assertion: "a" }]) assert.throws(() => proofOf(proof, say), /not yet/);
});

test("the SDK is loaded by the proxy's plain address, whose folder holds its other files, then by others", () => {
  const home = "https://cdn.test/libs/sdk.js";
  const plain = "http://proxy.test/https://cdn.test/libs/sdk.js";
  const encoded = "http://proxy.test/https%3A%2F%2Fcdn.test%2Flibs%2Fsdk.js";

  assert.deepEqual(placesOf(home, "http://proxy.test", "proxy"), [plain, encoded, plain, home, home]);
  assert.deepEqual(placesOf(home, "http://proxy.test", "direct"), [home, home]);
  assert.deepEqual(placesOf("", "http://proxy.test", "proxy"), []);
});

test("a script that is there already is not loaded again, and none at all is an error", async () => {
  const page = /** @type {any} */ ({});

  await loadFirst(page, ["https://cdn.test/sdk.js"], () => true);
  await assert.rejects(loadFirst(page, [], () => false));
});

test("a script that does not load is tried again, one that loads and brings no chat is run once", async () => {
  /** @type {string[]} */
  const appended = [];
  const pageOf = (/** @type {(src: string) => boolean} */ loads) => {
    const append = (/** @type {any} */ tag) => {
      appended.push(tag.src);
      queueMicrotask(() => (loads(tag.src) ? tag.onload() : tag.onerror()));
    };
    const document = { createElement: () => ({ remove() {} }), head: { append } };
    return /** @type {any} */ ({ document, nonce: "", sleep: async () => {} });
  };
  const [first, second] = ["http://proxy.test/1.js", "http://proxy.test/2.js"];

  await assert.rejects(loadFirst(pageOf(() => true), [first, second, first], () => false), /no script brought/);
  assert.deepEqual(appended.splice(0), [first]);

  await assert.rejects(loadFirst(pageOf(() => false), [first, second, first], () => false), /no script brought/);
  assert.deepEqual(appended.splice(0), [first, second, first]);

  await loadFirst(pageOf((src) => src === second), [first, second, first], () => appended.at(-1) === second);
  assert.deepEqual(appended, [first, second]);
});

test("requests are the platform's by what the gateway says and by what the SDK's builds say, and go by their path", async () => {
  const { gateway, asked } = setUp({ "GET /v1/bots/7": () => Response.json({ code: 0 }) });
  const ways = waysOf(gateway, true);
  assert.ok(ways.isOurs("https://api.coze.cn/v1/bots/7"), "before the gateway has said anything");

  await gateway.session();
  await ways.call("https://api.platform.test/v1/bots/7?a=b", {});

  assert.ok(ways.isOurs("https://api.platform.test/v1/bots/7"));
  assert.ok(!ways.isOurs("https://api.platform.test.evil.test/v1/bots/7"));
  assert.equal(asked.at(-1)?.path, "/v1/bots/7?a=b");
  for (const api of ["https://api.coze.cn", "https://api.coze.com"]) {
    assert.ok(ways.isOurs(`${api}/v1/bots/7`), api);
    assert.ok(!ways.isOurs(`${api}.evil.test/v1/bots/7`), api);
    await ways.call(`${api}/v1/bots/7?c=d`, {});
    assert.equal(asked.at(-1)?.path, "/v1/bots/7?c=d");
  }
});

test("a WebSocket of the platform's goes to the gateway with the handle in the place of what it had", async () => {
  const { gateway } = setUp({ "POST /auth/session": opensSessions() });
  const ways = waysOf(gateway, true);
  const url = "wss://ws.platform.test/v1/chat?bot_id=7&authorization=Bearer%20cozegate";
  assert.equal(ways.socketUrl(url), null);

  await gateway.session();

  assert.equal(ways.socketUrl(url), "ws://proxy.test/v1/chat?bot_id=7&authorization=Bearer+handle-1");
  assert.equal(ways.socketUrl(url.replace("ws.platform.test", "ws.coze.cn")), ways.socketUrl(url));
  assert.equal(ways.socketUrl("wss://elsewhere.test/v1/chat"), null);
});

test("requests with a token of the page's own are led only where the page wants all of them led", async () => {
  const { gateway } = setUp({});
  await gateway.session();
  const [some, all] = [waysOf(gateway, false), waysOf(gateway, true)];
  const url = (/** @type {string} */ token) => `wss://ws.platform.test/v1/chat?authorization=Bearer%20${token}`;

  assert.deepEqual([some.takes?.("Bearer cozegate"), some.takes?.("Bearer pat_x"), all.takes?.("Bearer pat_x")], [true, false, true]);
  assert.equal(some.socketUrl(url("pat_x")), null);
  assert.match(String(some.socketUrl(url("cozegate"))), /handle-1/);
  assert.match(String(all.socketUrl(url("pat_x"))), /handle-1/);
});

test("a text keeps the holes that nobody fills", () => {
  const say = words({ en: { a: "{one} and {two}" } }, "en");

  assert.equal(say("a", { one: "1" }), "1 and {two}");
  assert.equal(say("unknown"), "unknown");
});
