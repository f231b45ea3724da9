// Our own chat page while the gateway behind it goes away and comes back: nothing that was asked or said is lost.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { Emulator, Served } from "../harness/product.js";

/** Takes the bot three seconds to say. */
const LONG = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");

let emulator;
let gateway;
let browser;
let visitor;
before(async () => {
  emulator = await Emulator.start();
  await emulator.order("pace", { delta_spacing_ms: 50 });
  gateway = await Served.before(emulator, { COZEGATE__DEFAULT_APP: "jwt", COZEGATE__STORE__PATH: "cozegate.db" });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
  await emulator?.stop();
});
afterEach(async () => {
  await visitor?.context.close();
});

async function chatting() {
  visitor = await Visitor.arrive(browser);
  await visitor.openChat(gateway, "Echo");
  await visitor.ask("first");
  return visitor;
}

/** On the screen, and at the platform, everything stands once. */
async function saidOnce(said) {
  for (const role of ["user", "assistant"]) assert.deepEqual(await visitor.texts(role), said);
  await visitor.page.reload();
  await visitor.messages("assistant").nth(said.length - 1).waitFor();
  await visitor.ready();
  for (const role of ["user", "assistant"]) assert.deepEqual(await visitor.texts(role), said);
}

test("a question that is asked while the gateway is away waits, says so, and is answered when it is back", async () => {
  await chatting();
  await gateway.halt("SIGKILL");

  await visitor.send("second");
  await visitor.part("status").filter({ hasText: "Trying again" }).waitFor();
  await gateway.begin();
  await visitor.messages("assistant").filter({ hasText: "second" }).waitFor({ timeout: 60_000 });
  await visitor.ready();

  assert.equal(await visitor.part("status").innerText(), "");
  await saidOnce(["first", "second"]);
});

test("an answer that breaks off with the gateway is written to its end when that is back", async () => {
  await chatting();
  await visitor.send(LONG);
  await visitor.messages("assistant").filter({ hasText: "word5 " }).waitFor();

  await gateway.halt("SIGKILL");
  await gateway.begin();
  await visitor.messages("assistant").filter({ hasText: "word59" }).waitFor({ timeout: 60_000 });
  await visitor.ready();

  await saidOnce(["first", LONG]);
});
