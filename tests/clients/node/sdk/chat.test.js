// The official JavaScript SDK chats through the proxy with nothing but a handle.

import assert from "node:assert/strict";
import { after, before, test } from "../harness/test.js";
import { AuthenticationError, ChatEventType, ChatStatus, CozeAPI, RoleType } from "@coze/api";
import { Product } from "../harness/product.js";

const TEXT = "你好，cozegate! One line,\nand another one.";

let product;
before(async () => {
  product = await Product.start();
});
after(() => product?.stop());

async function visitor() {
  const { handle } = await product.openSession();
  return new CozeAPI({ token: handle, baseURL: product.proxy });
}

const question = (text) => [{ role: RoleType.User, content: text, content_type: "text" }];

async function collect(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

test("a streamed chat brings its events in the documented order and its whole text", async () => {
  const client = await visitor();

  const events = await collect(
    client.chat.stream({ bot_id: product.bot("Echo"), user_id: "u", additional_messages: question(TEXT) }),
  );

  const names = events.map(({ event }) => event);
  const { CONVERSATION_CHAT_CREATED, CONVERSATION_CHAT_IN_PROGRESS, CONVERSATION_CHAT_COMPLETED, DONE } = ChatEventType;
  assert.deepEqual(names.slice(0, 2), [CONVERSATION_CHAT_CREATED, CONVERSATION_CHAT_IN_PROGRESS]);
  assert.deepEqual(names.slice(-2), [CONVERSATION_CHAT_COMPLETED, DONE]);
  const deltas = events.filter(({ event }) => event === ChatEventType.CONVERSATION_MESSAGE_DELTA);
  assert.ok(deltas.length > 1);
  const answer = events.find(
    ({ event, data }) => event === ChatEventType.CONVERSATION_MESSAGE_COMPLETED && data.type === "answer",
  );
  assert.equal(deltas.map(({ data }) => data.content).join(""), answer.data.content);
  assert.ok(answer.data.content.includes(TEXT));
  assert.ok(events.at(-2).data.usage.token_count > 0);
});

test("createAndPoll ends completed, with the answer among its messages", async () => {
  const client = await visitor();

  const { chat, messages } = await client.chat.createAndPoll({
    bot_id: product.bot("Echo"),
    user_id: "u",
    additional_messages: question(TEXT),
  });

  assert.equal(chat.status, ChatStatus.COMPLETED);
  assert.ok(messages.some(({ type, content }) => type === "answer" && content.includes(TEXT)));
});

test("an unknown handle is an AuthenticationError and goes no further", async () => {
  const seen = (await product.journal()).length;
  const client = new CozeAPI({ token: "not-a-handle", baseURL: product.proxy });

  await assert.rejects(client.users.me(), (error) => {
    assert.ok(error instanceof AuthenticationError, String(error));
    assert.equal(error.status, 401);
    assert.equal(error.code, 4100);
    return true;
  });

  assert.equal((await product.journal()).length, seen);
});

test("an unknown handle is an AuthenticationError for a stream as well", async () => {
  const client = new CozeAPI({ token: "not-a-handle", baseURL: product.proxy });
  const stream = client.chat.stream({ bot_id: product.bot("Echo"), user_id: "u", additional_messages: question("hi") });

  await assert.rejects(collect(stream), AuthenticationError);
});

test("the token may be a function, asked for every request", async () => {
  const { handle } = await product.openSession();
  let asked = 0;
  const client = new CozeAPI({ token: async () => (asked++, handle), baseURL: product.proxy });

  await client.users.me();
  await client.users.me();

  assert.equal(asked, 2);
});

test("a base address with a slash at its end works, though the SDK then sends two", async () => {
  const { handle } = await product.openSession();
  const client = new CozeAPI({ token: handle, baseURL: `${product.proxy}/` });

  // Protocol 1.2: this SDK does not strip the slash.
  const me = await client.users.me();

  assert.equal(me.user_id, product.emulator.user_id);
});
