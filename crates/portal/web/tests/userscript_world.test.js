// The userscript's ways around a page: its world, its requests, what it keeps where, and what it makes of trouble.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { Trouble } from "../client/trouble.js";
import { explain } from "../userscript/explain.js";
import { DebugLog } from "../userscript/log.js";
import { loggedSend } from "../userscript/logged_send.js";
import { onlyWith, ownToken } from "../userscript/own_requests.js";
import { addressSpaceOf, loopbackTransport } from "../userscript/page_transport.js";
import { ownWorld, runIn } from "../userscript/sandbox.js";
import { fetchedCode } from "../userscript/sdk_loading.js";
import { storeOf } from "../userscript/store.js";
import { TroubleWatch } from "../userscript/trouble_watch.js";
import { say } from "./fake_store.js";

test("requests are in the log by address, status and time, and nothing that they carry", async () => {
  const log = new DebugLog({ now: () => 0 });
  const clock = { now: 0 };
  const answers = [new Response("secret answer", { status: 201 }), new TypeError("nobody")];
  const send = loggedSend(
    async () => {
      clock.now += 12.4;
      const answer = answers.shift();
      if (answer instanceof Response) return answer;
      throw answer;
    },
    log,
    () => clock.now,
  );
  const call = {
    method: "POST",
    url: "http://g.test/v3/chat?conversation_id=77",
    headers: { A: "secret" },
    body: "secret",
  };

  assert.equal(await (await send(call)).text(), "secret answer");
  await assert.rejects(send(call), TypeError);

  assert.match(
    log.text(),
    /POST http:\/\/g\.test\/v3\/chat: 201 after 12 ms\n.*: no answer after 12 ms: TypeError: nobody$/,
  );
  assert.doesNotMatch(log.text(), /secret|77/);
});

const refused = (/** @type {string} */ name) => new Trouble({ kind: "refused", name, detail: "because" });

test("each trouble has a sentence that says what to do", async () => {
  const told = async (/** @type {Trouble} */ trouble, isPage = false, state = "granted") => {
    const navigator = { permissions: { query: async () => ({ state }) } };
    const parts = { say, authBase: "http://127.0.0.1:8081", isPage, navigator: /** @type {any} */ (navigator) };
    return (await explain(trouble, parts)).text;
  };
  const away = (/** @type {unknown} */ cause) => new Trouble({ kind: "away", cause });

  assert.equal(await told(away(new TypeError())), "userscript-trouble-away http://127.0.0.1:8081");
  assert.equal(await told(away({ kind: "connect-refused" })), "userscript-trouble-connect 127.0.0.1");
  assert.equal(await told(away(new TypeError()), true, "denied"), "userscript-trouble-network");
  assert.equal(await told(away(new TypeError()), true), "userscript-trouble-away http://127.0.0.1:8081");
  assert.equal(
    await told(refused("pairing-needed")),
    "userscript-trouble-pairing http://127.0.0.1:8081/cozegate.user.js",
  );
  assert.equal(await told(refused("app-unknown")), "userscript-trouble-refused because");
  assert.equal(await told(new Trouble({ kind: "busy" })), "userscript-trouble-busy");
});

test("only requests to this machine say that they are", () => {
  const here = { targetAddressSpace: "loopback" };

  assert.deepEqual(addressSpaceOf("http://127.0.0.1:8081/auth/session"), here);
  assert.deepEqual(addressSpaceOf("http://localhost/x"), here);
  assert.deepEqual(addressSpaceOf("http://[::1]:8080/x"), here);
  assert.deepEqual(addressSpaceOf("https://127.0.0.1.example.com/x"), {});
  assert.deepEqual(addressSpaceOf("https://chat.example.com/x"), {});
});

test("the page's own fetch is told the address space, and the fetch of later patches is not used", async () => {
  /** @type {any[]} */
  const asked = [];
  const scope = {
    fetch: async (/** @type {string} */ url, /** @type {any} */ init) => (
      asked.push({ url, ...init }),
      new Response("ok")
    ),
  };
  const send = loopbackTransport(/** @type {any} */ (scope));
  scope.fetch = () => assert.fail("a patch was asked");

  await send({
    method: "POST",
    url: "http://127.0.0.1:8080/v1/files/upload",
    headers: {},
    body: "x",
    onUpload: () => undefined,
  });

  assert.equal(asked[0].targetAddressSpace, "loopback");
  assert.equal(asked[0].credentials, "omit");
});

test("values are kept by the manager, and in the page's storage where it keeps none", () => {
  const nothing = /** @type {any} */ ({ getValue: null, setValue: null, deleteValue: null });
  /** @type {Map<string, string>} */
  const items = new Map([["cozegate.bad", "{"]]);
  const storage = /** @type {any} */ ({
    getItem: (/** @type {string} */ name) => items.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ text) => void items.set(name, text),
    removeItem: (/** @type {string} */ name) => void items.delete(name),
  });
  for (const store of [storeOf(nothing, storage), storeOf(nothing, null)]) {
    store.write("a", { b: 1 });
    assert.deepEqual(store.read("a"), { b: 1 });
    store.write("a", undefined);
    assert.equal(store.read("a"), undefined);
    assert.equal(store.read("bad"), undefined);
  }
  /** @type {Map<string, unknown>} */
  const values = new Map();
  const gm = {
    getValue: (/** @type {string} */ name, /** @type {unknown} */ fallback) => values.get(name) ?? fallback,
    setValue: (/** @type {string} */ name, /** @type {unknown} */ value) => void values.set(name, value),
    deleteValue: (/** @type {string} */ name) => void values.delete(name),
  };
  const store = storeOf(/** @type {any} */ (gm), storage);
  store.write("a", 1);
  assert.deepEqual([values.get("a"), items.has("cozegate.a")], [1, false]);
});

/** A stand-in for a window: functions that insist on it, and a setting that is the window's own. */
function fakeWindow() {
  return {
    realFetches: 0,
    _name: "",
    fetch() {
      if (this?.realFetches === undefined) throw new TypeError("Illegal invocation");
      this.realFetches += 1;
      return "real";
    },
    XMLHttpRequest: class {},
    WebSocket: class {},
    get name() {
      return this._name;
    },
    set name(value) {
      this._name = value;
    },
  };
}

test("a script in a world of its own sees the window, and leaves nothing on it", () => {
  const real = fakeWindow();
  const world = /** @type {any} */ (ownWorld(/** @type {any} */ (real)));

  runIn(
    world,
    'window.CozeWebSDK = { is: self === window && globalThis === window && this === window }; mark = 1; window.mark = 2; window.name = "n"; window.was = fetch("x")',
  );

  assert.equal(world.CozeWebSDK.is, true);
  assert.equal(world.was, "real");
  assert.deepEqual([real.realFetches, real.name], [1, "n"]);
  assert.ok(!("CozeWebSDK" in real) && !("was" in real));
  // @ts-ignore A sloppy script's bare name.
  delete globalThis.mark;
});

test("what is patched in the world is what the script uses, bare or not, whenever it was patched", () => {
  const world = /** @type {any} */ (ownWorld(/** @type {any} */ (fakeWindow())));

  runIn(world, "var CozeWebSDK = { bare: () => fetch(), full: () => window.fetch() };");
  world.fetch = () => "ours";

  assert.deepEqual([world.CozeWebSDK.bare(), world.CozeWebSDK.full()], ["ours", "ours"]);
});

test("the SDK's code is asked for again while that may help", async () => {
  const answers = [new TypeError("away"), new Response("", { status: 503 }), new Response("code")];
  let asked = 0;
  /** @param {(Response | Error)[]} answers */
  const parts = (answers) => ({
    send: async () => {
      const answer = answers[asked];
      asked += 1;
      if (answer instanceof Response) return answer;
      throw answer;
    },
    proxied: "http://127.0.0.1:8080/x",
    log: new DebugLog({}),
    sleep: async () => undefined,
  });

  assert.equal(await fetchedCode(parts(answers)), "code");
  assert.equal(asked, 3);
  asked = 0;
  assert.equal(await fetchedCode(parts([new Response("", { status: 404 })])), null);
  assert.equal(asked, 1);
});

test("no request leaves but by the transports: a bare fetch would not say that it is for this machine", () => {
  const folder = new URL("../userscript/", import.meta.url);
  const withFetch = readdirSync(folder).filter((name) =>
    /\b(?:fetch|XMLHttpRequest|sendBeacon|EventSource)\(/.test(
      readFileSync(new URL(name, folder), "utf8").replace(/^\s*(?:\/\/|\*).*$/gm, ""),
    ),
  );

  // The middle one is the wrapper that says it, the others pass on what the SDK or the page asks of its own world.
  assert.deepEqual(withFetch, ["own_requests.js", "page_transport.js", "sandbox.js"]);
});

test("a page's own requests of the platform keep their way and their token, the SDK's go to the gateway", async () => {
  const token = ownToken();
  /** @type {string[]} */
  const went = [];
  const route = {
    isOurs: () => true,
    call: async () => (went.push("gateway"), new Response()),
    socketUrl: () => "wss://gateway",
  };
  const fetch = async (/** @type {any} */ _url, /** @type {any} */ init) => (
    went.push(init.headers.Authorization),
    new Response()
  );
  const ways = onlyWith(token, route, /** @type {any} */ (fetch));
  const url = "https://api.coze.cn/v3/chat";

  await ways.call(url, { headers: { authorization: `Bearer ${token}` } });
  await ways.call(url, { headers: { Authorization: "Bearer of-the-site" } });

  assert.deepEqual(went, ["gateway", "Bearer of-the-site"]);
  assert.equal(ways.socketUrl(`wss://ws.coze.cn/v1/chat?bot_id=1&authorization=Bearer%20${token}`), "wss://gateway");
  assert.equal(ways.socketUrl("wss://ws.coze.cn/v1/chat?bot_id=1&authorization=Bearer%20of-the-site"), null);
  assert.notEqual(token, ownToken());
});

test("what lasts is told, what passes is not, and a permission that comes ends the waiting", async () => {
  /** @type {(() => void)[]} */
  const timers = [];
  /** @type {string[]} */
  const told = [];
  const permission = { state: "denied", onchange: null };
  const scope = {
    setTimeout: (/** @type {() => void} */ act) => timers.push(act),
    clearTimeout: () => timers.pop(),
    navigator: { permissions: { query: async () => permission } },
  };
  const onAllowed = () => undefined;
  const watch = new TroubleWatch(
    /** @type {any} */ ({
      scope,
      say,
      authBase: "http://127.0.0.1:8081",
      isPage: true,
      notices: { tell: (/** @type {string} */ kind) => told.push(kind), clear: () => told.push("well") },
      log: new DebugLog({}),
      onAllowed,
    }),
  );
  const away = new Trouble({ kind: "away", cause: new TypeError() });

  watch.take(away);
  watch.take(null);
  assert.deepEqual([timers.length, told], [0, ["well"]]);
  watch.take(away);
  watch.take(away);
  assert.equal(timers.length, 1);
  timers[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(told, ["well", "network-denied"]);
  assert.equal(permission.onchange, onAllowed);
});
