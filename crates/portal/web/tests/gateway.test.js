// A visitor's requests through a gateway that restarts, is busy, loses its store, or forgets the handle.

import assert from "node:assert/strict";
import test from "node:test";
import { json } from "./fake_gateway.js";
import { inTurn, nobody, opensSessions, problem, setUp } from "./fake_way.js";

const ok = () => json({ code: 0, data: "fine" });
const dead = () => json({ type: "urn:cozegate:problem:handle-unknown", code: 4100 }, { status: 401 });

test("a request carries the session's handle in the place of whatever the page had", async () => {
  const { gateway, asked } = setUp({ "GET /v1/bots/7": ok });

  const response = await gateway.call("/v1/bots/7", { headers: { authorization: "Bearer mine", Accept: "a/b", "x-a": "b" } });

  assert.deepEqual(await response.json(), { code: 0, data: "fine" });
  assert.equal(asked[1]?.headers.get("authorization"), "Bearer handle-1");
  assert.equal(asked[1]?.headers.get("accept"), "a/b");
  assert.equal(asked[1]?.headers.get("x-a"), null, "a field that the gateway lets no page send");
});

test("callers at the same time share one opening, sent with what the browser keeps", async () => {
  const { gateway, asked, count } = setUp({ "GET /v1/bots/7": ok });

  await Promise.all([gateway.session(), gateway.call("/v1/bots/7"), gateway.call("/v1/bots/7")]);

  assert.equal(count("/auth/session"), 1);
  assert.equal(asked[0]?.credentials, "include");
  assert.deepEqual(asked[0]?.body, {});
});

test("a session tells where everything is", async () => {
  const { gateway } = setUp({});

  const opened = await gateway.session();

  assert.equal(opened.apiBase, "http://proxy.test");
  assert.equal(opened.wsBase, "ws://proxy.test");
  assert.equal(opened.userId, "visitor-7");
  assert.deepEqual(opened.upstream, {
    apiBase: "https://api.platform.test",
    wsBase: "wss://ws.platform.test",
    sdkUrl: "https://cdn.test/sdk.js",
  });
});

test("a handle near its end is replaced before it is used", async () => {
  const { gateway, clock, asked } = setUp({ "GET /v1/bots/7": ok });
  await gateway.session();

  clock.now += 3_580_000;
  await gateway.call("/v1/bots/7");

  assert.equal(asked.at(-1)?.headers.get("authorization"), "Bearer handle-2");
});

for (const [how, refusal] of /** @type {[string, () => Response][]} */ ([
  ["with 401", dead],
  ["with 401 and no JSON", () => new Response("no", { status: 401 })],
  ["with code 4100 and 200", () => json({ code: 4100, msg: "authentication is invalid" })],
  ["with code 700012006", () => json({ code: 700012006 })],
])) {
  test(`a handle refused ${how} is replaced, and the page sees the answer only`, async () => {
    const { gateway, asked } = setUp({ "GET /v1/bots/7": inTurn(refusal, ok) });

    const response = await gateway.call("/v1/bots/7");

    assert.equal((await response.json()).data, "fine");
    assert.equal(asked.at(-1)?.headers.get("authorization"), "Bearer handle-2");
  });
}

test("many requests with one dead handle open one new session", async () => {
  const { gateway, count } = setUp({
    "GET /v1/bots/7": ({ headers }) => (headers.get("authorization") === "Bearer handle-1" ? dead() : ok()),
  });

  const all = await Promise.all([1, 2, 3, 4].map(() => gateway.call("/v1/bots/7")));

  assert.ok(all.every(({ status }) => status === 200));
  assert.equal(count("/auth/session"), 2);
});

test("what a new handle does not mend is the page's", async () => {
  const { gateway, count } = setUp({ "GET /v1/bots/7": () => json({ code: 4101, msg: "no permission" }) });

  const response = await gateway.call("/v1/bots/7");

  assert.equal((await response.json()).code, 4101);
  assert.equal(count("/v1/bots/7"), 3);
});

test("a gateway that is away is waited for, and the trouble told and taken back", async () => {
  const { gateway, clock, troubles } = setUp({ "GET /v1/bots/7": inTurn(nobody, nobody, nobody, nobody, nobody, ok) });

  const response = await gateway.call("/v1/bots/7");

  assert.equal(response.status, 200);
  assert.ok(clock.slept > 7_000);
  assert.equal(troubles.at(-1), null);
  assert.ok(troubles.includes("away"));
});

test("an outage of 30 seconds is waited out while the session is opened, too", async () => {
  const { gateway, clock, routes } = setUp({});
  const opens = opensSessions();
  const begun = clock.now;
  routes["POST /auth/session"] = () => (clock.now - begun < 30_000 ? nobody() : opens());

  assert.equal((await gateway.session()).handle, "handle-1");
});

test("a session whose answer breaks off is opened again, and not taken for a refusal", async () => {
  const broken = () => {
    const body = new ReadableStream({ start: (controller) => controller.error(new TypeError("the answer broke off")) });
    return new Response(body, { headers: { "content-type": "application/json" } });
  };
  const { gateway, troubles } = setUp({ "POST /auth/session": inTurn(broken, opensSessions()) });

  assert.equal((await gateway.session()).handle, "handle-1");
  assert.deepEqual(troubles, ["away", null]);
});

test("who stays away for longer than the SDK waits is an error like any other", async () => {
  const { gateway, clock } = setUp({ "GET /v1/bots/7": nobody });

  await assert.rejects(gateway.call("/v1/bots/7"), { name: "TypeError", message: "Failed to fetch" });
  assert.ok(clock.slept > 50_000 && clock.slept <= 60_000);
});

for (const [name, status] of /** @type {[string, number][]} */ ([
  ["store-unavailable", 503],
  ["stopping", 503],
  ["renewal-unfinished", 503],
  ["upstream-unreachable", 502],
  ["token-endpoint-unreachable", 502],
  ["rate-limited", 429],
])) {
  test(`after ${name} even what must not be done twice is sent again`, async () => {
    const refusal = () => problem(name, status, { "retry-after": "2" });
    const { gateway, clock, count } = setUp({ "POST /v1/workflow/run": inTurn(refusal, ok) });

    const response = await gateway.call("/v1/workflow/run", { method: "POST", body: "{}" });

    assert.equal(response.status, 200);
    assert.equal(count("/v1/workflow/run"), 2);
    assert.ok(clock.slept >= 2_000);
  });
}

test("a gateway that is out of order is an answer, and told as a trouble in its words", async () => {
  const { gateway, troubles, count } = setUp({ "GET /v1/bots/7": inTurn(() => problem("login-required", 502), ok) });

  assert.equal((await gateway.call("/v1/bots/7")).status, 502);
  assert.equal(troubles.at(-1), "refused");
  assert.equal((await gateway.call("/v1/bots/7")).status, 200);
  assert.equal(troubles.at(-1), null);
  assert.equal(count("/v1/bots/7"), 2);
});

test("a page of somebody in front of a gateway that is away is waited out", async () => {
  const page = () => new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "content-type": "text/html" } });
  const { gateway } = setUp({ "GET /v1/bots/7": inTurn(page, ok) });

  assert.equal((await gateway.call("/v1/bots/7")).status, 200);
});

test("an error of the platform's is an answer", async () => {
  const { gateway, count } = setUp({ "GET /v1/bots/7": () => json({ code: 5000, msg: "inside" }, { status: 503 }) });

  assert.equal((await gateway.call("/v1/bots/7")).status, 503);
  assert.equal(count("/v1/bots/7"), 1);
});

test("what may have acted and would act twice is not sent again", async () => {
  const { gateway, count } = setUp({ "POST /v1/workflow/run": nobody });

  await assert.rejects(gateway.call("/v1/workflow/run", { method: "POST", body: "{}" }), { name: "TypeError" });
  assert.equal(count("/v1/workflow/run"), 1);
});

test("waiting ends when the page no longer wants the answer", async () => {
  const leaving = new AbortController();
  const { gateway, count } = setUp({
    "GET /v1/bots/7": () => {
      leaving.abort();
      return nobody();
    },
  });

  await assert.rejects(gateway.call("/v1/bots/7", { signal: leaving.signal }), { name: "AbortError" });
  assert.equal(count("/v1/bots/7"), 1);
});

test("a plain no to the session is what the page gets, in the gateway's words", async () => {
  const no = () => problem("app-unknown", 400);
  const { gateway, clock, count } = setUp({ "POST /auth/session": no });

  const response = await gateway.call("/v1/bots/7");

  assert.equal(response.status, 400);
  assert.equal((await response.json()).msg, "app-unknown happened");
  assert.equal(count("/auth/session"), 1);
  assert.equal(clock.slept, 0);
  await assert.rejects(gateway.session(), { name: "Trouble", kind: "refused", problem: "app-unknown" });
});

test("a visitor's pass is kept, sent with the next opening, and dropped when the cookie does", async () => {
  const { gateway, asked, kept, clock, routes } = setUp({ "POST /auth/session": opensSessions({ visitor: "cgv_1" }) });
  await gateway.session();
  assert.equal(kept.pass, "cgv_1");

  routes["POST /auth/session"] = opensSessions();
  clock.now += 3_600_000;
  await gateway.session();

  assert.deepEqual(asked[1]?.body, { visitor: "cgv_1" });
  assert.equal(kept.pass, null);
});

test("a fresh visitor leaves the pass behind and says so once", async () => {
  const { gateway, asked, kept, clock } = setUp({}, {});
  kept.pass = "cgv_1";
  gateway.forget({ fresh: true });
  assert.equal(kept.pass, null);

  await gateway.session();
  clock.now += 3_600_000;
  await gateway.session();

  assert.deepEqual(asked.map(({ body }) => body), [{ fresh: true }, {}]);
});

test("a session that was being opened for the visitor before is not used", async () => {
  /** @type {(() => void)[]} */
  const waiting = [];
  const opens = opensSessions();
  const { gateway } = setUp({
    "POST /auth/session": async () => {
      const answer = opens();
      await new Promise((resolve) => waiting.push(/** @type {() => void} */ (resolve)));
      return answer;
    },
  });
  const early = gateway.session();
  await Promise.resolve();

  gateway.forget({ fresh: true });
  const late = gateway.session();
  await new Promise((resolve) => setImmediate(resolve));
  waiting.forEach((go) => go());

  assert.equal((await early).handle, "handle-2");
  assert.equal((await late).handle, "handle-2");
  assert.equal(gateway.token(), "handle-2");
});

test("a userscript opens its session with the pairing secret, the app and the name", async () => {
  const { gateway, asked } = setUp({}, { pairing: "pair", app: "people", sessionName: "me" });

  await gateway.session();

  assert.equal(asked[0]?.headers.get("x-cozegate-pairing"), "pair");
  assert.deepEqual(asked[0]?.body, { app: "people", session_name: "me" });
});

test("a refused token is replaced by the session's new one, however long that takes", async () => {
  const { gateway, clock, routes } = setUp({});
  const opens = opensSessions();
  assert.equal(gateway.token(), "");
  await gateway.session();
  const begun = clock.now;
  routes["POST /auth/session"] = () => (clock.now - begun < 200_000 ? nobody() : opens());

  const token = await gateway.onRefreshToken("handle-1");

  assert.equal(token, "handle-1");
  assert.ok(clock.now - begun >= 200_000);
});

test("onRefreshToken never rejects", async () => {
  const { gateway } = setUp({ "POST /auth/session": () => problem("origin-not-allowed", 403) });

  assert.equal(await gateway.onRefreshToken(""), "");
});

test("the handle cannot be read off the gateway", async () => {
  const { gateway } = setUp({});
  await gateway.session();

  assert.ok(!JSON.stringify({ ...gateway }).includes("handle-1"));
});

test("a question does not overtake the stop of the one before", async () => {
  const stream = () => new Response("event:done\ndata:\"[DONE]\"\n\n", { headers: { "content-type": "text/event-stream" } });
  const { gateway, asked } = setUp({
    "POST /v3/chat/cancel": inTurn(nobody, nobody, ok),
    "POST /v3/chat": stream,
  });
  const body = JSON.stringify({ bot_id: "7", stream: true, additional_messages: [{ role: "user", content: "second" }] });

  const stopped = gateway.call("/v3/chat/cancel", { method: "POST", body: "{}" });
  const answer = await gateway.call("/v3/chat?conversation_id=1", { method: "POST", body });
  await stopped;

  assert.equal(answer.status, 200);
  const paths = asked.map(({ path }) => path.replace(/\?.*/, ""));
  assert.deepEqual(paths.slice(1), ["/v3/chat/cancel", "/v3/chat/cancel", "/v3/chat/cancel", "/v3/chat"]);
});

test("a question that waits for a stop can be given up", async () => {
  const { gateway, count } = setUp({ "POST /v3/chat/cancel": () => new Promise(() => {}), "POST /v3/chat": ok });
  const abort = new AbortController();
  void gateway.call("/v3/chat/cancel", { method: "POST", body: "{}" });

  const asking = gateway.call("/v3/chat", { method: "POST", body: "{}", signal: abort.signal });
  abort.abort();

  await assert.rejects(asking, { name: "AbortError" });
  assert.equal(count("/v3/chat"), 0);
});
