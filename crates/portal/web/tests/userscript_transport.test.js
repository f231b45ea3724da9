// Requests by each kind of manager: an answer is one Response whose body streams, however its bytes come.

import assert from "node:assert/strict";
import test from "node:test";
import { Unanswered, formFor, gmTransport } from "../userscript/gm_transport.js";
import { FakeManager, HEAD, nextText, writtenStream } from "./fake_manager.js";

const CHAT = "http://127.0.0.1:8080/v3/chat?conversation_id=1";
const FILE = "http://127.0.0.1:8080/https%3A%2F%2Fcdn.test%2Fa.png";
const SESSION = "http://127.0.0.1:8081/auth/session";

/** @param {Partial<import("../client/transport.js").Call>} [call] */
const question = (call = {}) => ({
  method: "POST",
  url: CHAT,
  headers: { "X-A": "1" },
  body: '{"stream":true}',
  ...call,
});

/** @param {Response} response */
const readerOf = (response) => /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();

test("a manager's stream is read bit by bit, before the answer is complete", async () => {
  const manager = new FakeManager();
  const answer = gmTransport(manager.request, "Tampermonkey")(question());
  const { stream, write, close } = writtenStream();

  manager.last.onloadstart({ ...HEAD, response: stream });
  write("one ");
  const response = await answer;
  const reader = readerOf(response);

  assert.equal(manager.last.responseType, "stream");
  assert.deepEqual([response.status, response.headers.get("x-tt-logid"), response.url], [200, "LOG1", HEAD.finalUrl]);
  assert.equal(await nextText(reader), "one ");
  write("two");
  assert.equal(await nextText(reader), "two");
  close();
  assert.equal(await nextText(reader), null);
});

/** What ScriptCat 1.5.0-beta.2 was seen to send: the stream before the status, its pieces, `load`, and no end of the stream. */
function scriptCatAnswers(/** @type {FakeManager} */ manager, /** @type {string[]} */ pieces) {
  const { stream, write, isLeft } = writtenStream();
  const { last } = manager;
  last.onloadstart({ readyState: 1, status: 0, response: stream });
  last.onreadystatechange({ ...HEAD, response: stream });
  for (const piece of pieces) {
    write(piece);
    last.onprogress({ ...HEAD, readyState: 3, responseText: "", loaded: piece.length, total: -1 });
  }
  last.onload({ ...HEAD, readyState: 4, response: stream, responseText: "" });
  return { isLeft };
}

test("an answer ends with the manager's load although its stream is never closed", async () => {
  const manager = new FakeManager();
  manager.request.RESPONSE_TYPE_STREAM = "stream";
  const send = gmTransport(manager.request, "ScriptCat");

  const session = send(question({ url: SESSION, body: "{}" }));
  const { isLeft } = scriptCatAnswers(manager, ['{"handle":', '"h"}']);
  assert.deepEqual(await (await session).json(), { handle: "h" });
  assert.ok(isLeft(), "the stream is released");

  const empty = send(question({ url: SESSION }));
  scriptCatAnswers(manager, []);
  assert.equal(await (await empty).text(), "");
});

test("a piece that comes shortly after the manager's load belongs to the answer", async () => {
  const manager = new FakeManager();
  const answer = gmTransport(manager.request)(question());
  const { stream, write } = writtenStream();
  manager.last.onloadstart({ ...HEAD, response: stream });
  write("one ");
  manager.last.onload({ ...HEAD, readyState: 4 });
  await new Promise((resolve) => setTimeout(resolve));
  write("two");

  assert.equal(await (await answer).text(), "one two");
});

for (const [end, event] of /** @type {const} */ ([
  ["onloadend", {}],
  ["onreadystatechange", { readyState: 4 }],
])) {
  for (const kind of ["stream", "text", "arraybuffer"]) {
    test(`${end} alone ends an answer that is asked for as ${kind}`, async () => {
      const manager = new FakeManager();
      const send = gmTransport(manager.request, kind === "stream" ? "" : "Violentmonkey");
      const answer = send(kind === "arraybuffer" ? { method: "GET", url: FILE, headers: {} } : question());
      assert.equal(manager.last.responseType, kind);
      const { stream, write } = writtenStream();
      if (kind === "stream") manager.last.onloadstart({ ...HEAD, response: stream });
      write("all");
      if (kind === "text") manager.last.onprogress({ ...HEAD, readyState: 3, responseText: "all" });
      const whole = kind === "arraybuffer" ? { response: new TextEncoder().encode("all").buffer } : {};

      manager.last[end]({ ...HEAD, ...whole, ...event });

      assert.equal(await (await answer).text(), "all");
    });
  }
}

test("an end without a status is a request without an answer, and the first word about an error counts", async () => {
  const manager = new FakeManager();
  const send = gmTransport(manager.request);

  const ended = send(question());
  manager.last.onloadend({ readyState: 4, status: 0 });
  await assert.rejects(ended, TypeError);

  const refused = send(question());
  manager.last.onreadystatechange({ readyState: 4, status: 0 });
  manager.last.onerror({ status: 0, error: "Refused to connect: not in @connect" });
  manager.last.onloadend({ readyState: 4, status: 0 });
  await assert.rejects(refused, (error) => error instanceof Unanswered && error.kind === "connect-refused");
});

test("a stream that comes before its status waits for it", async () => {
  const manager = new FakeManager();
  const answer = gmTransport(manager.request)(question());
  const { stream, write } = writtenStream();

  manager.last.onloadstart({ readyState: 1, status: 0, response: stream });
  manager.last.onreadystatechange({ ...HEAD, status: 404, statusText: "Not Found" });
  write("x");

  assert.equal((await answer).status, 404);
});

test("a text that grows is cut into what is new", async () => {
  const manager = new FakeManager();
  const answer = gmTransport(manager.request, "Violentmonkey")(question());

  assert.equal(manager.last.responseType, "text");
  manager.last.onreadystatechange(HEAD);
  const reader = readerOf(await answer);
  manager.last.onprogress({ ...HEAD, responseText: "你" });
  assert.equal(await nextText(reader), "你");
  manager.last.onprogress({ ...HEAD, responseText: "你" });
  manager.last.onprogress({ ...HEAD, responseText: "你好 \ud83d" });
  assert.equal(await nextText(reader), "好 ");
  manager.last.onload({ ...HEAD, responseText: "你好 🚪 end" });
  assert.equal(await nextText(reader), "🚪 end");
  assert.equal(await nextText(reader), null);
});

test("a text that comes at once at the end is an answer, too", async () => {
  const manager = new FakeManager();
  const answer = gmTransport(manager.request, "Violentmonkey")(question());

  manager.last.onprogress({ ...HEAD, responseText: undefined });
  manager.last.onload({ ...HEAD, responseText: "all of it" });

  assert.equal(await (await answer).text(), "all of it");
});

test("a text that turns out to be another one breaks the answer off instead of making a wrong one", async () => {
  const manager = new FakeManager();
  const answer = gmTransport(manager.request, "Violentmonkey")(question());

  manager.last.onprogress({ ...HEAD, responseText: "first" });
  manager.last.onprogress({ ...HEAD, responseText: "second piece" });
  manager.last.onload({ ...HEAD, responseText: "second piece" });

  await assert.rejects(async () => (await answer).text(), TypeError);
});

test("a manager without streams is known by its first answer, and not by a failure", async () => {
  const manager = new FakeManager();
  const send = gmTransport(manager.request);
  const failed = send(question());
  manager.last.onerror({ status: 0 });
  await assert.rejects(failed, TypeError);

  const first = send({ ...question(), url: SESSION });
  assert.equal(manager.last.responseType, "stream");
  manager.last.onload({ ...HEAD, responseText: '{"handle":1}', response: '{"handle":1}' });

  assert.equal(await (await first).text(), '{"handle":1}');
  void send(question());
  assert.equal(manager.last.responseType, "text");
});

test("a manager that says what it can is believed", () => {
  const manager = new FakeManager();
  manager.request.RESPONSE_TYPE_STREAM = "stream";

  void gmTransport(manager.request, "Violentmonkey")(question());

  assert.equal(manager.last.responseType, "stream");
});

test("without streams what may be a picture is asked for as bytes", async () => {
  const manager = new FakeManager();
  const bytes = new Uint8Array([0, 255, 137, 80]);
  const answer = gmTransport(manager.request, "Violentmonkey")({ method: "GET", url: FILE, headers: {} });

  assert.equal(manager.last.responseType, "arraybuffer");
  manager.last.onload({ ...HEAD, response: bytes.buffer });

  assert.deepEqual(new Uint8Array(await (await answer).arrayBuffer()), bytes);
});

test("only answers that are told bit by bit are asked for as text", () => {
  const form = (/** @type {string} */ path, body = "{}") =>
    formFor({ url: `http://g.test${path}`, body, method: "POST", headers: {} }, false);

  assert.deepEqual(
    [
      "/v3/chat?conversation_id=1",
      "/v1/workflows/chat",
      "/v1/workflow/stream_run",
      "/v3/chat/retrieve?chat_id=1",
      "/v1/audio/speech",
    ].map((path) => form(path)),
    ["text", "text", "text", "arraybuffer", "arraybuffer"],
  );
  assert.equal(form("/v1/anything", '{"stream": true}'), "text");
});

test("a blob is read like bytes", async () => {
  const manager = new FakeManager();
  const answer = gmTransport(manager.request, "Violentmonkey")({ method: "GET", url: FILE, headers: {} });

  manager.last.onload({ ...HEAD, response: new Blob(["abc"]) });

  assert.equal(await (await answer).text(), "abc");
});

test("what the page gives up ends at the manager, before and after the head", async () => {
  for (const isBegun of [false, true]) {
    const manager = new FakeManager();
    const giveUp = new AbortController();
    const answer = gmTransport(manager.request)(question({ signal: giveUp.signal }));
    const { stream, write, isLeft } = writtenStream();
    if (isBegun) {
      manager.last.onloadstart({ ...HEAD, response: stream });
      write("x");
    }
    const read = answer.then((response) => response.text());
    if (isBegun) await answer;

    giveUp.abort();

    await assert.rejects(read, { name: "AbortError" });
    assert.equal(manager.aborted, 1);
    assert.equal(isLeft(), isBegun);
  }
});

test("a request that was given up before it began does not begin", async () => {
  const manager = new FakeManager();

  await assert.rejects(gmTransport(manager.request)(question({ signal: AbortSignal.abort() })), { name: "AbortError" });

  assert.equal(manager.asked.length, 0);
});

test("leaving an answer ends it at the manager", async () => {
  const manager = new FakeManager();
  const answer = gmTransport(manager.request)(question());
  const { stream, write } = writtenStream();
  manager.last.onloadstart({ ...HEAD, response: stream });
  write("x");

  await (await answer).body?.cancel();

  assert.equal(manager.aborted, 1);
});

test("an answer that breaks off fails while it is read", async () => {
  const manager = new FakeManager();
  const answer = gmTransport(manager.request)(question());
  const { stream, write, fail } = writtenStream();
  manager.last.onloadstart({ ...HEAD, response: stream });
  write("x");
  const reader = readerOf(await answer);
  await nextText(reader);

  fail();

  await assert.rejects(reader.read(), TypeError);
});

test("nobody there is a TypeError, and a manager that refuses is told from it", async () => {
  const words = {
    'Refused to connect to "http://127.0.0.1:8080/": URL is not a part of the @connect list': "connect-refused",
    'Refused to connect to "http://127.0.0.1:8080/": Request was blocked by the user': "connect-refused",
    "": "unreachable",
  };
  for (const [error, kind] of Object.entries(words)) {
    const manager = new FakeManager();
    const answer = gmTransport(manager.request)(question());
    manager.last.onerror({ status: 0, error });

    await assert.rejects(
      answer,
      (thrown) => thrown instanceof Unanswered && thrown instanceof TypeError && thrown.kind === kind,
    );
  }
});

test("a manager that throws is one that did not answer", async () => {
  const send = gmTransport(() => {
    throw new Error("This domain is not a part of the @connect list");
  });

  await assert.rejects(send(question()), { kind: "connect-refused" });
});

test("an end without a status is no answer", async () => {
  const manager = new FakeManager();
  const answer = gmTransport(manager.request)(question());

  manager.last.onload({ readyState: 4, status: 0, responseText: "" });

  await assert.rejects(answer, TypeError);
});

test("forms go as they are, other bodies in forms that managers take", async () => {
  const manager = new FakeManager();
  const send = gmTransport(manager.request);
  const form = new FormData();
  form.set("file", new Blob(["abc"]), "a.txt");

  void send(question({ body: form }));
  assert.equal(manager.last.data, form);
  void send(question({ body: new URLSearchParams({ a: "1 2" }) }));
  assert.equal(manager.last.data, "a=1+2");
  assert.match(manager.last.headers["Content-Type"], /urlencoded/);
  void send(question({ body: new Uint8Array([1, 2]) }));
  assert.equal(await manager.last.data.text(), "\u0001\u0002");
  void send({ method: "GET", url: FILE, headers: {} });
  assert.ok(!("data" in manager.last));
});

test("cookies go along only where they are asked for", () => {
  const manager = new FakeManager();
  const send = gmTransport(manager.request);

  void send(question({ credentials: "include" }));
  void send(question());

  assert.deepEqual(
    manager.asked.map(({ anonymous }) => anonymous),
    [false, true],
  );
});

test("the way of a body is told, at the latest when it has arrived", async () => {
  const manager = new FakeManager();
  /** @type {number[][]} */
  const told = [];
  const body = new Blob(["abcd"]);
  const answer = gmTransport(manager.request)(
    question({ body, onUpload: (loaded, total) => told.push([loaded, total]) }),
  );

  manager.last.upload.onprogress({ loaded: 1, total: 4 });
  manager.last.onload({ ...HEAD, responseText: "{}" });
  await answer;

  assert.deepEqual(told, [
    [1, 4],
    [4, 4],
  ]);
});

test("an answer without a body is one", async () => {
  const manager = new FakeManager();
  const answer = gmTransport(manager.request)(question());

  manager.last.onload({ ...HEAD, status: 204, responseText: "" });

  assert.equal((await answer).status, 204);
  assert.equal((await answer).body, null);
});
