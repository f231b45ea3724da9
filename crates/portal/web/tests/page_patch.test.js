// A page's own fetch, XMLHttpRequest and WebSocket: the platform's addresses go another way, all others as before.

import assert from "node:assert/strict";
import test from "node:test";
import { patchPage } from "../client/patch.js";
import { json } from "./fake_gateway.js";
import "./progress_event.js";

/** The page's own class, as far as it matters here. */
class NativeXhr extends EventTarget {
  upload = new EventTarget();
  responseType = "";
  timeout = 0;
  /** @type {unknown[]} */
  native = [];
  /** @param {unknown[]} args */
  open(...args) {
    this.native.push(["open", ...args]);
  }
  /** @param {unknown[]} args */
  send(...args) {
    this.native.push(["send", ...args]);
  }
  /** @param {unknown[]} args */
  setRequestHeader(...args) {
    this.native.push(["field", ...args]);
  }
  abort() {}
  getResponseHeader() {
    return "native";
  }
  getAllResponseHeaders() {
    return "native";
  }
  get readyState() {
    return 0;
  }
  get status() {
    return 299;
  }
}

class NativeSocket {
  /** @param {unknown[]} args */
  constructor(...args) {
    this.args = args;
  }
}

function page() {
  /** @type {unknown[][]} */
  const fetched = [];
  const scope = {
    fetch: async (/** @type {unknown[]} */ ...args) => {
      fetched.push(args);
      return new Response("own");
    },
    XMLHttpRequest: NativeXhr,
    WebSocket: NativeSocket,
    document: { baseURI: "https://site.test/page" },
  };
  return { scope: /** @type {any} */ (scope), fetched };
}

/** @param {(url: string, request: any) => Promise<Response>} [answer] */
function route(answer = async () => json({ code: 0 })) {
  /** @type {{ url: string, request: any }[]} */
  const called = [];
  return {
    called,
    isOurs: (/** @type {string} */ url) => url.startsWith("https://api.platform.test/"),
    call: (/** @type {string} */ url, /** @type {any} */ request) => {
      called.push({ url, request });
      return answer(url, request);
    },
    socketUrl: (/** @type {string} */ url) => (url.startsWith("wss://ws.platform.test/") ? "ws://proxy.test/v1/chat" : null),
  };
}

/** @param {EventTarget} target */
function eventsOf(target) {
  /** @type {string[]} */
  const seen = [];
  for (const type of ["readystatechange", "loadstart", "progress", "load", "loadend", "error", "abort", "timeout"]) {
    target.addEventListener(type, () => seen.push(type));
  }
  return seen;
}

const ended = (/** @type {EventTarget} */ xhr) => new Promise((resolve) => xhr.addEventListener("loadend", resolve));

test("fetch goes the other way for the platform, with all that the page gave", async () => {
  const { scope, fetched } = page();
  const ours = route();
  patchPage(scope, ours);
  const { signal } = new AbortController();

  const headers = [["Authorization", "Bearer x"], ["content-type", "application/json"]];
  await scope.fetch("https://api.platform.test/v3/chat?conversation_id=1", { method: "post", headers, body: "{}", signal });
  const other = await scope.fetch("/elsewhere", { method: "GET" });

  assert.equal(ours.called.length, 1);
  assert.equal(ours.called[0]?.url, "https://api.platform.test/v3/chat?conversation_id=1");
  assert.equal(ours.called[0]?.request.method, "POST");
  assert.equal(ours.called[0]?.request.body, "{}");
  assert.equal(ours.called[0]?.request.headers["content-type"], "application/json");
  assert.equal(ours.called[0]?.request.signal, signal);
  assert.equal(await other.text(), "own");
  assert.deepEqual(fetched, [["/elsewhere", { method: "GET" }]]);
});

test("a Request object is read like arguments", async () => {
  const { scope } = page();
  const ours = route();
  patchPage(scope, ours);
  const headers = { "content-type": "application/json" };

  await scope.fetch(new Request("https://api.platform.test/v3/chat", { method: "POST", headers, body: '{"a":1}' }));

  assert.equal(ours.called[0]?.request.method, "POST");
  assert.equal(ours.called[0]?.request.body, '{"a":1}');
});

test("an XMLHttpRequest to the platform behaves like the page's own", async () => {
  const { scope } = page();
  const ours = route(async () => json({ code: 0, data: "好" }, { headers: { "x-tt-logid": "L1" } }));
  patchPage(scope, ours);
  const xhr = new scope.XMLHttpRequest();
  const events = eventsOf(xhr);
  /** @type {string[]} */
  const handled = [];
  xhr.addEventListener("load", () => handled.push("load"));

  xhr.open("POST", "https://api.platform.test/v1/conversation/create", true);
  xhr.setRequestHeader("Content-Type", "application/json");
  xhr.send('{"bot_id":"1"}');
  await ended(xhr);

  assert.ok(xhr instanceof NativeXhr);
  assert.deepEqual(
    { status: xhr.status, text: xhr.responseText, response: xhr.response, state: xhr.readyState, url: xhr.responseURL },
    {
      status: 200,
      text: '{"code":0,"data":"好"}',
      response: '{"code":0,"data":"好"}',
      state: 4,
      url: "https://api.platform.test/v1/conversation/create",
    },
  );
  assert.equal(xhr.getResponseHeader("X-Tt-Logid"), "L1");
  assert.match(xhr.getAllResponseHeaders(), /^content-type: application\/json\r\nx-tt-logid: L1\r\n$/);
  assert.deepEqual(events, [
    "readystatechange",
    "loadstart",
    "readystatechange",
    "readystatechange",
    "progress",
    "readystatechange",
    "load",
    "loadend",
  ]);
  assert.deepEqual(handled, ["load"]);
  assert.deepEqual(ours.called[0]?.request.headers, { "Content-Type": "application/json" });
  assert.deepEqual(xhr.native, []);
});

test("a request that is left alone for its credential is the page's own, with all that it was given", async () => {
  const { scope, fetched } = page();
  const ours = { ...route(), takes: (/** @type {string} */ authorization) => authorization === "Bearer ours" };
  patchPage(scope, ours);
  const url = "https://api.platform.test/v1/bots/7";
  const init = { headers: { authorization: "Bearer mine" } };
  await scope.fetch(url, init);
  const xhr = new scope.XMLHttpRequest();
  xhr.open("post", url);
  xhr.setRequestHeader("Authorization", "Bearer mine");

  xhr.send("body");

  assert.deepEqual(fetched, [[url, init]]);
  assert.deepEqual(xhr.native, [
    ["open", "POST", url, true],
    ["field", "Authorization", "Bearer mine"],
    ["send", "body"],
  ]);
  assert.equal(xhr.status, 299);
  assert.equal(ours.called.length, 0);
});

test("each type of response is made", async () => {
  const { scope } = page();
  patchPage(scope, route(async () => json({ code: 7 })));
  /** @type {Record<string, any>} */
  const got = {};
  for (const type of ["json", "blob", "arraybuffer"]) {
    const xhr = new scope.XMLHttpRequest();
    xhr.responseType = type;
    xhr.open("GET", "https://api.platform.test/v1/bots/7");
    xhr.send();
    await ended(xhr);
    got[type] = xhr.response;
    assert.equal(xhr.response, xhr.response, "the same object each time");
    assert.throws(() => xhr.responseText, { name: "InvalidStateError" });
  }

  assert.deepEqual(got.json, { code: 7 });
  assert.equal(await got.blob.text(), '{"code":7}');
  assert.equal(got.blob.type, "application/json");
  assert.equal(new TextDecoder().decode(got.arraybuffer), '{"code":7}');
});

test("other addresses are the native class's, before and after ours", async () => {
  const { scope } = page();
  patchPage(scope, route());
  const xhr = new scope.XMLHttpRequest();
  xhr.open("GET", "https://api.platform.test/v1/bots/7");
  xhr.send();
  await ended(xhr);

  xhr.open("GET", "/elsewhere");
  xhr.send("body");

  assert.deepEqual(xhr.native, [["open", "GET", "/elsewhere", true, null, null], ["send", "body"]]);
  assert.equal(xhr.status, 299);
  assert.equal(xhr.getResponseHeader("a"), "native");
});

test("a failure, a timeout and an abort are told apart", async () => {
  const { scope } = page();
  const hangs = (/** @type {string} */ _, /** @type {any} */ { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  /** @type {any[]} */
  const answers = [() => Promise.reject(new TypeError("Failed to fetch")), hangs, hangs];
  patchPage(scope, route((url, request) => answers.shift()(url, request)));
  const begin = (/** @type {number} */ timeout = 0) => {
    const xhr = new scope.XMLHttpRequest();
    xhr.timeout = timeout;
    const events = eventsOf(xhr);
    xhr.open("GET", "https://api.platform.test/v1/bots/7");
    xhr.send();
    return { xhr, events };
  };

  const failed = begin();
  await ended(failed.xhr);
  const late = begin(1);
  await ended(late.xhr);
  const stopped = begin();
  stopped.xhr.abort();
  await new Promise((resolve) => setImmediate(resolve));

  assert.deepEqual(failed.events.slice(-3), ["readystatechange", "error", "loadend"]);
  assert.deepEqual(late.events.slice(-3), ["readystatechange", "timeout", "loadend"]);
  assert.deepEqual(stopped.events.slice(-3), ["readystatechange", "abort", "loadend"]);
  assert.equal(stopped.events.filter((event) => event === "loadend").length, 1);
  assert.equal(failed.xhr.status, 0);
});

test("an upload tells its listeners how far it is", async () => {
  const { scope } = page();
  patchPage(scope, route(async (_, { onUpload }) => {
    onUpload(5, 10);
    return json({ code: 0 });
  }));
  const xhr = new scope.XMLHttpRequest();
  /** @type {any[]} */
  const progress = [];
  xhr.upload.addEventListener("progress", (/** @type {any} */ event) => progress.push([event.loaded, event.total]));
  const body = new FormData();
  body.set("file", new Blob(["x"]), "x.txt");

  xhr.open("POST", "https://api.platform.test/v1/files/upload");
  xhr.send(body);
  await ended(xhr);

  assert.deepEqual(progress, [[5, 10]]);
});

test("a WebSocket of the platform's goes the other way", () => {
  const { scope } = page();
  patchPage(scope, route());

  assert.deepEqual(new scope.WebSocket("wss://ws.platform.test/v1/chat", "p").args, ["ws://proxy.test/v1/chat", "p"]);
  assert.deepEqual(new scope.WebSocket("wss://else.test/").args, ["wss://else.test/", undefined]);
});

test("a page is patched once, and has its own functions back when the last has gone", async () => {
  const { scope } = page();
  const own = { ...scope };
  const one = patchPage(scope, route());
  const { fetch } = scope;
  const two = patchPage(scope, route());
  assert.equal(scope.fetch, fetch);

  one();
  assert.equal(scope.fetch, fetch);
  two();

  assert.equal(scope.fetch, own.fetch);
  assert.equal(scope.XMLHttpRequest, own.XMLHttpRequest);
  assert.equal(scope.WebSocket, own.WebSocket);
});

test("what somebody else put over ours stays, and everything passes below it", async () => {
  const { scope } = page();
  const remove = patchPage(scope, route());
  const ours = scope.fetch;
  const theirs = (/** @type {any[]} */ ...args) => ours(...args);
  scope.fetch = theirs;

  remove();

  assert.equal(scope.fetch, theirs);
  assert.equal(await (await scope.fetch("https://api.platform.test/v1/x")).text(), "own");
});
