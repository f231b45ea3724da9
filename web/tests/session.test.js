// The visitor's session: one handle for everybody, a new one when it is refused.

import assert from "node:assert/strict";
import test from "node:test";
import { Failure } from "../chat/failure.js";
import { Session } from "../chat/session.js";
import { fakeGateway, json, sessions } from "./fake_gateway.js";

/** @param {Record<string, any>} [routes] */
function setUp(routes = {}) {
  const gateway = fakeGateway({ "POST /auth/session": sessions(), ...routes });
  const clock = { now: 0 };
  const session = new Session({ apiBase: "http://configured.test", fetch: gateway.fetch, now: () => clock.now });
  return { session, clock, ...gateway };
}

/** @param {import("./fake_gateway.js").Asked[]} asked */
function bearers(asked) {
  return asked.map(({ headers }) => headers.get("authorization")).filter(Boolean);
}

test("callers at the same time share one opening", async () => {
  const { session, asked } = setUp();

  const opened = await Promise.all([session.current(), session.current(), session.current()]);

  assert.equal(asked.length, 1);
  assert.deepEqual(asked[0]?.body, {});
  assert.deepEqual(new Set(opened.map(({ handle }) => handle)), new Set(["handle-1"]));
  assert.equal(opened[0]?.apiBase, "http://proxy.test");
  assert.equal(opened[0]?.userId, "visitor-7");
});

test("a session is opened at the app that the page names", async () => {
  const gateway = fakeGateway({ "POST /auth/session": sessions() });
  const session = new Session({ apiBase: "http://configured.test", app: "people", fetch: gateway.fetch });

  await session.current();

  assert.deepEqual(gateway.asked[0]?.body, { app: "people" });
});

test("the configured address stands in for one that the answer lacks", async () => {
  const { session } = setUp({ "POST /auth/session": () => json({ handle: "h", expires_in: 60 }) });

  assert.equal((await session.current()).apiBase, "http://configured.test");
});

test("a handle that is about to end is replaced before it is used", async () => {
  const { session, clock } = setUp();
  await session.current();

  clock.now = 3_580_000;

  assert.equal((await session.current()).handle, "handle-2");
});

for (const failure of [
  new Failure("session", { status: 401 }),
  new Failure("session", { code: 4100 }),
  new Failure("permission", { code: 4101 }),
  new Failure("session", { code: 700012006 }),
]) {
  test(`after ${failure.code ?? failure.status} the request is repeated once with a new handle`, async () => {
    const { session, asked } = setUp({ "GET /v1/x": () => json({}) });
    let attempts = 0;

    const result = await session.use(async (visitor) => {
      await visitor.send("/v1/x", { method: "GET", headers: {} });
      if (attempts++ === 0) throw failure;
      return "answer";
    });

    assert.equal(result, "answer");
    assert.deepEqual(bearers(asked), ["Bearer handle-1", "Bearer handle-2"]);
  });
}

test("a request that is refused with the new handle too is not repeated again", async () => {
  const { session, asked } = setUp();
  let attempts = 0;

  const outcome = session.use(async () => {
    attempts += 1;
    throw new Failure("permission", { code: 4101 });
  });

  await assert.rejects(outcome, { kind: "permission" });
  assert.equal(attempts, 2);
  assert.equal(asked.length, 2);
});

test("other failures are not repeated", async () => {
  const { session } = setUp();
  let attempts = 0;

  const outcome = session.use(async () => {
    attempts += 1;
    throw new Failure("quota", { code: 4028 });
  });

  await assert.rejects(outcome, { kind: "quota" });
  assert.equal(attempts, 1);
});

test("many requests with one stale handle open one new session", async () => {
  const { session, asked } = setUp({
    "GET /v1/x": ({ headers }) => json({ used: headers.get("authorization") }),
  });
  const request = () =>
    session.use(async (visitor) => {
      const { used } = await (await visitor.send("/v1/x", { method: "GET", headers: {} })).json();
      if (used === "Bearer handle-1") throw new Failure("session", { status: 401 });
      return used;
    });

  const used = await Promise.all([request(), request(), request(), request()]);

  assert.deepEqual(new Set(used), new Set(["Bearer handle-2"]));
  assert.equal(asked.filter(({ url }) => url.pathname === "/auth/session").length, 2);
});

test("a failed opening is told with its reason and tried again by the next caller", async () => {
  const good = sessions();
  let attempts = 0;
  const { session } = setUp({
    "POST /auth/session": () => {
      attempts += 1;
      const problem = { title: "Bad gateway", status: 502, detail: "could not reach the token endpoint", code: 5000 };
      return attempts === 1 ? json(problem, { status: 502, headers: { "x-request-id": "R1" } }) : good();
    },
  });

  await assert.rejects(session.current(), {
    kind: "upstream",
    status: 502,
    reason: "could not reach the token endpoint",
    logId: "R1",
  });
  assert.equal((await session.current()).handle, "handle-1");
});

test("the handle cannot be read off the session", async () => {
  const { session } = setUp();
  await session.current();

  assert.ok(!JSON.stringify({ ...session }).includes("handle-1"));
});
