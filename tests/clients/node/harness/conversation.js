// A shop with the stand-in of the Chat SDK, a gateway (`serve`) that can end and come back and find its store again, and the
// platform's double behind it: what it takes to break things in the middle of a conversation.

import assert from "node:assert/strict";
import { launchBrowser } from "./browser.js";
import { cdnFile, SDK_PATH } from "./chat-sdk.js";
import { Emulator, Served } from "./product.js";
import { Shopper } from "./shopper.js";
import { page, Site, tag } from "./site.js";

/** Takes the bot three seconds to say. */
export const LONG = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");
export const TOKEN_LIFE_SECONDS = 60;
/** How long "away" is where a test does not say it. */
export const AWAY_MS = 2_000;

/** Everything between somebody's browser and the platform's double. */
export class Conversations {
  #browser;
  #cdn;
  #shop;
  #shoppers = [];

  /** Starts it; `settings` are the gateway's. */
  static async start(settings) {
    const all = new Conversations();
    const emulator = await Emulator.start();
    await emulator.order("pace", { delta_spacing_ms: 50 });
    all.emulator = emulator;
    all.#cdn = await Site.start(({ pathname }) => cdnFile(pathname, emulator.apiBase));
    const bot = emulator.emulator.bots.find(({ name, published }) => published && name.includes("Echo")).id;
    const sdk = `${all.#cdn.origin}${SDK_PATH}`;
    all.#shop = await Site.start(() => ({ body: page(tag(all.gateway.auth, { "bot-id": bot, sdk })) }));
    await all.startGateway(settings);
    all.#browser = await launchBrowser();
    return all;
  }

  async startGateway(settings) {
    /** @type {Served} */
    this.gateway = await Served.before(this.emulator, {
      COZEGATE__DEFAULT_APP: "jwt",
      COZEGATE__APPS__JWT__DURATION_SECONDS: String(TOKEN_LIFE_SECONDS),
      COZEGATE__CORS__ORIGINS: JSON.stringify([this.#shop.origin]),
      COZEGATE__FILES__PRIVATE_HOSTS: this.#cdn.origin,
      ...settings,
    });
  }

  async stop() {
    await this.#browser?.close();
    await this.gateway?.stop();
    await this.emulator?.stop();
    this.#cdn?.stop();
    this.#shop?.stop();
  }

  /** Sends everybody home, makes the platform well again, and sees that nobody's console holds an error of ours. */
  async rest() {
    await this.emulator.order("faults", []);
    await this.emulator.releaseAnswers();
    await this.emulator.order("clock", { offset_seconds: 0 });
    const own = this.#shoppers.flatMap((shopper) => shopper.ownErrors);
    await Promise.all(this.#shoppers.map(({ context }) => context.close()));
    this.#shoppers = [];
    assert.deepEqual(own, [], "no errors and no unhandled rejections");
  }

  /** A visitor in the middle of a conversation, whose requests take `line` to the proxy if there is one. */
  async begin(line) {
    const shopper = await Shopper.arrive(this.#browser);
    this.#shoppers.push(shopper);
    if (line) {
      await shopper.context.route("**/auth/session", async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: { ...(await response.json()), api_base: line.origin } });
      });
    }
    await shopper.visit(this.#shop.origin);
    await shopper.openSdk();
    assert.equal(await shopper.askBySdk("first"), "first");
    return shopper;
  }

  /** The chats that the platform is asked for while `meanwhile` happens. */
  async chatsDuring(meanwhile) {
    const seen = (await this.emulator.journal()).at(-1).seq;
    await meanwhile();
    return (await this.emulator.journal(seen)).filter(({ path }) => path === "/v3/chat").length;
  }
}

/** The visitor saw every answer and nothing wrong, and the platform has each question once. */
export async function saidOnce(shopper, said) {
  assert.deepEqual(await shopper.sdkMessages("user").allInnerTexts(), said);
  assert.deepEqual(await shopper.sdkMessages("assistant").allInnerTexts(), said);
  assert.deepEqual(await shopper.marks(), []);
  await shopper.page.reload();
  await shopper.begun();
  await shopper.openSdk();
  assert.deepEqual(await shopper.sdkMessages("user").allInnerTexts(), said, "what the platform has");
  assert.deepEqual(await shopper.sdkMessages("assistant").allInnerTexts(), said);
}

/** Waits until some of the long answer is on screen. */
export function partOfAnswer(shopper) {
  return shopper.page.waitForFunction(() => document.querySelector('[data-role="assistant"]:last-child')?.textContent.includes("word5 "));
}

/** Waits until there are `count` answers, the last of them whole. */
export async function answered(shopper, count) {
  await shopper.sdkMessages("assistant").nth(count - 1).waitFor({ timeout: 100_000 });
  await shopper.sdkState("ready");
}
