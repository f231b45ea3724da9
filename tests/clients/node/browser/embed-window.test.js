// embed.js with our own window: chosen by the page, or because the SDK does not come; and what it says in words when something
// is wrong - all of it under the strictest policy that a page can have.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "../harness/test.js";
import { setTimeout as delay } from "node:timers/promises";
import { launchBrowser } from "../harness/browser.js";
import { Emulator, Served } from "../harness/product.js";
import { Shopper } from "../harness/shopper.js";
import { page, Site, tag } from "../harness/site.js";

const LONG = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");

let emulator;
let gateway;
let browser;
let shop;
let stranger;
/** The pages of the shop, by path. */
const pages = new Map();
let shoppers = [];

before(async () => {
  emulator = await Emulator.start();
  await emulator.order("pace", { delta_spacing_ms: 50 });
  const answer = ({ pathname }) => pages.get(pathname) ?? { type: "image/svg+xml", body: '<svg xmlns="http://www.w3.org/2000/svg"/>' };
  shop = await Site.start(answer);
  stranger = await Site.start(answer);
  gateway = await Served.before(emulator, {
    COZEGATE__DEFAULT_APP: "jwt",
    COZEGATE__CORS__ORIGINS: JSON.stringify([shop.origin]),
    COZEGATE__FILES__PRIVATE_HOSTS: shop.origin,
  });
  browser = await launchBrowser();
  pages.set("/", ourPage({ ui: "cozegate" }));
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
  await emulator?.stop();
  shop?.stop();
  stranger?.stop();
});
afterEach(async () => {
  const own = shoppers.flatMap((shopper) => shopper.ownErrors);
  await Promise.all(shoppers.map(({ context }) => context.close()));
  shoppers = [];
  assert.deepEqual(own, [], "nothing that the policy forbids, no errors and no unhandled rejections");
});

/** A page of the shop with our tag, under a policy that lets nobody in but us, and us by a nonce. */
function ourPage(attributes) {
  const policy = [
    "default-src 'self'",
    "script-src 'nonce-n1'",
    `connect-src 'self' ${gateway.auth} ${gateway.proxy}`,
    "style-src 'self'",
    "require-trusted-types-for 'script'",
  ].join("; ");
  const script = tag(gateway.auth, { "bot-id": bot(), ...attributes }).replace("<script", '<script nonce="n1"');
  const body = page(script).replace('href="data:,"', 'href="/icon.svg"');
  return { headers: { "content-security-policy": policy }, body };
}

const bot = () => emulator.emulator.bots.find(({ name, published }) => published && name.includes("Echo")).id;

async function arrive(url, options) {
  const shopper = await Shopper.arrive(browser, options);
  shoppers.push(shopper);
  await shopper.page.goto(url);
  return shopper;
}

async function openWindow(shopper) {
  await shopper.part("launcher").click();
  await shopper.ready();
}

/** The words of our own message. */
async function message(shopper) {
  await shopper.notice().getByRole("status").waitFor();
  await shopper.page.waitForFunction(() => document.querySelector("[data-cozegate=notice]").shadowRoot.textContent.length > 9);
  return (await shopper.notices()).join();
}

test("our own window needs no other host, and the page hears of it", async () => {
  const shopper = await arrive(`${shop.origin}/`);
  const asked = [];
  shopper.page.on("request", (request) => asked.push(new URL(request.url()).origin));
  await shopper.begun();
  await shopper.page.evaluate(() => {
    globalThis.told = [];
    for (const event of ["show", "hide", "message"]) {
      globalThis.cozegate.on(event, (detail) => globalThis.told.push([event, detail?.content ?? ""].join(" ").trim()));
    }
  });

  await openWindow(shopper);
  await shopper.ask("from a strict page");
  await shopper.page.evaluate(() => globalThis.cozegate.hide());

  assert.ok((await shopper.texts("assistant")).at(-1).includes("from a strict page"));
  assert.deepEqual(await shopper.page.evaluate(() => globalThis.told), [
    "show",
    "message from a strict page",
    "message from a strict page",
    "hide",
  ]);
  assert.deepEqual([...new Set(asked)].filter((origin) => ![shop.origin, gateway.auth, gateway.proxy].includes(origin)), []);
  assert.equal(await shopper.shifts(), 0);
});

test("our own window brings an answer to its end although the gateway goes in the middle of it", async () => {
  const shopper = await arrive(`${shop.origin}/`);
  await shopper.begun();
  await openWindow(shopper);
  await shopper.send(LONG);
  await shopper.messages("assistant").getByText("word5 ").waitFor();

  await gateway.halt("SIGKILL");
  await delay(2_000);
  await gateway.begin();
  await shopper.ready();

  assert.deepEqual(await shopper.texts("user"), [LONG]);
  assert.ok((await shopper.texts("assistant")).at(-1).includes("word59"));
});

test("a button that was moved stays where it was put", async () => {
  const shopper = await arrive(`${shop.origin}/`);
  await shopper.begun();
  const launcher = shopper.part("launcher");
  const before = await launcher.boundingBox();

  await launcher.focus();
  for (let step = 0; step < 5; step += 1) await shopper.page.keyboard.press("ArrowUp");
  const moved = await launcher.boundingBox();
  await shopper.page.reload();
  await shopper.begun();

  assert.ok(moved.y < before.y);
  assert.deepEqual(await launcher.boundingBox(), moved);
});

test("a site whose SDK comes neither through the proxy nor directly has our window", async () => {
  pages.set("/no-sdk", ourPage({ sdk: `${shop.origin}/empty.js` }));
  pages.set("/empty.js", { type: "text/javascript", body: "" });
  const shopper = await arrive(`${shop.origin}/no-sdk`);

  await shopper.begun();
  await openWindow(shopper);
  await shopper.ask("without the SDK");

  assert.ok((await shopper.texts("assistant")).at(-1).includes("without the SDK"));
});

test("a new visitor has an empty window", async () => {
  const shopper = await arrive(`${shop.origin}/`);
  await shopper.begun();
  await openWindow(shopper);
  await shopper.ask("secret");

  await shopper.page.evaluate(() => globalThis.cozegate.setUser(null));
  await shopper.ready();

  assert.equal(await shopper.messages("user").count(), 0);
  assert.equal(await shopper.page.locator("cozegate-window").count(), 1);
});

for (const [lang, words] of [
  ["en", /The chat is not available here\./],
  ["zh-CN", /此处无法使用对话。/],
]) {
  test(`a chat that cannot be is said in words, and can be closed (${lang})`, async () => {
    pages.set("/unknown", ourPage({ ui: "cozegate", app: "nobody", lang }));
    const shopper = await arrive(`${shop.origin}/unknown`);

    assert.match(await message(shopper), words);
    assert.equal(await shopper.notice().getByRole("status").getAttribute("aria-live"), "polite");
    await shopper.notice().getByRole("button").click();

    assert.equal(await shopper.notice().count(), 0);
    assert.equal(await shopper.shifts(), 0);
  });
}

test("a site that is not listed gets a message and no chat", async () => {
  const shopper = await arrive(`${stranger.origin}/`);
  const told = shopper.page.evaluate(
    () => new Promise((resolve) => globalThis.cozegate.on("error", ({ kind }) => resolve(kind))),
  );

  assert.match(await message(shopper), /not available at the moment/);
  assert.equal(await told, "away");
  assert.equal(await shopper.part("launcher").count(), 0);

  await shopper.page.evaluate((botId) => {
    globalThis.cozegate.destroy();
    globalThis.cozegate.init({ botId });
  }, bot());
  assert.match(await message(shopper), /not available at the moment/);
});
