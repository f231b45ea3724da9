// embed.js while handles end, tokens are refused, the platform breaks off and the store is away: nothing that a visitor says is
// lost or said twice, and none of it is seen.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, afterEach, before, test } from "../harness/test.js";
import { answered, Conversations, LONG, saidOnce, TOKEN_LIFE_SECONDS } from "../harness/conversation.js";

let all;
before(async () => {
  all = await Conversations.start({ COZEGATE__STORE__PATH: "cozegate.db" });
});
after(() => all?.stop());
afterEach(() => all.rest());

test("a handle that has ended costs nothing", async () => {
  const shopper = await all.begin();
  await shopper.endHandles(all.gateway);

  assert.equal(await shopper.askBySdk("second"), "second");

  assert.equal((await shopper.handles()).length, 2);
  await saidOnce(shopper, ["first", "second"]);
});

test("tokens that the platform no longer takes cost nothing", async () => {
  const shopper = await all.begin();
  await all.emulator.order("clock", { offset_seconds: 2 * TOKEN_LIFE_SECONDS });

  assert.equal(await shopper.askBySdk("second"), "second");

  assert.deepEqual(await shopper.marks(), []);
});

test("a platform that gives no new token for a while costs nothing but the while", async () => {
  const shopper = await all.begin();
  await all.emulator.order("clock", { offset_seconds: 2 * TOKEN_LIFE_SECONDS });
  await all.emulator.order("faults", [{ match: { path: "/api/permission/oauth2/token" }, fault: { status: 503 } }]);
  const isAway = shopper.page.waitForResponse(
    (response) => response.url().includes("/v3/chat") && response.status() === 502,
  );

  await shopper.sayBySdk("second");
  await isAway;
  await all.emulator.order("faults", []);
  await answered(shopper, 2);

  assert.deepEqual(await shopper.marks(), []);
  assert.deepEqual(await shopper.sdkMessages("assistant").allInnerTexts(), ["first", "second"]);
});

test("an answer that the platform breaks off is continued", async () => {
  const shopper = await all.begin();
  await all.emulator.order("faults", [{ match: { path: "/v3/chat", method: "POST" }, fault: { cut_after_bytes: 3_000 } }]);

  await shopper.sayBySdk(LONG);
  await answered(shopper, 2);

  await saidOnce(shopper, ["first", LONG]);
});

test("a question that the platform took without a word of answer is not asked twice", async () => {
  const shopper = await all.begin();
  await all.emulator.order("faults", [{ match: { path: "/v3/chat", method: "POST", nth: 1 }, fault: { drop_answer: true } }]);

  const chats = await all.chatsDuring(async () => {
    assert.equal(await shopper.askBySdk("second"), "second");
  });

  assert.equal(chats, 1);
  await saidOnce(shopper, ["first", "second"]);
});

test("a store that is away is waited for", async () => {
  const shopper = await all.begin();
  await shopper.endHandles(all.gateway);
  const release = await lockStore(all.gateway.file("cozegate.db"));
  const isUnavailable = shopper.page.waitForResponse(
    (response) => response.url().endsWith("/auth/session") && response.status() === 503,
  );

  await shopper.sayBySdk("second");
  await isUnavailable;
  await release();
  await answered(shopper, 2);

  await saidOnce(shopper, ["first", "second"]);
});

test("no handle is left anywhere after all that", async () => {
  const shopper = await all.begin();
  await shopper.endHandles(all.gateway);
  await shopper.askBySdk("second");
  await all.gateway.halt("SIGKILL");
  await shopper.sayBySdk("third");
  await all.gateway.begin();
  await answered(shopper, 3);

  const readable = await shopper.readable();

  assert.doesNotMatch(readable, /czs_|cgh_/);
  for (const handle of await shopper.handles()) assert.ok(!readable.includes(handle), "the handle shows");
});

test("a gateway that has forgotten all handles knows its visitors", async () => {
  await all.gateway.stop();
  await all.startGateway({ COZEGATE__STORE__KIND: "memory" });
  const shopper = await all.begin();

  await all.gateway.halt("SIGKILL");
  await all.gateway.begin();
  assert.equal(await shopper.askBySdk("second"), "second");

  await saidOnce(shopper, ["first", "second"]);
});

/** Lets nobody else write to an SQLite file; gives the function that ends it. */
async function lockStore(file) {
  const script = [
    "import sqlite3, sys",
    "db = sqlite3.connect(sys.argv[1], isolation_level=None)",
    "db.execute('BEGIN EXCLUSIVE')",
    "print('locked', flush=True)",
    "sys.stdin.read()",
    "db.execute('ROLLBACK')",
  ].join("\n");
  const holder = spawn("python3", ["-c", script, file], { stdio: ["pipe", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  return async () => {
    holder.stdin.end();
    await once(holder, "exit");
  };
}
