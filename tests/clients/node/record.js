// Records the requests that good clients send for a visitor into tests/recorded/visitor-requests.jsonl, for the suites that
// replay them ("good tried N / refused 0"). Run it by hand when a client was raised:
//
//   cargo build && node tests/clients/node/record.js
//
// It needs the Node and Python clients that `cargo xtask test` installs, and a Chromium.

import { execFile } from "node:child_process";
import { createReadStream, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CozeAPI } from "@coze/api";
import { launchBrowser, Visitor } from "./harness/browser.js";
import { cdnFile, SDK_PATH } from "./harness/chat-sdk.js";
import { partlyShown } from "./harness/growing-answer.js";
import { npmClients } from "./harness/npm-clients.js";
import { Product } from "./harness/product.js";
import { Recorder } from "./harness/recorder.js";
import { Shopper } from "./harness/shopper.js";
import { page, Site, tag } from "./harness/site.js";
import { Manager, MANAGERS } from "./harness/userscript.js";

const TESTS = path.join(import.meta.dirname, "../..");
/** What is uploaded. */
const SMALL_FILE = path.join(import.meta.dirname, "package.json");
const PYTHON = process.env.COZEGATE_PYTHON ?? path.join(TESTS, "../.tools/python/bin/python");

/** What people type: other scripts, quotes, JSON in a text, what looks like a parameter, many lines. */
const TEXTS = [
  "hello",
  "你好，扣子",
  "What's the \"price\" of 2 \\ 3?",
  "emoji 🚪🙂 and accents éàü",
  "line one\nline two\n\ttabbed",
  '{"user_id":"not a parameter","bot_id":1}',
  "https://example.com/a?user_id=1&draft_mode=true#x",
  "<b>markup</b> & entities &amp;",
  "ключ العربية עברית",
  "user_id=1&bot_id=2",
  "0",
  "long ".repeat(200),
];

const recorder = await Recorder.start();
const cdn = await Site.start(({ pathname }) => cdnFile(pathname));
const script = await npmClients();
const pages = new Map();
const shop = await Site.start(({ pathname }) => pages.get(pathname));
const product = await Product.start({
  COZEGATE__CORS__ORIGINS: JSON.stringify([shop.origin]),
  COZEGATE__FILES__PRIVATE_HOSTS: cdn.origin,
  COZEGATE__USERSCRIPT__SITES: JSON.stringify([`${shop.origin}/*`]),
  COZEGATE__CHAT__SDK_URL: cdn.origin + SDK_PATH,
  COZEGATE__LIMITS__SESSIONS_PER_MINUTE: "0",
});
recorder.pointAt(product.proxy);
recorder.name(shop.origin, "page_origin");
await product.order("pace", { delta_spacing_ms: 0 });
const botId = product.bot("Echo");
const browser = await launchBrowser();
try {
  await recordNodeSdk();
  await recordPythonSdk();
  await recordChatSdk();
  await recordAppMode();
  await recordNpmChatSdk();
  await recordOwnWindow();
  await recordUserscript();
} finally {
  await browser.close();
  await product.stop();
  for (const one of [cdn, shop, recorder]) one.stop();
}

const lines = [...recorder.lines];
const folder = path.join(TESTS, "recorded");
mkdirSync(folder, { recursive: true });
writeFileSync(path.join(folder, "visitor-requests.jsonl"), `${lines.join("\n")}\n`);
const counts = Object.entries(grouped(lines)).map(([client, its]) => `${client} ${its.length}`);
console.log(`${lines.length} requests recorded: ${counts.join(", ")}`);

function grouped(lines) {
  const groups = {};
  for (const line of lines) (groups[JSON.parse(line).client] ??= []).push(line);
  return groups;
}

/** What a client makes of an answer is not asked here. */
async function tried(call) {
  try {
    await call();
  } catch {
    // The request was made.
  }
}

async function session() {
  const opened = await product.openSession();
  recorder.name(opened.user.id, "user_id");
  return opened;
}

async function recordNodeSdk() {
  recorder.client = "@coze/api";
  const { handle, user } = await session();
  const coze = new CozeAPI({ token: handle, baseURL: recorder.origin });
  const user_id = user.id;
  const say = (content) => ({ role: "user", content, content_type: "text" });
  const { id: conversation_id } = await coze.conversations.create({ bot_id: botId });
  const { id: file_id } = await coze.files.upload({ file: createReadStream(SMALL_FILE) });
  for (const content of TEXTS) {
    const chat = { bot_id: botId, user_id, additional_messages: [say(content)] };
    for await (const event of coze.chat.stream({ ...chat, conversation_id })) void event;
    await tried(() => coze.chat.createAndPoll(chat));
    await tried(() => coze.chat.create({ ...chat, conversation_id, auto_save_history: true, connector_id: "1024" }));
    await tried(() => coze.conversations.create({ bot_id: botId, messages: [say(content)], meta_data: { from: content.slice(0, 20) } }));
  }
  const composed = JSON.stringify([{ type: "text", text: "look" }, { type: "file", file_id }, { type: "image", file_id }]);
  const question = { role: "user", content: composed, content_type: "object_string" };
  const chat = await coze.chat.createAndPoll({ bot_id: botId, user_id, conversation_id, additional_messages: [question] });
  const running = { bot_id: botId, user_id, additional_messages: [say("one"), { role: "assistant", content: "two", content_type: "text" }, say("three")] };
  for await (const event of coze.chat.stream({ ...running, meta_data: { page: "/" }, parameters: { theme: "dark" } })) void event;
  const [message] = chat.messages;
  for (const query of [{}, { page_num: 1, page_size: 1 }, { page_num: 2, page_size: 50, connector_id: "1024" }, { sort_order: "DESC" }]) {
    await tried(() => coze.conversations.list({ bot_id: botId, ...query }));
  }
  for (const body of [{}, { order: "asc" }, { order: "desc", limit: 50 }, { limit: 10, after_id: message.id }, { before_id: message.id }, { chat_id: chat.chat.id }]) {
    await tried(() => coze.conversations.messages.list(conversation_id, body));
  }
  await tried(() => coze.chat.cancel(conversation_id, chat.chat.id));
  await tried(() => coze.chat.messages.list(conversation_id, chat.chat.id));
  for (const feedback_type of ["like", "unlike"]) {
    const feedback = { feedback_type, reason_types: ["helpful"], comment: "谢谢" };
    await tried(() => coze.conversations.messages.feedback.create(conversation_id, message.id, feedback));
  }
  await tried(() => coze.conversations.messages.feedback.delete(conversation_id, message.id));
  await tried(() => coze.conversations.update?.(conversation_id, { name: "renamed" }));
  await tried(() => coze.conversations.clear(conversation_id));
  await tried(() => coze.conversations.delete?.(conversation_id));
  await tried(() => coze.bots.retrieve({ bot_id: botId }));
  await tried(() => coze.bots.retrieveNew(botId));
  await tried(() => coze.audio.speech.create({ input: "read this", voice_id: "7426725529589596187", response_format: "mp3", speed: 1 }));
  await tried(() => coze.audio.transcriptions.create({ file: createReadStream(SMALL_FILE) }));
}

async function recordPythonSdk() {
  recorder.client = "cozepy";
  const { handle, user } = await session();
  const arguments_ = [path.join(TESTS, "clients/python/record_cozepy.py"), recorder.origin, handle, user.id, botId, JSON.stringify(TEXTS)];
  // Beside this process, in which the recorder runs.
  await new Promise((resolve, reject) => {
    execFile(PYTHON, arguments_, (error, stdout, stderr) => (error ? reject(new Error(stderr || stdout)) : resolve(stdout)));
  });
}

/** A visitor of the shop whose requests go through the recorder. */
async function shopper(url) {
  const one = await Shopper.arrive(browser);
  await one.context.route("**/auth/session", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    recorder.name(body.user.id, "user_id");
    await route.fulfill({ response, json: { ...body, api_base: recorder.origin } });
  });
  await one.visit(url);
  return one;
}

function ourTag(attributes) {
  return tag(product.auth, { "bot-id": botId, sdk: cdn.origin + SDK_PATH, ...attributes });
}

async function recordChatSdk() {
  for (const lang of ["en", "zh-CN"]) {
    recorder.client = "chat-sdk (stand-in, bot)";
    pages.set("/sdk", { body: page(ourTag({ lang, options: JSON.stringify({ config: { botInfo: { botId, parameters: { lang } } } }) })) });
    pages.set("/plain", { body: page(ourTag({ lang })) });
    for (const where of ["/plain", "/sdk"]) {
      const one = await shopper(shop.origin + where);
      await one.openSdk();
      for (const text of TEXTS) await one.askBySdk(text.replaceAll("\n", " "));
      await one.sdk("file").setInputFiles({ name: "list.txt", mimeType: "text/plain", buffer: Buffer.from("a,b,c") });
      await one.sdkMessages("user").filter({ hasText: "list.txt" }).waitFor();
      await one.sdkState("ready");
      await one.sdk("clear").click();
      await one.sdkMessages("system").waitFor();
      await partlyShown(product, one.page, () => one.sayBySdk("a b c d e f g h i j"));
      await one.sdk("stop").click();
      await one.sdkState("ready");
      await product.releaseAnswers();
      await one.sdk("new").click();
      await one.sdkMessages("user").first().waitFor({ state: "detached" });
      await feedbackAndMore(one);
      await one.context.close();
    }
  }
}

/** Requests of the SDK that the stand-in has no button for (chat-sdk 3.3). */
async function feedbackAndMore(one) {
  const calls = [
    ["GET", `/v1/conversations?bot_id=${botId}&connector_id=999&sort_field=updated_at&page_size=20&page_num=1`],
    ["PUT", "/v1/conversations/C", { name: "一个名字" }],
    ["POST", "/v1/conversation/message/list?conversation_id=C", { limit: 10, after_id: "7500000000000000999" }],
    ["POST", "/v1/conversations/C/messages/7500000000000000999/feedback", { feedback_type: "like", comment: "good", reason_types: ["a"] }],
    ["DELETE", "/v1/conversations/C/messages/7500000000000000999/feedback"],
    ["DELETE", "/v1/conversations/C"],
  ];
  await one.page.evaluate(async (calls) => {
    const [client] = globalThis.CozeWebSDK.WebChatClient.clients;
    const { requests, conversationId } = client.chat;
    for (const [method, path, body] of calls) {
      await requests.call(method, path.replace("=C", `=${conversationId}`).replace("/C", `/${conversationId}`), body).catch(() => undefined);
    }
  }, calls);
}

/** The app mode of the Chat SDK, by chat-sdk 3.3: the group `app_chat`, which is closed unless a site opens it. */
async function recordAppMode() {
  recorder.client = "chat-sdk (app)";
  const one = await shopper(`${shop.origin}/plain`);
  await one.openSdk();
  await one.page.evaluate(async (texts) => {
    const [app, workflow, connector_id] = ["7600000000000000001", "7600000000000000002", "999"];
    const [client] = globalThis.CozeWebSDK.WebChatClient.clients;
    const { requests, conversationId } = client.chat;
    const quietly = (method, path, body) => requests.call(method, path, body).catch(() => undefined);
    await quietly("GET", `/v1/apps/${app}?version=&connector_id=999`);
    await quietly("GET", `/v1/workflows/${workflow}?connector_id=999&is_debug=false&caller=`);
    const opened = { app_id: app, conversation_name: "Default", get_or_create: true, draft_mode: false, workflow_id: workflow, connector_id };
    await quietly("POST", "/v1/conversation/create", opened);
    await quietly("POST", `/v1/conversation/message/list?conversation_id=${conversationId}`, { limit: 10 });
    for (const content of texts) {
      const asked = {
        additional_messages: [{ role: "user", content_type: "text", content }],
        connector_id,
        workflow_id: workflow,
        parameters: {},
        app_id: app,
        conversation_id: conversationId,
        ext: { user_id: client.options.userInfo.id },
        suggest_reply_info: {},
      };
      const headers = { "content-type": "application/json", authorization: `Bearer ${client.currentToken}` };
      await fetch("https://api.coze.cn/v1/workflows/chat", { method: "POST", headers, body: JSON.stringify(asked) }).catch(() => undefined);
    }
  }, TEXTS.slice(0, 4));
  await one.context.close();
}

async function recordNpmChatSdk() {
  recorder.client = "@coze/chat-sdk";
  pages.set("/clients.js", { type: "text/javascript", body: script });
  pages.set("/clients", { body: page(tag(product.auth, { ui: "none" }), '<div id="root"></div><script src="/clients.js"></script>') });
  const one = await shopper(`${shop.origin}/clients`);
  const settings = { botId, apiBase: product.emulator.api_base, images: `${shop.origin}/` };
  await one.page.evaluate((settings) => globalThis.openChat({ ...settings, token: globalThis.cozegate.token }), settings);
  const input = one.page.locator("textarea");
  await input.waitFor();
  for (const [index, text] of TEXTS.entries()) {
    const answered = one.page.waitForResponse((response) => response.url().includes("/v3/chat?"));
    await input.fill(`mark${index} ${text.replaceAll("\n", " ").slice(0, 100)}`);
    await input.press("Enter");
    await (await answered).finished();
    await one.page.waitForFunction((mark) => document.getElementById("root").innerText.split(mark).length > 2, `mark${index}`);
  }
  await one.page.locator('input[type="file"]').setInputFiles({ name: "list.csv", mimeType: "text/csv", buffer: Buffer.from("a,b") });
  await one.page.getByText("Say it in English").last().waitFor();
  await one.page.locator('[class*="command-container"] taro-image-core').click();
  await one.page.waitForFunction(() => /context/i.test(document.getElementById("root").innerText));

  recorder.client = "@coze/api in a page";
  await one.page.evaluate(
    async ({ apiBase, botId, texts }) => {
      const client = new globalThis.CozeAPI({ token: globalThis.cozegate.token, baseURL: apiBase, allowPersonalAccessTokenInBrowser: true });
      const { id } = await client.conversations.create({ bot_id: botId });
      for (const content of texts) {
        const question = { role: "user", content, content_type: "text" };
        const asked = { bot_id: botId, conversation_id: id, additional_messages: [question] };
        for await (const event of client.chat.stream(asked)) void event;
        await client.chat.create({ ...asked, conversation_id: undefined, user_id: "named by the page" });
      }
      await client.conversations.messages.list(id);
      await client.files.upload({ file: new File(["hello world"], "hello.txt") });
      await client.bots.retrieve({ bot_id: botId }).catch(() => undefined);
    },
    { apiBase: product.emulator.api_base, botId, texts: TEXTS },
  );
  await one.context.close();
}

/** Opens our own window (of a page, or of the userscript) and uses everything in it. */
async function useWindow(one) {
  await one.part("launcher").click();
  await one.ready();
  for (const text of TEXTS) await one.ask(text);
  await partlyShown(product, one.page, () => one.send("a b c d e f g h i j"));
  await one.part("stop").click();
  await one.ready();
  await product.releaseAnswers();
}

async function recordOwnWindow() {
  recorder.client = "own window (embed)";
  pages.set("/own", { body: page(ourTag({ ui: "cozegate" })) });
  const one = await shopper(`${shop.origin}/own`);
  await useWindow(one);
  await one.page.reload();
  await one.begun();
  await one.part("launcher").click();
  await one.ready();
  await one.context.close();
}

async function recordUserscript() {
  const strict = { "content-security-policy": "default-src 'self'; script-src 'self'; connect-src 'self'; style-src 'self'" };
  pages.set("/strict", { body: page(""), headers: strict });
  for (const kind of MANAGERS) {
    recorder.client = `userscript (${kind})`;
    const manager = new Manager(kind);
    const visitor = await Visitor.arrive(browser);
    await manager.watch(visitor.page);
    await manager.installFrom(`${product.auth}/cozegate.user.js`);
    await visitor.page.goto(`${shop.origin}/strict`);
    await visitor.part("launcher").click();
    await visitor.page.locator("[data-bot], [data-state=ready]").first().waitFor();
    const choice = visitor.page.locator(`[data-bot="${botId}"]`);
    if (await choice.isVisible()) await choice.click();
    await visitor.ready();
    for (const text of TEXTS) await visitor.ask(text);
    const opened = manager.requests.filter(({ url }) => url.startsWith(product.proxy));
    for (const { body } of opened) {
      const { user_id } = body.startsWith("{") ? JSON.parse(body) : {};
      if (user_id) recorder.name(user_id, "user_id");
    }
    for (const { method, url, sent, body } of opened) {
      const { pathname, search } = new URL(url);
      // The list of workspaces belongs to the owner of a machine; a visitor's window does not ask for it.
      if (/workspaces|^\/v1\/bots$/.test(pathname)) continue;
      recorder.note({ method, target: pathname + search, headers: sent, body });
    }
    await visitor.context.close();
  }
}
