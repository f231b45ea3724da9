// Public mode, behind a reverse proxy: visitors of two sites, one that shares its domain with us and one that does not.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { Emulator } from "../harness/product.js";
import { ReverseProxy, servePublic } from "../harness/public.js";
import { page, Site, tag } from "../harness/site.js";

let emulator;
let reverse;
let served;
let browser;
/** Shares its domain with us: our cookie comes back. */
let ours;
/** Does not: browsers keep no cookie of ours there. */
let theirs;
let body;
let visitors = [];
before(async () => {
  emulator = await Emulator.start();
  reverse = await ReverseProxy.start();
  ours = await Site.start(() => ({ body }), "localhost");
  theirs = await Site.start(() => ({ body }), "127.0.0.1");
  served = await servePublic(emulator, reverse, [ours.origin, theirs.origin]);
  body = page(tag(reverse.origin, { "bot-id": served.bot("Echo"), ui: "cozegate" }));
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await served?.stop();
  await emulator?.stop();
  for (const server of [reverse, ours, theirs]) server?.stop();
});
afterEach(async () => {
  const errors = visitors.flatMap((visitor) => visitor.errors);
  await Promise.all(visitors.map(({ context }) => context.close()));
  visitors = [];
  assert.deepEqual(errors, []);
});

async function arrive(site) {
  const visitor = await Visitor.arrive(browser);
  visitors.push(visitor);
  await visit(visitor, site);
  return visitor;
}

async function visit(visitor, site) {
  await visitor.page.goto(site.origin);
  await visitor.page.waitForFunction(() => globalThis.cozegate?.ready.then(() => true));
  await visitor.part("launcher").click();
  await visitor.ready();
}

const stored = ({ page }) => page.evaluate(() => ({ ...localStorage }));

for (const [name, site] of [["a site of our own domain", () => ours], ["a foreign site", () => theirs]]) {
  test(`a visitor of ${name} finds their conversation again, and nobody else does`, async () => {
    const visitor = await arrive(site());
    await visitor.ask("for my eyes only");

    await visit(visitor, site());
    const again = await visitor.texts("user");
    const stranger = await arrive(site());

    assert.deepEqual(again, ["for my eyes only"]);
    assert.deepEqual(await stranger.texts("user"), []);
    const tokens = emulator.emulator ? await served.journal() : [];
    assert.ok(tokens.filter(({ path }) => path === "/v3/chat").every(({ session_name }) => session_name?.startsWith("cg1_")));
  });
}

test("where the cookie comes back the page keeps nothing, and elsewhere it keeps a pass and no handle", async () => {
  const [near, far] = [await arrive(ours), await arrive(theirs)];
  await visit(near, ours);
  await visit(far, theirs);

  const kept = JSON.stringify(await stored(near));
  assert.ok(!/cgv_|cgh_/.test(kept), kept);
  const keptFar = Object.values(await stored(far));
  assert.equal(keptFar.filter((value) => value.startsWith("cgv_")).length, 1);
  for (const visitor of [near, far]) {
    const readable = await visitor.readable();
    for (const handle of await visitor.handles()) assert.ok(!readable.includes(handle));
  }
});

test("somebody else who sits down here is somebody else", async () => {
  for (const site of [ours, theirs]) {
    const visitor = await arrive(site);
    await visitor.ask("mine");

    await visitor.page.evaluate(() => globalThis.cozegate.setUser(null));
    await visit(visitor, site);

    assert.deepEqual(await visitor.texts("user"), []);
  }
});

test("our own chat page works for visitors, and tells them nothing of how we are set up", async () => {
  const visitor = await Visitor.arrive(browser);
  visitors.push(visitor);

  await visitor.page.goto(`${reverse.origin}/chat?bot_id=${served.bot("Echo")}`);
  await visitor.ready();
  await visitor.ask("hello from the street");
  await visitor.page.goto(reverse.origin);

  const home = await visitor.page.content();
  assert.ok(!home.includes(served.emulator.api_base), "the platform's address");
  assert.ok(!home.includes(served.emulator.apps.find(({ kind }) => kind === "jwt").client_id));
  assert.equal(await visitor.page.locator('a[href="/callback"], a[href="/cozegate.user.js"], a[href="/sessions"]').count(), 0);
});
