// The platform's own clients from npm in a page with embed.js that only leads requests (`data-ui="none"`): they know nothing
// of cozegate, talk to the platform's address with a word for a token, and lose nothing while the gateway comes and goes.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { setTimeout as delay } from "node:timers/promises";
import { launchBrowser } from "../harness/browser.js";
import { npmClients } from "../harness/npm-clients.js";
import { Emulator, Served } from "../harness/product.js";
import { Shopper } from "../harness/shopper.js";
import { page, Site, tag } from "../harness/site.js";

const LONG = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");
const PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>';

let emulator;
let gateway;
let browser;
let shop;
let shoppers = [];

before(async () => {
  const script = await npmClients();
  emulator = await Emulator.start();
  await emulator.order("pace", { delta_spacing_ms: 50 });
  const files = {
    "/": () => ({ body: page(`${tag(gateway.auth, { ui: "none" })}<script src="/clients.js"></script>`, '<div id="root"></div>') }),
    "/clients.js": () => ({ type: "text/javascript", body: script }),
  };
  shop = await Site.start(({ pathname }) => files[pathname]?.() ?? { type: "image/svg+xml", body: PIXEL });
  gateway = await Served.before(emulator, {
    COZEGATE__DEFAULT_APP: "jwt",
    COZEGATE__CORS__ORIGINS: JSON.stringify([shop.origin]),
    COZEGATE__STORE__PATH: "cozegate.db",
  });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
  await emulator?.stop();
  shop?.stop();
});
afterEach(async () => {
  const own = shoppers.flatMap((shopper) => shopper.ownErrors);
  await Promise.all(shoppers.map(({ context }) => context.close()));
  shoppers = [];
  assert.deepEqual(own, [], "no errors and no unhandled rejections");
});

const bot = () => emulator.emulator.bots.find(({ name, published }) => published && name.includes("Echo")).id;

async function arrive() {
  const shopper = await Shopper.arrive(browser);
  shoppers.push(shopper);
  await shopper.visit(shop.origin);
  return shopper;
}

/** Opens the Chat SDK of npm and waits for the bot's first words. */
async function openChat(shopper) {
  await shopper.page.evaluate((settings) => globalThis.openChat({ ...settings, token: globalThis.cozegate.token }), {
    botId: bot(),
    apiBase: emulator.apiBase,
    images: `${shop.origin}/`,
  });
  await shopper.page.locator("textarea").waitFor();
}

async function say(shopper, text) {
  const input = shopper.page.locator("textarea");
  await input.fill(text);
  await input.press("Enter");
}

/** Waits until the page shows `text` `count` times: once as it was said, once as the echo. */
async function shows(shopper, text, count) {
  await shopper.page.waitForFunction(
    ({ text, count }) => document.getElementById("root").innerText.split(text).length > count,
    { text, count },
    { timeout: 60_000 },
  );
  const found = await shopper.page.evaluate((text) => document.getElementById("root").innerText.split(text).length - 1, text);
  assert.equal(found, count, text);
}

const refreshes = (shopper) => shopper.page.evaluate(() => globalThis.refreshes);

async function chatsSince(seq) {
  return (await emulator.journal(seq)).filter(({ method, path }) => method === "POST" && path === "/v3/chat");
}

const lastSeq = async () => (await emulator.journal()).at(-1)?.seq ?? 0;

test("the Chat SDK of npm chats, and finds its history again", async () => {
  const shopper = await arrive();
  await openChat(shopper);

  await say(shopper, "hello there");
  await shows(shopper, "hello there", 2);
  await shopper.page.reload();
  await shopper.begun();
  await openChat(shopper);

  await shows(shopper, "hello there", 2);
  assert.equal(await refreshes(shopper), 0);
});

test("the Chat SDK of npm does not notice that its handle has ended", async () => {
  const shopper = await arrive();
  await openChat(shopper);
  await say(shopper, "before");
  await shows(shopper, "before", 2);
  await shopper.endHandles(gateway);
  const seen = await lastSeq();

  await say(shopper, "behind");
  await shows(shopper, "behind", 2);

  assert.equal(await refreshes(shopper), 0);
  assert.equal((await chatsSince(seen)).length, 1);
});

test("the Chat SDK of npm shows an answer to its end although the gateway goes in the middle of it", async () => {
  const shopper = await arrive();
  await openChat(shopper);
  const seen = await lastSeq();
  await say(shopper, LONG);
  await shopper.page.waitForFunction(() => document.getElementById("root").innerText.split("word5 ").length > 2);

  await gateway.halt("SIGKILL");
  await delay(2_000);
  await gateway.begin();

  await shows(shopper, "word59", 2);
  assert.equal((await chatsSince(seen)).length, 1);
  await say(shopper, "next");
  await shows(shopper, "next", 2);
});

test("the Chat SDK of npm uploads a file and begins a new context", async () => {
  const shopper = await arrive();
  await openChat(shopper);
  await say(shopper, "first");
  await shows(shopper, "first", 2);
  const seen = await lastSeq();

  await shopper.page.locator('input[type="file"]').setInputFiles({ name: "list.csv", mimeType: "text/csv", buffer: Buffer.from("a,b") });
  await shopper.page.getByText("Say it in English").last().waitFor();
  await shopper.page.locator('[class*="command-container"] taro-image-core').click();
  await shopper.page.waitForFunction(() => /context/i.test(document.getElementById("root").innerText));

  const asked = (await emulator.journal(seen)).map(({ method, path, status }) => `${method} ${path.replace(/\d+/g, "N")} ${status}`);
  assert.deepEqual(asked, ["POST /vN/files/upload 200", "POST /vN/chat 200", "POST /vN/conversations/N/clear 200"]);
});

test("a WebSocket that such a page opens to the platform goes to the gateway", async () => {
  const shopper = await arrive();
  const seen = await lastSeq();

  const text = await shopper.page.evaluate(
    ({ address, token }) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${address}&authorization=Bearer%20${token}`);
        let text = "";
        socket.onopen = () => {
          const data = { role: "user", content_type: "text", content: "by socket" };
          socket.send(JSON.stringify({ event_type: "conversation.message.create", data }));
        };
        socket.onmessage = ({ data }) => {
          const event = JSON.parse(data);
          if (event.event_type === "conversation.message.delta") text += event.data.content;
          if (event.event_type === "conversation.chat.completed") resolve(text);
        };
        socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
      }),
    { address: `${emulator.apiBase.replace("http", "ws")}/v1/chat?bot_id=${bot()}`, token: "cozegate" },
  );

  assert.equal(text, "by socket");
  const [opened] = (await emulator.journal(seen)).filter(({ path }) => path === "/v1/chat");
  assert.equal(opened.authorization_kind, "czs");
});

test("two people with the Chat SDK of npm are apart", async () => {
  const people = [await arrive(), await arrive()];
  for (const [index, shopper] of people.entries()) {
    await openChat(shopper);
    await say(shopper, `person ${index}`);
    await shows(shopper, `person ${index}`, 2);
  }

  await people[1].page.reload();
  await people[1].begun();
  await openChat(people[1]);
  await shows(people[1], "person 1", 2);
  assert.ok(!(await people[1].page.locator("#root").innerText()).includes("person 0"));
});

test("@coze/api of npm streams, uploads and cancels with a word for a token", async () => {
  const shopper = await arrive();

  const outcome = await shopper.page.evaluate(useApi, { apiBase: emulator.apiBase, botId: bot(), text: "from a page" });

  assert.equal(outcome.text, "from a page");
  assert.ok(outcome.deltas > 1);
  assert.equal(outcome.file, 11);
  assert.equal(outcome.cancelled, "canceled");
  assert.deepEqual(outcome.messages, ["from a page", "from a page"]);
});

test("@coze/api of npm loses no question when the handle has ended or the gateway is away", async () => {
  const shopper = await arrive();
  const ask = (text) => shopper.page.evaluate(useApi, { apiBase: emulator.apiBase, botId: bot(), text });
  await ask("first");
  await shopper.endHandles(gateway);
  assert.equal((await ask("second")).text, "second");
  const seen = await lastSeq();

  await gateway.halt("SIGKILL");
  const third = ask("third");
  await delay(1_000);
  await gateway.begin();

  assert.equal((await third).text, "third");
  const questions = await chatsSince(seen);
  // One of them is the chat that is cancelled.
  assert.equal(questions.length, 2);
});

test("no handle can be read from such a page", async () => {
  const shopper = await arrive();
  await openChat(shopper);
  await say(shopper, "hello");
  await shows(shopper, "hello", 2);

  const readable = await shopper.readable();

  assert.doesNotMatch(readable, /czs_|cgh_/);
  for (const handle of await shopper.handles()) assert.ok(!readable.includes(handle), "the handle shows");
});

/** Runs inside the page. */
async function useApi({ apiBase, botId, text }) {
  const client = new globalThis.CozeAPI({
    token: globalThis.cozegate.token,
    baseURL: apiBase,
    allowPersonalAccessTokenInBrowser: true,
  });
  const conversation = await client.conversations.create({ bot_id: botId });
  const ask = (content) =>
    client.chat.stream({
      bot_id: botId,
      user_id: "visitor",
      conversation_id: conversation.id,
      additional_messages: [{ role: "user", content, content_type: "text" }],
    });
  let said = "";
  let deltas = 0;
  for await (const { event, data } of ask(text)) {
    if (event !== "conversation.message.delta") continue;
    said += data.content;
    deltas += 1;
  }
  const messages = await client.conversations.messages.list(conversation.id);
  const file = await client.files.upload({ file: new File(["hello world"], "hello.txt") });
  let cancelled;
  for await (const { event, data } of ask("a b c d e f g h i j k l m n o p q r s t u v w x y z")) {
    if (event !== "conversation.chat.created") continue;
    cancelled = await client.chat.cancel(data.conversation_id, data.id);
  }
  return { text: said, deltas, file: file.bytes, cancelled: cancelled.status, messages: messages.data.map(({ content }) => content) };
}
