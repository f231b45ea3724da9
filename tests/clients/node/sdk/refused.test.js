// A refusal of the gateway's policy (403, code 990403) ends each call of the official JavaScript SDK at its first answer:
// no second request, and no second token.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { after, before, beforeEach, test } from "../harness/test.js";
import { CozeAPI, RoleType } from "@coze/api";
import { REFUSAL, RefusingGateway } from "../harness/refusing-gateway.js";

const BOT = "7500000000000000001";
const QUESTION = [{ role: RoleType.User, content: "hello", content_type: "text" }];

let gateway;
let tokens;
before(async () => {
  gateway = await RefusingGateway.start();
});
after(() => gateway?.stop());
beforeEach(() => {
  gateway.asked = [];
  tokens = 0;
});

function client() {
  const token = () => {
    tokens += 1;
    return `cgh_${tokens}`;
  };
  return new CozeAPI({ token, baseURL: gateway.origin, baseWsURL: gateway.origin.replace("http", "ws") });
}

const chat = { bot_id: BOT, user_id: "u", additional_messages: QUESTION };

/** Calls of the SDK, with the one request that each makes. */
const CALLS = {
  "POST /v3/chat": (coze) => coze.chat.create(chat),
  "POST /v3/chat (poll)": (coze) => coze.chat.createAndPoll(chat),
  "POST /v3/chat (stream)": async (coze) => {
    for await (const event of coze.chat.stream(chat)) assert.fail(`an event came: ${event.event}`);
  },
  "POST /v3/chat/cancel": (coze) => coze.chat.cancel("1", "2"),
  "POST /v1/conversation/create": (coze) => coze.conversations.create({ bot_id: BOT }),
  "GET /v1/conversations": (coze) => coze.conversations.list({ bot_id: BOT }),
  "POST /v1/conversation/message/list": (coze) => coze.conversations.messages.list("1"),
  "POST /v1/files/upload": (coze) => coze.files.upload({ file: createReadStream(import.meta.filename) }),
  "GET /v1/bots/7500000000000000001": (coze) => coze.bots.retrieveNew(BOT),
  "GET /v1/workspaces": (coze) => coze.workspaces.list({}),
  "POST /v1/audio/speech": (coze) => coze.audio.speech.create({ input: "x", voice_id: "1" }),
};

for (const [call, run] of Object.entries(CALLS)) {
  test(`${call} ends at the first refusal`, async () => {
    await assert.rejects(run(client()), (error) => {
      assert.equal(error.status, 403);
      return true;
    });

    assert.deepEqual(gateway.asked, [call.replace(/ \(.*/, "")]);
    assert.equal(tokens, 1, "the SDK takes a token for each call, and none for a refusal");
  });
}

test("the SDK's error holds code and message of the refusal", async () => {
  const error = await client().chat.create(chat).catch((error) => error);

  assert.equal(error.code, REFUSAL.code);
  assert.ok(error.message.includes(REFUSAL.msg), error.message);
});

test("a WebSocket that may not reconnect ends at the first refusal", async () => {
  const socket = await client().websockets.chat.create({ bot_id: BOT }, { maxRetries: 0 });

  const error = await new Promise((resolve) => {
    socket.onerror = resolve;
  });
  socket.close();

  assert.match(JSON.stringify(error), /403/);
  assert.deepEqual(gateway.asked, ["GET /v1/chat"]);
  assert.equal(tokens, 1);
});
