// The official JavaScript SDK talks over WebSocket: to the platform's double alone, and through the proxy with a handle.
//
// It sends its token twice, in the address and in the header (docs/upstream/websocket.md).

import assert from "node:assert/strict";
import { after, before, test } from "../harness/test.js";
import { CozeAPI, RoleType, WebsocketsEventType } from "@coze/api";
import { Product } from "../harness/product.js";

const TEXT = "今天天气不错。And tomorrow?";
// Otherwise it tries for ever to reach what has refused it.
const ONCE = { maxRetries: 0 };

let product;
before(async () => {
  product = await Product.start();
});
after(() => product?.stop());

/** The two ways to the platform, each with what is accepted there. */
const DOORS = {
  alone: async () => {
    const answer = await fetch(`${product.auth}/callback`, { headers: { accept: "application/json" } });
    return client(product.emulator.api_base, (await answer.json()).access_token);
  },
  "through the proxy": async () => client(product.proxy, (await product.openSession()).handle),
};

function client(base, token) {
  return new CozeAPI({ token, baseURL: base, baseWsURL: base.replace("http", "ws") });
}

/** Collects events until the one of type `last`, says `first` when the connection is open, and closes it. */
function converse(socket, first, last) {
  return new Promise((resolve, reject) => {
    const events = [];
    socket.onopen = () => first.forEach((event, id) => socket.send({ id: String(id), ...event }));
    socket.onerror = (error) => {
      socket.close();
      reject(Object.assign(new Error(error.data.msg), { code: error.data.code, logId: error.detail?.logid }));
    };
    socket.onmessage = (event) => {
      events.push(event);
      if (event.event_type !== last && event.event_type !== WebsocketsEventType.ERROR) return;
      socket.close();
      resolve(events);
    };
  });
}

const of = (events, type) => events.filter(({ event_type }) => event_type === type).map(({ data }) => data);

for (const [name, open] of Object.entries(DOORS)) {
  test(`a chat brings text and sound, ${name}`, async () => {
    const coze = await open();
    const socket = await coze.websockets.chat.create({ bot_id: product.bot("Echo") }, ONCE);
    const question = {
      event_type: WebsocketsEventType.CONVERSATION_MESSAGE_CREATE,
      data: { role: RoleType.User, content_type: "text", content: TEXT },
    };

    const events = await converse(socket, [question], WebsocketsEventType.CONVERSATION_CHAT_COMPLETED);

    assert.equal(events[0].event_type, WebsocketsEventType.CHAT_CREATED);
    const deltas = of(events, WebsocketsEventType.CONVERSATION_MESSAGE_DELTA).map(({ content }) => content);
    assert.equal(deltas.join(""), TEXT);
    assert.ok(deltas.length > 1);
    assert.ok(of(events, WebsocketsEventType.CONVERSATION_AUDIO_DELTA).length > 1);
    assert.ok(events.at(-1).data.usage.token_count > 0);
    assert.match(events.at(-1).detail.logid, /\S/);
  });

  test(`what is spoken can be transcribed, ${name}`, async () => {
    const coze = await open();
    const speech = await coze.websockets.audio.speech.create({ entity_type: "bot", entity_id: "1" }, ONCE);
    const say = [
      { event_type: WebsocketsEventType.INPUT_TEXT_BUFFER_APPEND, data: { delta: TEXT } },
      { event_type: WebsocketsEventType.INPUT_TEXT_BUFFER_COMPLETE },
    ];
    const spoken = await converse(speech, say, WebsocketsEventType.SPEECH_AUDIO_COMPLETED);
    const sound = of(spoken, WebsocketsEventType.SPEECH_AUDIO_UPDATE);

    const transcription = await coze.websockets.audio.transcriptions.create(undefined, ONCE);
    const hear = [
      ...sound.map((data) => ({ event_type: WebsocketsEventType.INPUT_AUDIO_BUFFER_APPEND, data })),
      { event_type: WebsocketsEventType.INPUT_AUDIO_BUFFER_COMPLETE },
    ];
    const written = await converse(transcription, hear, WebsocketsEventType.TRANSCRIPTIONS_MESSAGE_COMPLETED);

    assert.deepEqual(of(written, WebsocketsEventType.TRANSCRIPTIONS_MESSAGE_UPDATE), [{ content: TEXT }]);
  });

  test(`a bot that is not one's own is told on the open connection, ${name}`, async () => {
    const coze = await open();
    const socket = await coze.websockets.chat.create({ bot_id: "1" }, ONCE);

    const events = await converse(socket, [], WebsocketsEventType.CHAT_CREATED);

    assert.deepEqual([events[0].event_type, events[0].data.code], [WebsocketsEventType.ERROR, 4101]);
  });
}

test("interpretation writes down and translates", async () => {
  const coze = await DOORS["through the proxy"]();
  const socket = await coze.websockets.audio.simultInterpretation.create(ONCE);
  const say = [
    { event_type: WebsocketsEventType.INPUT_AUDIO_BUFFER_APPEND, data: { delta: "AAAA" } },
    { event_type: WebsocketsEventType.INPUT_AUDIO_BUFFER_COMPLETE },
  ];

  const events = await converse(socket, say, WebsocketsEventType.SIMULT_INTERPRETATION_MESSAGE_COMPLETED);

  assert.equal(events[0].event_type, WebsocketsEventType.SIMULT_INTERPRETATION_CREATED);
  assert.equal(of(events, WebsocketsEventType.SIMULT_INTERPRETATION_TRANSLATION_DELTA).length, 1);
});

test("a token that is not known is a 401 at both doors, and behind the proxy nobody is asked", async () => {
  const seen = (await product.journal()).length;
  for (const [base, token] of [
    [product.proxy, "cgh_unknown"],
    [product.emulator.api_base, "czs_unknown"],
  ]) {
    const socket = await client(base, token).websockets.chat.create({ bot_id: product.bot("Echo") }, ONCE);

    await assert.rejects(converse(socket, [], WebsocketsEventType.CHAT_CREATED), { code: 401 });
  }
  assert.equal((await product.journal()).length, seen + 1);
});

test("a refusal of the platform comes with its log id, which the SDK knows in one spelling only", async () => {
  const coze = await DOORS["through the proxy"]();
  await product.order("faults", [{ match: { path: "/v1/chat" }, fault: { status: 403, body: "{}" } }]);
  try {
    const socket = await coze.websockets.chat.create({ bot_id: product.bot("Echo") }, ONCE);

    await assert.rejects(converse(socket, [], WebsocketsEventType.CHAT_CREATED), { code: 403, logId: /\S/ });
  } finally {
    await product.order("faults", []);
  }
});

test("the platform gets a token of ours in the header alone", async () => {
  const seen = (await product.journal()).at(-1)?.seq ?? 0;
  const coze = await DOORS["through the proxy"]();
  const socket = await coze.websockets.chat.create({ bot_id: product.bot("Echo") }, ONCE);

  await converse(socket, [], WebsocketsEventType.CHAT_CREATED);

  const [opened] = (await product.journal(seen)).filter(({ path }) => path === "/v1/chat");
  assert.equal(opened.authorization_kind, "czs");
  assert.equal(opened.query, `bot_id=${product.bot("Echo")}`);
});
