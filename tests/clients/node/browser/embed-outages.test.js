// embed.js while the gateway goes and comes back: nothing that a visitor says is lost or said twice, and none of it is seen.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { setTimeout as delay } from "node:timers/promises";
import { BreakingLine } from "../harness/breaking-line.js";
import { answered, AWAY_MS, Conversations, LONG, partOfAnswer, saidOnce } from "../harness/conversation.js";

let all;
before(async () => {
  all = await Conversations.start({ COZEGATE__STORE__PATH: "cozegate.db" });
});
after(() => all?.stop());
afterEach(() => all.rest());

test("a gateway that is restarted between two questions is not noticed", async () => {
  const shopper = await all.begin();

  await all.gateway.halt("SIGTERM");
  await all.gateway.begin();
  assert.equal(await shopper.askBySdk("second"), "second");

  await saidOnce(shopper, ["first", "second"]);
});

for (const signal of ["SIGTERM", "SIGKILL"]) {
  test(`a gateway that ends by ${signal} in the middle of an answer and comes back brings the rest of it`, async () => {
    const shopper = await all.begin();
    await shopper.sayBySdk(LONG);
    await partOfAnswer(shopper);

    await all.gateway.halt(signal);
    await delay(AWAY_MS);
    await all.gateway.begin();
    await answered(shopper, 2);

    await saidOnce(shopper, ["first", LONG]);
  });
}

test("a question that is asked while the gateway is away is asked when it is back", async () => {
  const shopper = await all.begin();
  await all.gateway.halt("SIGKILL");

  await shopper.sayBySdk("second");
  await delay(AWAY_MS);
  await all.gateway.begin();
  await answered(shopper, 2);

  await saidOnce(shopper, ["first", "second"]);
});

test("half a minute without the gateway is waited out, with a plain message that goes by itself", async () => {
  const shopper = await all.begin();
  await shopper.sayBySdk(LONG);
  await partOfAnswer(shopper);
  await all.gateway.halt("SIGKILL");
  await shopper.notice().getByRole("status").waitFor();
  const notices = await shopper.notices();

  await delay(30_000);
  await all.gateway.begin();
  await answered(shopper, 2);

  assert.deepEqual(notices, ["The chat is not available at the moment. It tries again by itself."]);
  assert.equal(await shopper.notice().count(), 0);
  assert.equal(await shopper.shifts(), 0);
  await saidOnce(shopper, ["first", LONG]);
});

test("a window that is opened while the gateway is away is there when it is back", async () => {
  const shopper = await all.begin();
  await shopper.page.evaluate(() => globalThis.cozegate.hide());
  await all.gateway.halt("SIGKILL");

  await shopper.page.evaluate(() => globalThis.cozegate.show());
  await shopper.sdkState("loading");
  await delay(AWAY_MS);
  await all.gateway.begin();
  await shopper.sdkState("ready");

  await saidOnce(shopper, ["first"]);
});

test("a question that the browser sends twice when its connection breaks is said once", async (t) => {
  const line = await BreakingLine.start(all.gateway.proxy);
  t.after(() => line.stop());
  const shopper = await all.begin(line);
  line.breakAt("POST /v3/chat");

  const chats = await all.chatsDuring(async () => {
    await shopper.sayBySdk(LONG);
    await answered(shopper, 2);
  });

  assert.equal(chats, 2, "it was sent twice");
  await saidOnce(shopper, ["first", LONG]);
});

test("the same words twice are said twice, although the second time gets lost", async () => {
  const shopper = await all.begin();
  assert.equal(await shopper.askBySdk("again"), "again");
  await all.gateway.halt("SIGKILL");

  await shopper.sayBySdk("again");
  await all.gateway.begin();
  await answered(shopper, 3);

  await saidOnce(shopper, ["first", "again", "again"]);
});

test("a stop works while an answer is waited for", async () => {
  const shopper = await all.begin();
  // The platform does not finish the answer while the gateway comes back.
  await all.emulator.holdAnswersAfter(10);
  await shopper.sayBySdk(LONG);
  await partOfAnswer(shopper);
  await all.gateway.halt("SIGKILL");
  await all.gateway.begin();

  await shopper.sdk("stop").click();
  await shopper.sdkState("ready");
  await all.emulator.releaseAnswers();

  assert.equal(await shopper.askBySdk("second"), "second");
  assert.deepEqual(await shopper.marks(), []);
});
