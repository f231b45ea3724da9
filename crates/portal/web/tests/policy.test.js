// What the gateway's policy allows, and what becomes of what it refuses: one answer, no second request, no new session.

import assert from "node:assert/strict";
import test from "node:test";
import { bodyWithUser, pathWithUser } from "../client/pinned_user.js";
import { allows, rightsIn } from "../client/rights.js";
import { patchPage } from "../client/patch.js";
import { waysOf } from "../embed/ways.js";
import { json } from "./fake_gateway.js";
import { inTurn, opensSessions, setUp } from "./fake_way.js";
import "./progress_event.js";

/** The kinds of refusals, with what each names. */
const REFUSALS = {
  "operation-not-allowed": {},
  "parameter-not-allowed": { parameter: "is_published" },
  "member-not-allowed": { member: "custom_variables" },
  "value-not-allowed": { member: "draft_mode" },
  "bot-not-allowed": { bot_id: "9" },
  "user-id-refused": { member: "user_id" },
};

/** @param {string} name */
function refused(name) {
  const body = {
    type: `urn:cozegate:problem:${name}`,
    title: name,
    status: 403,
    code: 990403,
    msg: `${name} happened`,
    operation: "POST /v3/chat",
    setting: "sites.main.allow",
    .../** @type {Record<string, object>} */ (REFUSALS)[name],
  };
  return json(body, { status: 403, headers: { "content-type": "application/problem+json" } });
}

const question = (/** @type {boolean} */ isStream) => ({
  method: "POST",
  body: JSON.stringify({ bot_id: "9", user_id: "u", stream: isStream, additional_messages: [{ role: "user", content: "a" }] }),
});

for (const name of Object.keys(REFUSALS)) {
  test(`${name} ends a plain call, a question and a stream at the first answer`, async () => {
    /** @type {(import("../client/trouble.js").Trouble | null)[]} */
    const troubles = [];
    const routes = { "GET /v1/bots/9": () => refused(name), "POST /v3/chat": () => refused(name) };
    const { gateway, count, clock } = setUp(routes, { onTrouble: (trouble) => troubles.push(trouble) });

    const answers = [
      await gateway.call("/v1/bots/9"),
      await gateway.call("/v3/chat", question(false)),
      await gateway.call("/v3/chat?conversation_id=1", question(true)),
    ];

    for (const answer of answers) {
      assert.equal(answer.status, 403);
      assert.equal((await answer.json()).code, 990403, "the page gets the answer as it came");
    }
    assert.deepEqual([count("/v1/bots/9"), count("/v3/chat"), count("/auth/session")], [1, 2, 1]);
    assert.equal(clock.slept, 0);
    const told = troubles.filter((trouble) => trouble !== null);
    assert.equal(told.length, 3);
    for (const { kind, isPassing, isOfPolicy, problem, detail } of told) {
      assert.deepEqual([kind, isPassing, isOfPolicy, problem, detail], ["refused", false, true, name, `${name} happened`]);
    }
  });
}

test("a session that is refused is not asked for again", async () => {
  const { gateway, count } = setUp({ "POST /auth/session": () => refused("bot-not-allowed") });

  await assert.rejects(gateway.session(), { kind: "refused", problem: "bot-not-allowed" });

  assert.equal(count("/auth/session"), 1);
});

test("a 403 of the platform with a dead token's code still gets a new handle", async () => {
  const dead = () => json({ code: 4101, msg: "token" }, { status: 403 });
  const { gateway, count } = setUp({ "GET /v1/bots/7": inTurn(dead, () => json({ code: 0 })) });

  assert.equal((await gateway.call("/v1/bots/7")).status, 200);
  assert.equal(count("/auth/session"), 2);
});

test("a session's rights are read; a gateway that does not tell them allows everything", async () => {
  const told = { grade: "anonymous", bots: ["7"], operations: ["chat", "files"] };
  const { gateway } = setUp({ "POST /auth/session": opensSessions(told) });
  const { rights } = await gateway.session();
  const silent = (await setUp({}).gateway.session()).rights;

  assert.deepEqual(rights.bots, ["7"]);
  assert.deepEqual([allows(rights, "chat"), allows(rights, "chat", "files"), allows(rights, "chat", "audio")], [true, true, false]);
  assert.deepEqual(silent, { operations: null, bots: null });
  assert.ok(allows(silent, "chat", "audio", "workspaces"));
  assert.equal(rightsIn({ bots: ["*"] }).bots, null);
});

test("a user in the query is the session's, and everything else of a path stays as it is", () => {
  for (const [path, expected] of /** @type {const} */ ([
    ["/v1/conversations?user_id=123&bot_id=7", "/v1/conversations?user_id=v%2F1&bot_id=7"],
    ["/x?a=%20b+c&user_id=1", "/x?a=%20b+c&user_id=v%2F1"],
    ["/x?user_id=1&user_id=2", "/x?user_id=v%2F1&user_id=v%2F1"],
    ["/x?user_id=&b=%zz", "/x?user_id=v%2F1&b=%zz"],
    ["/x?other_user_id=1", "/x?other_user_id=1"],
    ["/v1/user_id", "/v1/user_id"],
  ])) {
    assert.equal(pathWithUser(path, "v/1"), expected);
  }
});

test("a user in a JSON body is the session's, at the top and in ext, and nowhere else", () => {
  const pinned = (/** @type {object} */ body) => JSON.parse(/** @type {string} */ (bodyWithUser(JSON.stringify(body), "v1")));

  assert.deepEqual(pinned({ bot_id: "7", user_id: 42, stream: true }), { bot_id: "7", user_id: "v1", stream: true });
  assert.deepEqual(pinned({ ext: { user_id: "x", a: 1 } }), { ext: { user_id: "v1", a: 1 } });
  assert.deepEqual(pinned({ user_id: null }), { user_id: "v1" });
  const said = { additional_messages: [{ content: '{"user_id":"1"}' }], parameters: { user_id: "theirs" } };
  assert.deepEqual(pinned(said), said);
});

test("a body that needs no change leaves byte for byte, and one that is no JSON object is left alone", () => {
  const form = new FormData();
  for (const body of ['{ "user_id" : "v1" }', '{"a":1}', '["user_id"]', '{"user_id":', '"user_id"', null, form, new Blob(["{}"])]) {
    assert.equal(bodyWithUser(body, "v1"), body);
  }
});

test("a page's own fetch and XMLHttpRequest carry the session's user to the gateway", async () => {
  const { gateway, asked } = setUp({ "POST /v3/chat": () => json({ code: 0 }), "GET /v1/conversations": () => json({ code: 0 }) });
  const scope = /** @type {any} */ ({
    fetch: async () => assert.fail("it left the page"),
    XMLHttpRequest: class extends EventTarget {},
    location: { href: "https://shop.test/" },
  });
  const unpatch = patchPage(scope, waysOf(gateway, true));
  const api = "https://api.coze.cn";

  const body = JSON.stringify({ bot_id: "7", user_id: "random", additional_messages: [] });
  await scope.fetch(`${api}/v3/chat`, { method: "POST", body });
  await scope.fetch(new Request(`${api}/v3/chat`, { method: "POST", body, headers: { "content-type": "application/json" } }));
  await scope.fetch(`${api}/v1/conversations?bot_id=7&user_id=random`);
  await new Promise((resolve) => {
    const xhr = new scope.XMLHttpRequest();
    xhr.open("POST", `${api}/v3/chat`);
    xhr.addEventListener("loadend", resolve);
    xhr.send(body);
  });
  unpatch();

  const [, first, second, list, last] = asked;
  for (const chat of [first, second, last]) assert.equal(chat?.body.user_id, "visitor-7");
  assert.equal(list?.path, "/v1/conversations?bot_id=7&user_id=visitor-7");
});

test("a WebSocket that the session may not open is not tried", async () => {
  const { gateway } = setUp({ "POST /auth/session": opensSessions({ operations: ["chat"] }) });
  let opened = 0;
  const scope = /** @type {any} */ ({
    fetch,
    XMLHttpRequest: class {},
    WebSocket: class {
      constructor() {
        opened += 1;
      }
    },
  });
  patchPage(scope, waysOf(gateway, false));
  await gateway.session();

  const address = (/** @type {string} */ token) => `wss://ws.coze.cn/v1/chat?bot_id=7&authorization=Bearer%20${token}`;
  assert.throws(() => new scope.WebSocket(address("cozegate")), { name: "SecurityError" });
  assert.equal(opened, 0);
  new scope.WebSocket(address("pat_of_the_page"));
  new scope.WebSocket("wss://elsewhere.test/");
  assert.equal(opened, 2, "what is the page's own stays so");
});
