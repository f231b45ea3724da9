// Questions and answers over a bad way: no question is lost or asked twice, and every answer comes to its end.

import assert from "node:assert/strict";
import test from "node:test";
import { json } from "./fake_gateway.js";
import { inTurn, nobody, problem, setUp } from "./fake_way.js";

const BODY = {
  bot_id: "b1",
  user_id: "u",
  stream: true,
  connector_id: "999",
  additional_messages: [{ role: "user", content_type: "text", content: "Hi" }],
};
const ASK = { method: "POST", body: JSON.stringify(BODY) };
const PATH = "/v3/chat?conversation_id=c1";

const frame = (/** @type {string} */ event, /** @type {unknown} */ data) => `event:${event}\ndata:${JSON.stringify(data)}\n\n`;
const answer = (/** @type {object} */ more) => ({ id: "m1", role: "assistant", type: "answer", content_type: "text", ...more });
const CREATED = frame("conversation.chat.created", { id: "chat1", conversation_id: "c1", status: "created" });
const DELTA = frame("conversation.message.delta", answer({ content: "Hel" }));
const END = [
  frame("conversation.message.completed", answer({ content: "Hello" })),
  frame("conversation.chat.completed", { id: "chat1", conversation_id: "c1", status: "completed" }),
  frame("done", "[DONE]"),
].join("");
const WHOLE = CREATED + DELTA + END;

/**
 * A body that comes in pieces and then ends or breaks.
 * @param {string[]} pieces
 * @param {Error} [error]
 */
function stream(pieces, error) {
  const rest = pieces.map((piece) => new TextEncoder().encode(piece));
  const body = new ReadableStream({
    pull(controller) {
      const piece = rest.shift();
      if (piece) controller.enqueue(piece);
      else if (error) controller.error(error);
      else controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "x-tt-logid": "L1" } });
}

const CUT = new TypeError("network error");
const question = (/** @type {object} */ more = {}) => ({
  role: "user",
  type: "question",
  content: "Hi",
  chat_id: "chat1",
  created_at: 10_000_001,
  ...more,
});

/**
 * The platform's records of the chat.
 * @param {{ messages?: object[], states?: string[], said?: object[] }} records
 */
function records({ messages = [question()], states = ["completed"], said } = {}) {
  const status = inTurn(
    ...states.map((state) => () =>
      json({ code: 0, data: { id: "chat1", conversation_id: "c1", status: state, last_error: { code: 0 } } }),
    ),
  );
  return {
    "POST /v1/conversation/message/list": () => json({ code: 0, data: messages }),
    "GET /v3/chat/retrieve": status,
    "GET /v3/chat/message/list": () =>
      json({
        code: 0,
        data: said ?? [
          answer({ id: "m3", type: "follow_up", content: "And then?" }),
          answer({ id: "m2", type: "verbose", content: "{}" }),
          answer({ content: "Hello" }),
        ],
      }),
  };
}

/** The frames of a text, as `event` and parsed data. @param {string} text */
function framesOf(text) {
  return text
    .split("\n\n")
    .filter(Boolean)
    .map((one) => {
      const [, event = "", data = ""] = /^event:(.*)\ndata:(.*)$/s.exec(one) ?? [];
      return { event, data: JSON.parse(data) };
    });
}

/** The text that a reader of deltas sees, and the ends of it. @param {string} text */
function read(text) {
  const all = framesOf(text);
  const deltas = all.filter(({ event, data }) => event === "conversation.message.delta" && data.type === "answer");
  return { said: deltas.map(({ data }) => data.content).join(""), events: all.map(({ event }) => event) };
}

test("an answer that comes whole is passed on as it is, in any pieces", async () => {
  const pieces = [WHOLE.slice(0, 50), WHOLE.slice(50, 200), WHOLE.slice(200)];
  const { gateway, count } = setUp({ "POST /v3/chat": () => stream(pieces) });

  const response = await gateway.call(PATH, ASK);

  assert.equal(await response.text(), WHOLE);
  assert.equal(response.headers.get("x-tt-logid"), "L1");
  assert.equal(count("/v3/chat"), 1);
});

test("the spaces of a chat flow's frames stay", async () => {
  const text = WHOLE.replaceAll("event:", "event: ").replaceAll("data:", "data: ");
  const { gateway } = setUp({ "POST /v1/workflows/chat": () => stream([text]) });

  const response = await gateway.call("/v1/workflows/chat", { method: "POST", body: JSON.stringify(BODY) });

  assert.equal(await response.text(), text);
});

test("an answer that breaks off within a frame is continued where it stood", async () => {
  const { gateway, clock } = setUp({
    "POST /v3/chat": () => stream([CREATED + DELTA + 'event:conversation.message.delta\ndata:{"id":"m1","con'], CUT),
    ...records({ states: ["in_progress", "in_progress", "completed"] }),
  });

  const text = await (await gateway.call(PATH, ASK)).text();

  assert.deepEqual(read(text), {
    said: "Hello",
    events: [
      "conversation.chat.created",
      "conversation.message.delta",
      "conversation.message.delta",
      "conversation.message.completed",
      "conversation.message.completed",
      "conversation.message.completed",
      "conversation.chat.completed",
      "done",
    ],
  });
  assert.ok(text.endsWith('event:done\ndata:"[DONE]"\n\n'));
  assert.ok(clock.slept >= 2_000, "a chat is asked about once a second");
});

test("what was said whole is not said again", async () => {
  const { gateway } = setUp({
    "POST /v3/chat": () => stream([CREATED + frame("conversation.message.completed", answer({ content: "Hello" }))]),
    ...records(),
  });

  const text = await (await gateway.call(PATH, ASK)).text();

  const whole = framesOf(text).filter(({ event, data }) => event.endsWith("message.completed") && data.id === "m1");
  assert.equal(whole.length, 1);
  assert.equal(framesOf(text).at(-1)?.event, "done");
});

test("the gateway's own word for a broken platform is no end of the answer", async () => {
  const broken = frame("error", { code: 990502, msg: "broke off" });
  const { gateway } = setUp({ "POST /v3/chat": () => stream([CREATED + DELTA + broken]), ...records() });

  const text = await (await gateway.call(PATH, ASK)).text();

  assert.equal(read(text).said, "Hello");
  assert.ok(!text.includes("990502"));
});

test("an outage in the middle of an answer is waited out", async () => {
  const answers = records();
  const { gateway, clock, routes } = setUp({ "POST /v3/chat": () => stream([CREATED + DELTA], CUT), ...answers });
  const retrieve = answers["GET /v3/chat/retrieve"];
  const begun = clock.now;
  /** @type {Record<string, any>} */ (routes)["GET /v3/chat/retrieve"] = (/** @type {any} */ asked, /** @type {any} */ call) =>
    clock.now - begun < 45_000 ? nobody() : retrieve(asked, call);

  const text = await (await gateway.call(PATH, ASK)).text();

  assert.equal(read(text).said, "Hello");
});

test("a chat that failed or was cancelled meanwhile ends as the platform would end it", async () => {
  for (const [state, last] of /** @type {[string, string[]][]} */ ([
    ["failed", ["conversation.chat.failed", "done"]],
    ["requires_action", ["conversation.chat.requires_action", "done"]],
    ["canceled", ["conversation.message.completed", "done"]],
  ])) {
    const { gateway } = setUp({
      "POST /v3/chat": () => stream([CREATED + DELTA], CUT),
      ...records({ states: [state], said: [answer({ content: "Hello" })] }),
    });

    const { events } = read(await (await gateway.call(PATH, ASK)).text());

    assert.deepEqual(events.slice(-2), last, state);
  }
});

test("a question that nobody answered and that has not arrived is asked again", async () => {
  const { gateway, count } = setUp({
    "POST /v3/chat": inTurn(nobody, () => stream([WHOLE])),
    ...records({ messages: [] }),
  });

  const response = await gateway.call(PATH, ASK);

  assert.equal(await response.text(), WHOLE);
  assert.equal(count("/v3/chat?"), 2);
});

test("a question that nobody answered and that has arrived is not asked again", async () => {
  const { gateway, count } = setUp({ "POST /v3/chat": nobody, ...records({ states: ["in_progress", "completed"] }) });

  const text = await (await gateway.call(PATH, ASK)).text();

  assert.equal(count("/v3/chat?"), 1);
  assert.equal(read(text).said, "Hello");
  assert.deepEqual(read(text).events.slice(0, 2), ["conversation.chat.created", "conversation.chat.in_progress"]);
});

test("the same words from before are not taken for the question", async () => {
  for (const { earlier, isSeen } of [
    { earlier: question({ created_at: "9999000" }), isSeen: false },
    { earlier: question({ chat_id: "known" }), isSeen: true },
  ]) {
    const { gateway, count } = setUp({
      "POST /v3/chat": inTurn(nobody, () => stream([WHOLE])),
      ...records({ messages: [earlier] }),
    });
    const list = "/v1/conversation/message/list?conversation_id=c1";
    if (isSeen) await gateway.call(list, { method: "POST", body: "{}" });

    await (await gateway.call(PATH, ASK)).text();

    assert.equal(count("/v3/chat?"), 2);
  }
});

test("a question whose answer got lost before its first frame is looked for, too", async () => {
  for (const first of [() => stream([], CUT), () => stream([""]), () => problem("upstream-broken", 502)]) {
    const { gateway, count } = setUp({ "POST /v3/chat": first, ...records() });

    const text = await (await gateway.call(PATH, ASK)).text();

    assert.equal(count("/v3/chat?"), 1);
    assert.equal(read(text).said, "Hello");
  }
});

test("a question without a conversation is looked for in the newest ones of its bot", async () => {
  const { gateway, asked, count } = setUp({
    "POST /v3/chat": nobody,
    "GET /v1/conversations": () =>
      json({ data: { conversations: [{ id: "c1", created_at: 10_000_001 }, { id: "c0", created_at: 9_000_000 }] } }),
    ...records(),
  });

  const text = await (await gateway.call("/v3/chat", ASK)).text();

  assert.equal(read(text).said, "Hello");
  assert.equal(count("/v3/chat?"), 0);
  assert.match(asked.find(({ path }) => path.startsWith("/v1/conversations?"))?.path ?? "", /bot_id=b1.*connector_id=999/);
  assert.equal(count("/v1/conversation/message/list"), 1);
});

test("a question that is kept in no history is never sent twice", async () => {
  const { gateway, count } = setUp({ "POST /v3/chat": nobody, ...records({ messages: [] }) });
  const body = JSON.stringify({ ...BODY, auto_save_history: false });

  await assert.rejects(gateway.call(PATH, { method: "POST", body }), { name: "TypeError" });
  assert.equal(count("/v3/chat?"), 1);
});

test("where it cannot be known whether a question has arrived, the page decides", async () => {
  const { gateway, count } = setUp({ "POST /v1/workflows/chat": nobody });
  const body = JSON.stringify({ ...BODY, bot_id: undefined, workflow_id: "w" });

  await assert.rejects(gateway.call("/v1/workflows/chat", { method: "POST", body }), { name: "TypeError" });
  assert.equal(count("/v1/workflows/chat"), 1);
});

test("a refused handle loses no question", async () => {
  for (const refusal of [
    () => json({ code: 4100 }, { status: 401 }),
    () => json({ code: 4101, msg: "incorrect" }),
  ]) {
    const { gateway, asked } = setUp({ "POST /v3/chat": inTurn(refusal, () => stream([WHOLE])) });

    assert.equal(await (await gateway.call(PATH, ASK)).text(), WHOLE);
    assert.equal(asked.at(-1)?.headers.get("authorization"), "Bearer handle-2");
  }
});

test("a store that is away loses no question", async () => {
  const away = () => problem("store-unavailable", 503, { "retry-after": "1" });
  const { gateway, count } = setUp({ "POST /v3/chat": inTurn(away, away, away, () => stream([WHOLE])) });

  assert.equal(await (await gateway.call(PATH, ASK)).text(), WHOLE);
  assert.equal(count("/v3/chat?"), 4);
  assert.equal(count("/v1/conversation/message/list"), 0);
});

test("a conversation that is answering already has got the question", async () => {
  let lists = 0;
  const { gateway, count } = setUp({
    ...records(),
    "POST /v3/chat": inTurn(nobody, () => json({ code: 4016, msg: "occupied" })),
    "POST /v1/conversation/message/list": () => json({ data: lists++ === 0 ? [] : [question()] }),
  });

  const text = await (await gateway.call(PATH, ASK)).text();

  assert.equal(read(text).said, "Hello");
  assert.equal(count("/v3/chat?"), 2);
});

test("a question that the browser itself has sent twice is answered once", async () => {
  const { gateway, count } = setUp({ ...records(), "POST /v3/chat": () => json({ code: 4016, msg: "occupied" }) });

  const text = await (await gateway.call(PATH, ASK)).text();

  assert.equal(read(text).said, "Hello");
  assert.equal(count("/v3/chat?"), 1);
});

test("a conversation that is busy with something else is the page's matter", async () => {
  const { gateway, count } = setUp({
    ...records({ messages: [question({ content: "Other" })] }),
    "POST /v3/chat": () => json({ code: 4016, msg: "occupied" }),
  });

  assert.equal((await (await gateway.call(PATH, ASK)).json()).code, 4016);
  assert.equal(count("/v3/chat?"), 1);
});

test("an error of the platform's comes in one piece and is not retried", async () => {
  const text = '{"code":4013,"msg":"too fast"}';
  const { gateway, count } = setUp({ "POST /v3/chat": () => stream([text.slice(0, 9), text.slice(9)]) });

  const reader = /** @type {ReadableStream<Uint8Array>} */ ((await gateway.call(PATH, ASK)).body).getReader();
  const first = await reader.read();

  assert.equal(new TextDecoder().decode(first.value), text);
  assert.ok((await reader.read()).done);
  assert.equal(count("/v3/chat?"), 1);
});

test("a page that leaves behind the last word closes the connection, and nothing more is asked", async () => {
  let isClosed = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(CREATED + DELTA)),
    cancel: () => {
      isClosed = true;
    },
  });
  const { gateway, asked } = setUp({
    "POST /v3/chat": () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
  });

  const reader = /** @type {ReadableStream<Uint8Array>} */ ((await gateway.call(PATH, ASK)).body).getReader();
  await reader.read();
  await reader.cancel();

  assert.ok(isClosed);
  assert.equal(asked.length, 2);
});

test("stopping is an abort, also while an answer is being followed", async () => {
  const stop = new AbortController();
  const { gateway } = setUp({
    ...records(),
    "POST /v3/chat": () => stream([CREATED + DELTA], CUT),
    "GET /v3/chat/retrieve": () => {
      stop.abort();
      return json({ data: { status: "in_progress" } });
    },
  });

  const response = await gateway.call(PATH, { ...ASK, signal: stop.signal });

  await assert.rejects(response.text(), { name: "AbortError" });
});

test("a question that wants no stream gets the chat that was begun", async () => {
  const { gateway, count } = setUp({ "POST /v3/chat": nobody, ...records({ states: ["in_progress"] }) });
  const body = JSON.stringify({ ...BODY, stream: false });

  const chat = await (await gateway.call(PATH, { method: "POST", body })).json();

  assert.deepEqual({ id: chat.data.id, status: chat.data.status }, { id: "chat1", status: "in_progress" });
  assert.equal(count("/v3/chat?"), 1);
});

test("a question with a picture is found although its file's address has changed", async () => {
  const sent = JSON.stringify([{ type: "image", file_id: "f1" }, { type: "text", text: "Hi" }]);
  const listed = JSON.stringify([{ type: "image", file_url: "https://x" }, { type: "text", text: "Hi" }]);
  const { gateway, count } = setUp({ "POST /v3/chat": nobody, ...records({ messages: [question({ content: listed })] }) });
  const additional_messages = [{ role: "user", content_type: "object_string", content: sent }];

  const text = await (await gateway.call(PATH, { ...ASK, body: JSON.stringify({ ...BODY, additional_messages }) })).text();

  assert.equal(read(text).said, "Hello");
  assert.equal(count("/v3/chat?"), 1);
});
