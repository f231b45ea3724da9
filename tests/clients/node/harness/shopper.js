// Somebody on a page with embed.js and the stand-in for the Chat SDK: opens it, types, reads.

import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { Visitor } from "./browser.js";

/** What a browser says of requests that failed, which no page can keep from its console. */
const NETWORK_REMARK = /Failed to load resource|net::ERR_|has been blocked by CORS policy/;

/** A visitor of somebody else's site. */
export class Shopper extends Visitor {
  /** A new one; counts from the start what moves on its pages. */
  static async arrive(browser, options) {
    const { context, page } = await Visitor.arrive(browser, options);
    const shopper = new Shopper(context, page);
    await page.addInitScript(() => {
      // A red mark that comes and goes has been seen all the same.
      globalThis.marks = [];
      new MutationObserver(() => {
        for (const { textContent } of document.querySelectorAll("[data-failed]")) globalThis.marks.push(`! ${textContent}`);
        for (const { textContent } of document.querySelectorAll('[data-testid="sdk-error"]:not([hidden])')) {
          globalThis.marks.push(textContent);
        }
      }).observe(document, { subtree: true, childList: true, attributes: true });
      globalThis.shifts = 0;
      new PerformanceObserver((list) => {
        // Inside of a chat's window things move; what counts is what belongs to the page.
        const isOfThePage = ({ node }) =>
          node?.getRootNode() === document && !(node.parentElement ?? node).closest?.(".coze-chat-sdk, cozegate-window");
        for (const { value, sources } of list.getEntries()) if (sources.some(isOfThePage)) globalThis.shifts += value;
      }).observe({ type: "layout-shift", buffered: true });
    });
    return shopper;
  }

  /** Opens a page and waits until its chat is there. */
  async visit(url) {
    await this.page.goto(url);
    await this.begun();
  }

  /** Waits until the chat is there. */
  async begun() {
    await this.page.waitForFunction(() => globalThis.cozegate?.ready.then(() => true));
  }

  /**
   * Ends the handles of `gateway`, whose store is `cozegate.db`; the page knows nothing of it. The visitors stay: what a
   * person can end (`fresh`, /sessions) ends the visitor as well.
   */
  async endHandles(gateway) {
    await forgetHandles(gateway.file("cozegate.db"));
    for (const handle of await this.handles()) {
      const headers = { authorization: `Bearer ${handle}` };
      // An instance believes its memory for some seconds.
      while ((await fetch(`${gateway.proxy}/v1/bots/1`, { headers })).status !== 401) await delay(50);
    }
  }

  sdk(name) {
    return this.page.getByTestId(`sdk-${name}`);
  }

  /** Opens the SDK's window and waits until one can type. */
  async openSdk() {
    await this.page.evaluate(() => globalThis.cozegate.show());
    await this.sdkState("ready");
  }

  async sdkState(state) {
    await this.page.locator(`[data-testid="sdk-chat"][data-state="${state}"]`).waitFor({ timeout: 100_000 });
  }

  sdkMessages(role) {
    return this.page.locator(`[data-testid="sdk-message"][data-role="${role}"]`);
  }

  /** Types and sends, without waiting. */
  async sayBySdk(text) {
    await this.sdk("input").fill(text);
    await this.sdk("send").click();
  }

  /** Types, sends, waits for the whole answer and returns it. */
  async askBySdk(text) {
    const answers = await this.sdkMessages("assistant").count();
    await this.sayBySdk(text);
    await this.sdkMessages("assistant").nth(answers).waitFor({ timeout: 100_000 });
    await this.sdkState("ready");
    return this.sdkMessages("assistant").nth(answers).innerText();
  }

  /** What the SDK has shown to be wrong since the page was opened. */
  marks() {
    return this.page.evaluate(() => [...new Set(globalThis.marks)]);
  }

  notice() {
    return this.page.locator('[data-cozegate="notice"]');
  }

  async notices() {
    return this.notice().locator("p").allInnerTexts();
  }

  /** Errors in the console besides the browser's remarks about its network. */
  get ownErrors() {
    return this.errors.filter((error) => !NETWORK_REMARK.test(error));
  }

  /** How much has moved on the page. */
  shifts() {
    return this.page.evaluate(() => globalThis.shifts);
  }
}

/** Removes all handles from a store, as if their time were over. Node 20 has no SQLite; Python is there for the other tests. */
async function forgetHandles(file) {
  const script = [
    "import sqlite3, sys",
    "db = sqlite3.connect(sys.argv[1], timeout=30)",
    "db.execute('DELETE FROM handles')",
    "db.commit()",
  ].join("\n");
  await promisify(execFile)("python3", ["-c", script, file]);
}
