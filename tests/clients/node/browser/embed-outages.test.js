// embed.js while things break behind it: nothing that a visitor says is lost or said twice, and none of it is seen.
//
// `serve` in front of the platform's double, so that the gateway can end and come back and find its store again.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { launchBrowser } from "../harness/browser.js";
import { BreakingLine } from "../harness/breaking-line.js";
import { chatSdk } from "../harness/chat-sdk.js";
import { Emulator, Served } from "../harness/product.js";
import { Shopper } from "../harness/shopper.js";
import { page, Site, tag } from "../harness/site.js";

const SDK_PATH = "/obj/chat-app-sdk/1.2.0-beta.20/libs/cn/index.js";
/** Takes the bot three seconds to say. */
const LONG = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");
const TOKEN_LIFE_SECONDS = 60;
/** How long "away" is where a test does not say it. */
const AWAY_MS = 2_000;

let emulator;
let gateway;
let browser;
let cdn;
let shop;
let shoppers = [];

before(async () => {
  emulator = await Emulator.start();
  await emulator.order("pace", { delta_spacing_ms: 50 });
  cdn = await Site.start(() => ({ type: "text/javascript", body: chatSdk(emulator.apiBase) }));
  shop = await Site.start(() => ({ body: page(tag(gateway.auth, { "bot-id": bot("Echo"), sdk: `${cdn.origin}${SDK_PATH}` })) }));
  gateway = await start({ COZEGATE__STORE__PATH: "cozegate.db" });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
  await emulator?.stop();
  cdn?.stop();
  shop?.stop();
});
afterEach(async () => {
  await emulator.order("faults", []);
  await emulator.order("clock", { offset_seconds: 0 });
  const own = shoppers.flatMap((shopper) => shopper.ownErrors);
  await Promise.all(shoppers.map(({ context }) => context.close()));
  shoppers = [];
  assert.deepEqual(own, [], "no errors and no unhandled rejections");
});

const bot = (name) => emulator.emulator.bots.find((one) => one.name.includes(name) && one.published).id;

function start(settings) {
  return Served.before(emulator, {
    COZEGATE__DEFAULT_APP: "jwt",
    COZEGATE__APPS__JWT__DURATION_SECONDS: String(TOKEN_LIFE_SECONDS),
    COZEGATE__CORS__ORIGINS: JSON.stringify([shop.origin]),
    COZEGATE__FILES__PRIVATE_HOSTS: cdn.origin,
    ...settings,
  });
}

/** A visitor in the middle of a conversation, whose requests take `line` to the proxy if there is one. */
async function chatting(line) {
  const shopper = await Shopper.arrive(browser);
  shoppers.push(shopper);
  if (line) {
    await shopper.context.route("**/auth/session", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), api_base: line.origin } });
    });
  }
  await shopper.visit(shop.origin);
  await shopper.openSdk();
  assert.equal(await shopper.askBySdk("first"), "first");
  return shopper;
}

/** The visitor saw every answer and nothing wrong, and the platform has each question once. */
async function saidOnce(shopper, said) {
  assert.deepEqual(await shopper.sdkMessages("user").allInnerTexts(), said);
  assert.deepEqual(await shopper.sdkMessages("assistant").allInnerTexts(), said);
  assert.deepEqual(await shopper.marks(), []);
  await shopper.page.reload();
  await shopper.begun();
  await shopper.openSdk();
  assert.deepEqual(await shopper.sdkMessages("user").allInnerTexts(), said, "what the platform has");
  assert.deepEqual(await shopper.sdkMessages("assistant").allInnerTexts(), said);
}

/** Waits until some of an answer is on screen. */
function partOfAnswer(shopper) {
  return shopper.sdkMessages("assistant").filter({ hasText: "word5 " }).last().waitFor();
}

async function answered(shopper, count) {
  await shopper.sdkMessages("assistant").nth(count - 1).waitFor({ timeout: 100_000 });
  await shopper.sdkState("ready");
}

test("a handle that has ended costs nothing", async () => {
  const shopper = await chatting();
  await shopper.endHandles(gateway.auth);

  assert.equal(await shopper.askBySdk("second"), "second");

  assert.equal((await shopper.handles()).length, 2);
  await saidOnce(shopper, ["first", "second"]);
});

test("tokens that the platform no longer takes cost nothing", async () => {
  const shopper = await chatting();
  await emulator.order("clock", { offset_seconds: 2 * TOKEN_LIFE_SECONDS });

  assert.equal(await shopper.askBySdk("second"), "second");

  assert.deepEqual(await shopper.marks(), []);
});

test("a gateway that is restarted between two questions is not noticed", async () => {
  const shopper = await chatting();

  await gateway.halt("SIGTERM");
  await gateway.begin();
  assert.equal(await shopper.askBySdk("second"), "second");

  await saidOnce(shopper, ["first", "second"]);
});

for (const signal of ["SIGTERM", "SIGKILL"]) {
  test(`a gateway that ends by ${signal} in the middle of an answer and comes back brings the rest of it`, async () => {
    const shopper = await chatting();
    await shopper.sayBySdk(LONG);
    await partOfAnswer(shopper);

    await gateway.halt(signal);
    await delay(AWAY_MS);
    await gateway.begin();
    await answered(shopper, 2);

    await saidOnce(shopper, ["first", LONG]);
  });
}

test("a question that is asked while the gateway is away is asked when it is back", async () => {
  const shopper = await chatting();
  await gateway.halt("SIGKILL");

  await shopper.sayBySdk("second");
  await delay(AWAY_MS);
  await gateway.begin();
  await answered(shopper, 2);

  await saidOnce(shopper, ["first", "second"]);
});

test("half a minute without the gateway is waited out, with a plain message that goes by itself", async () => {
  const shopper = await chatting();
  await shopper.sayBySdk(LONG);
  await partOfAnswer(shopper);
  await gateway.halt("SIGKILL");
  await shopper.notice().getByRole("status").waitFor();
  const notices = await shopper.notices();

  await delay(30_000);
  await gateway.begin();
  await answered(shopper, 2);

  assert.deepEqual(notices, ["The chat is not available at the moment. It tries again by itself."]);
  assert.equal(await shopper.notice().count(), 0);
  assert.equal(await shopper.shifts(), 0);
  await saidOnce(shopper, ["first", LONG]);
});

test("a window that is opened while the gateway is away is there when it is back", async () => {
  const shopper = await chatting();
  await shopper.page.evaluate(() => globalThis.cozegate.hide());
  await gateway.halt("SIGKILL");

  await shopper.page.evaluate(() => globalThis.cozegate.show());
  await shopper.sdkState("loading");
  await delay(AWAY_MS);
  await gateway.begin();
  await shopper.sdkState("ready");

  await saidOnce(shopper, ["first"]);
});

test("an answer that the platform breaks off is continued", async () => {
  const shopper = await chatting();
  await emulator.order("faults", [{ match: { path: "/v3/chat", method: "POST" }, fault: { cut_after_bytes: 3_000 } }]);

  await shopper.sayBySdk(LONG);
  await answered(shopper, 2);

  await saidOnce(shopper, ["first", LONG]);
});

test("a question that the platform took without a word of answer is not asked twice", async () => {
  const shopper = await chatting();
  await emulator.order("faults", [{ match: { path: "/v3/chat", method: "POST", nth: 1 }, fault: { drop_answer: true } }]);
  const seen = (await emulator.journal()).at(-1).seq;

  assert.equal(await shopper.askBySdk("second"), "second");

  const chats = (await emulator.journal(seen)).filter(({ path }) => path === "/v3/chat");
  assert.equal(chats.length, 1);
  await saidOnce(shopper, ["first", "second"]);
});

test("a question that the browser sends twice when its connection breaks is said once", async (t) => {
  const line = await BreakingLine.start(gateway.proxy);
  t.after(() => line.stop());
  const shopper = await chatting(line);
  const seen = (await emulator.journal()).at(-1).seq;
  line.breakAt("POST /v3/chat");

  await shopper.sayBySdk(LONG);
  await answered(shopper, 2);

  const chats = (await emulator.journal(seen)).filter(({ path }) => path === "/v3/chat");
  assert.deepEqual(chats.length, 2, "it was sent twice");
  await saidOnce(shopper, ["first", LONG]);
});

test("the same words twice are said twice, although the second time gets lost", async () => {
  const shopper = await chatting();
  assert.equal(await shopper.askBySdk("again"), "again");
  await gateway.halt("SIGKILL");

  await shopper.sayBySdk("again");
  await gateway.begin();
  await answered(shopper, 3);

  await saidOnce(shopper, ["first", "again", "again"]);
});

test("a store that is away is waited for", async () => {
  const shopper = await chatting();
  await shopper.endHandles(gateway.auth);
  const release = await lockStore(gateway.file("cozegate.db"));
  const isUnavailable = shopper.page.waitForResponse(
    (response) => response.url().endsWith("/auth/session") && response.status() === 503,
  );

  await shopper.sayBySdk("second");
  await isUnavailable;
  await release();
  await answered(shopper, 2);

  await saidOnce(shopper, ["first", "second"]);
});

test("a stop works while an answer is waited for", async () => {
  const shopper = await chatting();
  // Longer than a gateway on a busy machine takes to come back.
  await shopper.sayBySdk(new Array(8).fill(LONG).join(" "));
  await partOfAnswer(shopper);
  await gateway.halt("SIGKILL");
  await gateway.begin();

  await shopper.sdk("stop").click();
  await shopper.sdkState("ready");

  assert.equal(await shopper.askBySdk("second"), "second");
  assert.deepEqual(await shopper.marks(), []);
});

test("no handle is left anywhere after all that", async () => {
  const shopper = await chatting();
  await shopper.endHandles(gateway.auth);
  await shopper.askBySdk("second");
  await gateway.halt("SIGKILL");
  await shopper.sayBySdk("third");
  await gateway.begin();
  await answered(shopper, 3);

  const readable = await shopper.readable();

  assert.doesNotMatch(readable, /czs_|cgh_/);
  for (const handle of await shopper.handles()) assert.ok(!readable.includes(handle), "the handle shows");
});

test("a gateway that has forgotten all handles knows its visitors", async () => {
  await gateway.stop();
  gateway = await start({ COZEGATE__STORE__KIND: "memory" });
  const shopper = await chatting();

  await gateway.halt("SIGKILL");
  await gateway.begin();
  assert.equal(await shopper.askBySdk("second"), "second");

  await saidOnce(shopper, ["first", "second"]);
});

/** Lets nobody else write to an SQLite file; gives the function that ends it. */
async function lockStore(file) {
  const script = [
    "import sqlite3, sys",
    "db = sqlite3.connect(sys.argv[1], isolation_level=None)",
    "db.execute('BEGIN EXCLUSIVE')",
    "print('locked', flush=True)",
    "sys.stdin.read()",
    "db.execute('ROLLBACK')",
  ].join("\n");
  const holder = spawn("python3", ["-c", script, file], { stdio: ["pipe", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  return async () => {
    holder.stdin.end();
    await once(holder, "exit");
  };
}
