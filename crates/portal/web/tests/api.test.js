// The calls at the proxy: what is sent, what is made of the answers.

import assert from "node:assert/strict";
import test from "node:test";
import { Api } from "../chat/api.js";
import { rightsIn } from "../client/rights.js";
import { collect, fakeGateway, json, stream } from "./fake_gateway.js";

const QUESTION = { conversationId: "c1", botId: "b1", text: "Hi" };
const CREATED = 'event:conversation.chat.created\ndata:{"id":"chat1","conversation_id":"c1"}\n\n';
const DELTA =
  'event:conversation.message.delta\ndata:{"id":"m1","role":"assistant","type":"answer","content":"He","reasoning_content":"hm"}\n\n';
const REST = [
  'event:conversation.message.completed\ndata:{"id":"m1","role":"assistant","type":"answer","content":"Hello"}\n\n',
  'event:conversation.message.completed\ndata:{"id":"m2","type":"verbose","content":"{}"}\n\n',
  'event:conversation.message.completed\ndata:{"id":"m3","type":"follow_up","content":"And then?"}\n\n',
  'event:conversation.chat.completed\ndata:{"id":"chat1","status":"completed"}\n\nevent:done\ndata:"[DONE]"\n\n',
].join("");

/**
 * @param {Record<string, any>} routes
 * @param {import("../client/rights.js").Rights} [rights]
 */
function setUp(routes, rights = rightsIn({})) {
  const gateway = fakeGateway(routes);
  /** @type {import("../chat/api.js").Line} */
  const line = {
    callTimeoutMs: 30_000,
    use: (attempt) =>
      attempt({ userId: "visitor-7", rights, send: (path, init) => gateway.fetch(`http://proxy.test${path}`, init) }),
  };
  return { api: new Api(line), ...gateway };
}

test("a question is streamed to the session's user and read as events", async () => {
  const { api, asked } = setUp({ "POST /v3/chat": () => stream(CREATED + DELTA + REST) });

  const events = await collect(api.ask(QUESTION));

  assert.deepEqual(events, [
    { type: "started", chatId: "chat1", conversationId: "c1" },
    { type: "delta", messageId: "m1", text: "He", reasoning: "hm" },
    { type: "answer", messageId: "m1", text: "Hello", reasoning: "" },
    { type: "follow-up", text: "And then?" },
    { type: "finished" },
  ]);
  const request = asked[0];
  assert.equal(request?.url.href, "http://proxy.test/v3/chat?conversation_id=c1");
  assert.equal(request?.body.user_id, "visitor-7");
  assert.equal(request?.body.stream, true);
  assert.equal(request?.body.additional_messages[0].content, "Hi");
});

test("a failed chat says why, with the log id of its response", async () => {
  const failed = 'event:conversation.chat.failed\ndata:{"last_error":{"code":4013,"msg":"model service failed"}}\n\n';
  const { api } = setUp({ "POST /v3/chat": () => stream(CREATED + failed) });

  await assert.rejects(collect(api.ask(QUESTION)), {
    kind: "rate",
    code: 4013,
    reason: "model service failed",
    logId: "LOG1",
  });
});

test("a failed chat with a bare code is read as well", async () => {
  const failed = 'event:conversation.chat.failed\ndata:{"code":701231,"msg":"error"}\n\n';
  const { api } = setUp({ "POST /v3/chat": () => stream(CREATED + failed) });

  await assert.rejects(collect(api.ask(QUESTION)), { kind: "refused", code: 701231 });
});

test("a stream that ends before its answer is complete is an interruption", async () => {
  const { api } = setUp({ "POST /v3/chat": () => stream(CREATED + DELTA) });

  await assert.rejects(collect(api.ask(QUESTION)), { kind: "interrupted", logId: "LOG1" });
});

test("a connection that breaks is an interruption", async () => {
  const { api } = setUp({
    "POST /v3/chat": () => {
      const chunks = [new TextEncoder().encode(CREATED + DELTA)];
      const body = new ReadableStream({
        pull(controller) {
          const next = chunks.shift();
          if (next) controller.enqueue(next);
          else controller.error(new TypeError("network error"));
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    },
  });

  await assert.rejects(collect(api.ask(QUESTION)), { kind: "interrupted" });
});

test("an answer that was cancelled ends with done alone", async () => {
  const { api } = setUp({ "POST /v3/chat": () => stream(CREATED + DELTA + 'event:done\ndata:"[DONE]"\n\n') });

  assert.equal((await collect(api.ask(QUESTION))).at(-1)?.type, "finished");
});

test("a question that was taken back is an abort and no failure", async () => {
  const { api } = setUp({ "POST /v3/chat": () => stream(CREATED) });
  const signal = AbortSignal.abort();

  await assert.rejects(collect(api.ask({ ...QUESTION, signal })), { name: "AbortError" });
});

test("an error with status 200 is a failure", async () => {
  const { api } = setUp({
    "GET /v1/bots/9": () => json({ code: 4200, msg: "does not exist", detail: { logid: "L9" } }),
  });

  await assert.rejects(api.bot("9"), { kind: "missing", reason: "does not exist", logId: "L9" });
});

test("an app that nobody is logged in to is told from a platform that fails", async () => {
  const problem = { type: "urn:cozegate:problem:login-required", status: 502, code: 990502, msg: "Nobody is logged in" };
  const { api } = setUp({
    "GET /v1/bots/8": () => json(problem, { status: 502 }),
    "GET /v1/bots/9": () => json({ ...problem, type: "urn:cozegate:problem:upstream-broken" }, { status: 502 }),
  });

  await assert.rejects(api.bot("8"), { kind: "login", code: 990502 });
  await assert.rejects(api.bot("9"), { kind: "upstream" });
});

test("nobody at the address is told from a refusal", async () => {
  const { api } = setUp({});

  await assert.rejects(api.bot("9"), { kind: "unreachable" });
});

test("a session with bots of its own lists those by their cards, and asks for no workspace", async () => {
  const card = () => json({ code: 0, data: { name: "Shop assistant" } });
  const rights = rightsIn({ grade: "anonymous", bots: ["7", "8"], operations: ["chat", "bot_info"] });
  const { api, asked } = setUp({ "GET /v1/bots/7": card, "GET /v1/bots/8": () => json({ code: 4200 }) }, rights);

  assert.deepEqual(await api.bots(), [
    { id: "7", name: "Shop assistant" },
    { id: "8", name: "8" },
  ]);
  assert.equal(asked.length, 2);
});

for (const operations of [["chat"], ["workspaces"], ["bots_list"]]) {
  test(`a session that may ${operations} only lists no bots and asks for nothing`, async () => {
    const { api, asked } = setUp({}, rightsIn({ bots: ["*"], operations }));

    assert.deepEqual(await api.bots(), []);
    assert.equal(asked.length, 0);
  });
}

test("bots whose cards are closed are listed by their ids", async () => {
  const { api, asked } = setUp({}, rightsIn({ bots: ["7"], operations: ["chat"] }));

  assert.deepEqual(await api.bots(), [{ id: "7", name: "7" }]);
  assert.equal(asked.length, 0);
});

test("a refusal of the policy is a failure of its own, at the first answer", async () => {
  const refusal = { type: "urn:cozegate:problem:bot-not-allowed", status: 403, code: 990403, msg: "not this bot", bot_id: "9" };
  const answer = () => json(refusal, { status: 403, headers: { "content-type": "application/problem+json" } });
  const { api, asked } = setUp({ "GET /v1/bots/9": answer, "POST /v3/chat": answer });

  await assert.rejects(api.bot("9"), { kind: "not-allowed", code: 990403, reason: "not this bot" });
  await assert.rejects(collect(api.ask(QUESTION)), { kind: "not-allowed" });
  assert.equal(asked.length, 2);
});

test("a question without a conversation lets Coze make one", async () => {
  const { api, asked } = setUp({ "POST /v3/chat": () => stream(CREATED + DELTA + REST) });

  await collect(api.ask({ ...QUESTION, conversationId: "" }));

  assert.equal(asked[0]?.url.href, "http://proxy.test/v3/chat");
});

test("bots of all workspaces are listed, unpublished ones left out", async () => {
  const { api } = setUp({
    "GET /v1/workspaces": () => json({ data: { workspaces: [{ id: "w1" }, { id: "w2" }] } }),
    "GET /v1/bots": ({ url }) =>
      json({
        data: {
          items: [
            { id: `${url.searchParams.get("workspace_id")}-a`, name: "A", is_published: true },
            { id: "x", name: "X", is_published: false },
          ],
        },
      }),
  });

  assert.deepEqual(await api.bots(), [
    { id: "w1-a", name: "A" },
    { id: "w2-a", name: "A" },
  ]);
});

test("messages come oldest first, and an older page goes on behind the oldest known", async () => {
  const { api, asked } = setUp({
    "POST /v1/conversation/message/list": () =>
      json({ data: [{ id: "3" }, { id: "2" }], first_id: "3", last_id: "2", has_more: true }),
  });

  const page = await api.messages("c1", "4");

  assert.deepEqual(
    page.messages.map(({ id }) => id),
    ["2", "3"],
  );
  assert.equal(page.oldestId, "2");
  assert.equal(page.hasMore, true);
  assert.equal(asked.at(-1)?.body.after_id, "4");
});

test("conversations are renamed, deleted and created by Coze's own paths", async () => {
  const { api, asked } = setUp({
    "PUT /v1/conversations/c1": () => json({}),
    "DELETE /v1/conversations/c1": () => json({}),
    "POST /v1/conversation/create": () => json({ data: { id: "c2" } }),
  });

  await api.renameConversation("c1", "New");
  await api.deleteConversation("c1");
  const created = await api.createConversation("b1", "Hi");

  assert.deepEqual(created, { id: "c2", name: "Hi", updatedAt: 0 });
  assert.deepEqual(
    asked.map(({ method, body }) => [method, body]),
    [
      ["PUT", { name: "New" }],
      ["DELETE", undefined],
      ["POST", { bot_id: "b1", name: "Hi" }],
    ],
  );
});
