// Somebody's shop with embed.js on its pages, the host that has the stand-in of the Chat SDK, and `demo` behind both.

import assert from "node:assert/strict";
import { launchBrowser } from "./browser.js";
import { cdnFile, SDK_PATH } from "./chat-sdk.js";
import { Product } from "./product.js";
import { Shopper } from "./shopper.js";
import { page, Site, tag } from "./site.js";

export class DemoShop {
  #browser;
  #cdn;
  #shoppers = [];
  /** What stands on the shop's pages, by path. */
  pages = new Map();

  static async start() {
    const all = new DemoShop();
    all.#cdn = await Site.start(({ pathname }) => cdnFile(pathname));
    /** The address of the SDK's script. */
    all.sdk = `${all.#cdn.origin}${SDK_PATH}`;
    const answer = ({ pathname }) => (all.pages.has(pathname) ? { body: all.pages.get(pathname) } : undefined);
    all.shop = await Site.start(answer);
    /** The same by a name that makes it another site than ours for a browser, which then keeps no cookie. */
    all.foreign = await Site.start(answer, "localhost");
    all.product = await Product.start({
      COZEGATE__CORS__ORIGINS: JSON.stringify([all.shop.origin, all.foreign.origin]),
      COZEGATE__FILES__PRIVATE_HOSTS: all.#cdn.origin,
    });
    all.pages.set("/", page(all.tag()));
    all.#browser = await launchBrowser();
    return all;
  }

  async stop() {
    await this.#browser?.close();
    await this.product?.stop();
    for (const site of [this.#cdn, this.shop, this.foreign]) site?.stop();
  }

  /** Sends everybody home, and sees that nobody's console holds an error of ours. */
  async rest() {
    const own = this.#shoppers.flatMap((shopper) => shopper.ownErrors);
    await Promise.all(this.#shoppers.map(({ context }) => context.close()));
    this.#shoppers = [];
    assert.deepEqual(own, [], "no errors and no unhandled rejections");
  }

  /** A new visitor; `options` are those of a Playwright context. */
  async arrive(options) {
    const shopper = await Shopper.arrive(this.#browser, options);
    this.#shoppers.push(shopper);
    return shopper;
  }

  /** Our tag with the Echo bot and the stand-in, and with what else is given. */
  tag(attributes = {}) {
    return tag(this.product.auth, { "bot-id": this.product.bot("Echo"), sdk: this.sdk, ...attributes });
  }
}
