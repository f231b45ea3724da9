// What the inspector knows about the chat's requests.

import assert from "node:assert/strict";
import test from "node:test";
import { entryText } from "../chat/entry_text.js";
import { Recorder, timingsIn } from "../chat/recorder.js";

const SECRET = "cgh_very-secret-handle";
const AUTH = { authorization: `Bearer ${SECRET}` };

/** A recorder around answers that take as long as they say, on a clock of its own. */
function setUp() {
  const clock = { now: 1000 };
  const recorder = new Recorder({ now: () => clock.now });
  /** @param {() => Response | Promise<Response>} answer */
  const fetch = (answer, ms = 5) =>
    recorder.around(async () => {
      clock.now += ms;
      return answer();
    });
  return { clock, recorder, fetch };
}

/** @param {string[]} pieces */
function stream(...pieces) {
  const body = ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece)));
  return new Response(body, { headers: { "content-type": "text/event-stream", "x-tt-logid": "LOG1" } });
}

test("a call is noted from its begin to its end, and its answer is left as it is", async () => {
  const { recorder, fetch } = setUp();
  const ask = fetch(() => Response.json({ code: 0 }, { headers: { "server-timing": 'token;desc="memory";dur=0.1' } }), 42);

  const answer = await ask("http://proxy.test/v1/bots?page_num=1", { headers: AUTH });
  const running = recorder.entries[0]?.state;
  const body = await answer.json();
  await new Promise(setImmediate);

  assert.deepEqual(body, { code: 0 });
  const [entry] = recorder.entries;
  assert.equal(running, "running");
  assert.equal(entry?.state, "done");
  assert.deepEqual([entry?.kind, entry?.method, entry?.path, entry?.status], ["call", "GET", "/v1/bots?page_num=1", 200]);
  assert.deepEqual([entry?.headMs, entry?.firstMs, entry?.totalMs], [42, null, 42]);
  assert.deepEqual(entry?.timings, [{ name: "token", description: "memory", ms: 0.1 }]);
});

test("the gateway is asked for its own times only while somebody looks", async () => {
  const recorder = new Recorder();
  /** @type {(string | null)[]} */
  const asked = [];
  const ask = recorder.around(async (_, init) => {
    asked.push(new Headers(init?.headers).get("x-cozegate-inspect"));
    return new Response(null, { status: 204 });
  });

  await ask("http://proxy.test/v1/x", { headers: AUTH });
  recorder.asksForTimings = true;
  await ask("http://proxy.test/v1/x", { headers: AUTH });
  await ask("http://auth.test/auth/session", { method: "POST" });

  assert.deepEqual(asked, [null, "1", null]);
});

test("the events of a stream are counted by name, also those that come in pieces", async () => {
  const { recorder, fetch } = setUp();
  const ask = fetch(() => stream("event:a\ndata:secret words\n\neve", "nt:b\ndata:2\n\nevent:b\r\n", "data:3\n\n"));

  const answer = await ask("http://proxy.test/v3/chat", { method: "POST", headers: AUTH });
  const text = await answer.text();

  const [entry] = recorder.entries;
  assert.ok(text.startsWith("event:a") && text.endsWith("data:3\n\n"));
  assert.equal(entry?.kind, "stream");
  assert.deepEqual([...(entry?.events ?? [])], [["a", 1], ["b", 2]]);
  assert.equal(entry?.bytes, text.length);
  assert.equal(entry?.logId, "LOG1");
});

test("a stream that is left before its end was stopped, one that has said everything is done", async () => {
  const { recorder, fetch } = setUp();
  const endless = () => stream("event:a\ndata:1\n\n", "event:a\ndata:1\n\n");
  const complete = () => stream("event:conversation.chat.completed\ndata:{}\n\n", 'event:done\ndata:"[DONE]"\n\n');

  for (const answer of [endless, complete]) {
    const reader = (await fetch(answer)("http://proxy.test/v3/chat")).body?.getReader();
    await reader?.read();
    await reader?.cancel();
  }

  assert.deepEqual(recorder.entries.map(({ state }) => state), ["stopped", "done"]);
});

test("a request that nobody answers has failed, and the caller hears the same error", async () => {
  const { recorder, fetch } = setUp();
  const ask = fetch(() => Promise.reject(new TypeError("nobody there")));

  await assert.rejects(ask("http://proxy.test/v1/x"), /nobody there/);

  assert.equal(recorder.entries[0]?.state, "failed");
});

test("the same request right after a new session is called a retry, and only then", async () => {
  const { clock, recorder, fetch } = setUp();
  const ask = fetch(() => new Response(null, { status: 204 }));

  await ask("http://proxy.test/v1/x");
  await ask("http://auth.test/auth/session", { method: "POST" });
  await ask("http://proxy.test/v1/x");
  clock.now += 60_000;
  await ask("http://auth.test/auth/session", { method: "POST" });
  await ask("http://proxy.test/v1/x");

  assert.deepEqual(recorder.entries.map(({ kind }) => kind), ["call", "session", "call", "session", "call"]);
  assert.deepEqual(recorder.entries.map(({ isRetry }) => isRetry), [false, false, true, false, false]);
});

test("neither the notes nor their text hold a credential or what was said", async () => {
  const { recorder, fetch } = setUp();
  const ask = fetch(() => stream("event:conversation.message.delta\ndata:the answer\n\n"));

  await (await ask("http://proxy.test/v3/chat", { method: "POST", headers: AUTH, body: "the question" })).text();

  const noted = JSON.stringify(recorder.entries, (_, value) => (value instanceof Map ? [...value] : value));
  const text = recorder.entries.map(entryText).join("\n");
  for (const kept of [noted, text]) assert.doesNotMatch(kept, /secret|the answer|the question/);
  assert.match(text, /cgh_…/);
  assert.match(text, /^\d\d:\d\d:\d\d\.\d{3} POST http:\/\/proxy\.test\/v3\/chat 200 stream /);
});

test("no more are kept than can be looked through", async () => {
  const { recorder, fetch } = setUp();
  const ask = fetch(() => new Response(null, { status: 204 }));

  for (let count = 0; count < 230; count += 1) await ask(`http://proxy.test/v1/${count}`);

  assert.equal(recorder.entries.length, 200);
  assert.equal(recorder.entries.at(-1)?.path, "/v1/229");
});

test("timings are read as their standard writes them, and nonsense is none", () => {
  assert.deepEqual(timingsIn('token;desc="a, \\"b\\"";dur=0.5 , upstream; dur=12, cache'), [
    { name: "token", description: 'a, "b"', ms: 0.5 },
    { name: "upstream", description: "", ms: 12 },
    { name: "cache", description: "", ms: null },
  ]);
  assert.deepEqual(timingsIn(null), []);
  assert.deepEqual(timingsIn(";;,=,a b;dur=x"), []);
});
