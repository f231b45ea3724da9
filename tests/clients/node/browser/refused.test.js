// What the gateway's policy refuses (403, code 990403) ends at the first answer in every chat window and client: no second
// request, no new session, no callback for a token, and a sentence that says so.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { setTimeout as delay } from "node:timers/promises";
import { DemoShop } from "../harness/demo-shop.js";
import { npmClients } from "../harness/npm-clients.js";
import { REFUSAL } from "../harness/refusing-gateway.js";
import { page, Site, tag } from "../harness/site.js";

const SENTENCE = { en: "This chat does not allow that.", "zh-CN": "此对话不允许这项操作。" };
const NOTICE = { en: "This chat does not offer that.", "zh-CN": "此对话不提供这项功能。" };
/** Longer than any first retry of a client, so that one would be seen. */
const QUIET_MS = 2_500;

let all;
let clients;
before(async () => {
  all = await DemoShop.start();
  const script = await npmClients();
  clients = await Site.start(({ pathname }) => (pathname === "/clients.js" ? { type: "text/javascript", body: script } : undefined));
  const body = `<div id="root"></div><script src="${clients.origin}/clients.js"></script>`;
  all.pages.set("/clients", page(tag(all.product.auth, { ui: "none" }), body));
  for (const lang of Object.keys(NOTICE)) {
    all.pages.set(`/sdk-${lang}`, page(all.tag({ lang })));
    all.pages.set(`/own-${lang}`, page(all.tag({ lang, ui: "cozegate" })));
  }
});
after(async () => {
  clients?.stop();
  await all?.stop();
});
afterEach(() => all.rest());

/**
 * A visitor for whom the gateway refuses the paths of the platform that fit `refused`.
 * @param {{ refused?: RegExp, session?: object, locale?: string }} [policy] `session`: what its answer says besides
 */
async function arrive({ refused = /./, session = {}, ...options } = {}) {
  const shopper = await all.arrive(options);
  const asked = [];
  const sessions = [];
  await shopper.context.route(`${all.product.proxy}/v*/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    asked.push(`${route.request().method()} ${pathname.replace(/\d{9,}/g, "N")}`);
    if (!refused.test(pathname)) return route.fallback();
    const headers = { "content-type": "application/problem+json", "access-control-allow-origin": "*" };
    await route.fulfill({ status: 403, headers, body: JSON.stringify(REFUSAL) });
  });
  await shopper.context.route("**/auth/session", async (route) => {
    sessions.push(1);
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), ...session } });
  });
  return { shopper, asked, sessions };
}

/** Nothing more is asked, and there was one session. */
async function staysQuiet({ asked, sessions }, expected) {
  await delay(QUIET_MS);
  assert.deepEqual(asked.toSorted(), expected.toSorted());
  assert.equal(sessions.length, 1, "no second session");
}

for (const lang of Object.keys(NOTICE)) {
  test(`the Chat SDK's window stops when everything is refused, and the visitor is told (${lang})`, async () => {
    const visit = await arrive();
    const { shopper } = visit;
    await shopper.page.goto(`${all.shop.origin}/sdk-${lang}`);
    await shopper.begun();
    await shopper.page.evaluate(() => {
      globalThis.told = [];
      globalThis.cozegate.on("error", ({ kind, message }) => globalThis.told.push([kind, message]));
      globalThis.cozegate.show();
    });
    await shopper.sdkState("failed");

    await staysQuiet(visit, ["GET /v1/bots/N", "GET /v1/conversations"]);

    assert.deepEqual(await shopper.notices(), [NOTICE[lang]]);
    assert.deepEqual((await shopper.page.evaluate(() => globalThis.told))[0], ["refused", NOTICE[lang]]);
    const authors = shopper.console.filter((line) => line.startsWith("cozegate: operation-not-allowed"));
    assert.equal(authors[0], `cozegate: operation-not-allowed ${REFUSAL.detail}`, "for the page's author");
    shopper.errors = [];
  });

  test(`our own window stops when everything is refused, and says so (${lang})`, async () => {
    const visit = await arrive();
    const { shopper } = visit;
    await shopper.page.goto(`${all.shop.origin}/own-${lang}`);
    await shopper.begun();
    await shopper.part("launcher").click();
    await shopper.page.locator('[data-state="error"]').waitFor();

    await staysQuiet(visit, ["GET /v1/bots/N"]);

    assert.ok((await shopper.part("status").innerText()).startsWith(SENTENCE[lang]));
    assert.equal(await shopper.part("retry").isVisible(), false, "trying again would be refused again");
    assert.equal(await shopper.notice().count(), 0, "the window says it already");
  });

  test(`a question that is refused ends there, in our own window (${lang})`, async () => {
    const visit = await arrive({ refused: /^\/v3\/chat$/ });
    const { shopper } = visit;
    await shopper.page.goto(`${all.shop.origin}/own-${lang}`);
    await shopper.begun();
    await shopper.part("launcher").click();
    await shopper.ready();
    visit.asked.length = 0;

    await shopper.send("not allowed");
    await shopper.page.locator('[data-state="error"]').waitFor();

    await staysQuiet(visit, ["POST /v1/conversation/create", "POST /v3/chat"]);
    assert.ok((await shopper.part("status").innerText()).startsWith(SENTENCE[lang]));
    assert.equal(await shopper.part("input").inputValue(), "not allowed", "nothing that was typed is lost");
  });

  test(`the chat page stops when everything is refused, and says so (${lang})`, async () => {
    const visit = await arrive({ locale: lang });
    const { shopper } = visit;
    await shopper.page.goto(`${all.product.auth}/chat?bot_id=${all.product.bot("Echo")}`);
    await shopper.page.locator('[data-state="error"]').waitFor();

    await staysQuiet(visit, ["GET /v1/bots/N"]);

    assert.ok((await shopper.part("status").innerText()).startsWith(SENTENCE[lang]));
  });
}

test("a question that is refused ends there, in the Chat SDK's window", async () => {
  const visit = await arrive({ refused: /^\/v3\/chat$/ });
  const { shopper } = visit;
  await shopper.page.goto(`${all.shop.origin}/sdk-en`);
  await shopper.begun();
  await shopper.openSdk();
  visit.asked.length = 0;

  await shopper.sayBySdk("not allowed");
  await shopper.page.locator("[data-failed]").waitFor();

  await staysQuiet(visit, ["POST /v3/chat"]);
  assert.deepEqual(await shopper.notices(), [NOTICE.en]);
});

test("the chat page of a session with bots of its own lists these, and no workspace", async () => {
  const session = { grade: "anonymous", bots: [all.product.bot("Echo")], operations: ["chat", "conversations", "messages", "bot_info"] };
  const visit = await arrive({ refused: /workspaces|^\/v1\/bots$/, session });
  const { shopper } = visit;

  await shopper.page.goto(`${all.product.auth}/chat`);
  await shopper.page.locator("[data-bot]").first().waitFor();

  const listed = await shopper.page.locator("[data-bot]").evaluateAll((bots) => bots.map(({ dataset }) => dataset.bot));
  assert.deepEqual(listed, session.bots);
  assert.equal(await shopper.page.locator("#picker-form").isVisible(), false, "no other bot can be named");
  await staysQuiet(visit, []);
});

test("a session that may only chat is asked for nothing else by our window, and its questions are answered", async () => {
  const session = { grade: "anonymous", bots: [all.product.bot("Echo")], operations: ["chat"] };
  const visit = await arrive({ refused: /^\/v1\//, session });
  const { shopper } = visit;
  await shopper.page.goto(`${all.shop.origin}/own-en`);
  await shopper.begun();
  await shopper.part("launcher").click();
  await shopper.ready();

  await shopper.ask("one");
  await shopper.ask("two");

  await staysQuiet(visit, ["POST /v3/chat", "POST /v3/chat"]);
  assert.equal(await shopper.messages("assistant").count(), 2);
});

test("the Chat SDK of npm stops when everything is refused, and asks for no token", async () => {
  const visit = await arrive();
  const { shopper } = visit;
  await shopper.visit(`${all.shop.origin}/clients`);
  await shopper.page.evaluate((settings) => globalThis.openChat({ ...settings, token: globalThis.cozegate.token }), {
    botId: all.product.bot("Echo"),
    apiBase: all.product.emulator.api_base,
    images: `${clients.origin}/`,
  });
  await shopper.page.waitForFunction(() => document.getElementById("root").childElementCount > 0);
  while (visit.asked.length === 0) await delay(20);

  await delay(QUIET_MS);

  assert.equal(await shopper.page.evaluate(() => globalThis.refreshes), 0);
  assert.equal(visit.sessions.length, 1);
  assert.equal(new Set(visit.asked).size, visit.asked.length, `each once: ${visit.asked}`);
  shopper.errors = [];
});

test("@coze/api in a page stops at the first refusal", async () => {
  const visit = await arrive();
  const { shopper } = visit;
  await shopper.visit(`${all.shop.origin}/clients`);

  const refusal = await shopper.page.evaluate(
    async ({ apiBase, botId }) => {
      const { token } = globalThis.cozegate;
      const client = new globalThis.CozeAPI({ token, baseURL: apiBase, allowPersonalAccessTokenInBrowser: true });
      const question = { role: "user", content: "hello", content_type: "text" };
      const answered = client.chat.create({ bot_id: botId, additional_messages: [question] });
      return answered.catch(({ code, status }) => ({ code, status }));
    },
    { apiBase: all.product.emulator.api_base, botId: all.product.bot("Echo") },
  );

  assert.deepEqual(refusal, { code: REFUSAL.code, status: 403 });
  await staysQuiet(visit, ["POST /v3/chat"]);
});

test("@coze/api in a page talks as the session's user, whatever the page names", async () => {
  const shopper = await all.arrive();
  const bodies = [];
  shopper.page.on("request", (request) => {
    if (request.url().startsWith(`${all.product.proxy}/v3/chat`)) bodies.push(request.postDataJSON());
  });
  await shopper.visit(`${all.shop.origin}/clients`);

  const ids = await shopper.page.evaluate(
    async ({ apiBase, botId }) => {
      const { token, user } = globalThis.cozegate;
      const client = new globalThis.CozeAPI({ token, baseURL: apiBase, allowPersonalAccessTokenInBrowser: true });
      const question = { role: "user", content: "hello", content_type: "text" };
      for (const user_id of [undefined, "somebody-else"]) {
        for await (const { event } of client.chat.stream({ bot_id: botId, user_id, additional_messages: [question] })) void event;
      }
      return user.id || globalThis.cozegate.user.id;
    },
    { apiBase: all.product.emulator.api_base, botId: all.product.bot("Echo") },
  );

  assert.ok(ids);
  assert.deepEqual(bodies.map(({ user_id }) => user_id), [ids, ids]);
});
