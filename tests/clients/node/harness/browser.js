// A real Chromium and visitors in it: each has a browser context of its own, so cookies and storage are theirs alone.

import { chromium } from "playwright-core";

/** The limit of one wait, far above what it takes on a busy machine: it only turns a hang into a failure. */
const PATIENCE_MS = 100_000;

/**
 * Starts the browser that `COZEGATE_CHROMIUM` names (`cargo xtask test` finds it).
 * @param {string[]} [switches] besides the usual ones
 */
export function launchBrowser(switches = []) {
  return chromium.launch({
    timeout: PATIENCE_MS,
    executablePath: process.env.COZEGATE_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      // Containers give Chromium no user namespaces to sandbox itself with; it only visits our own pages here.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...switches,
    ],
  });
}

/** Somebody with a browser. */
export class Visitor {
  /** Every line of the console and every uncaught error, as text. */
  console = [];
  /** Those of them that are errors. */
  errors = [];
  /** The handles that the service gave to this browser, in the order in which they were seen. */
  #handles = new Set();
  /** The answers that hold them, being read. */
  #sessions = [];

  constructor(context, page) {
    this.context = context;
    this.page = page;
    page.on("console", (message) => {
      this.console.push(message.text());
      if (message.type() === "error") this.errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => {
      this.console.push(String(error));
      this.errors.push(String(error));
    });
    page.on("response", (response) => {
      if (!response.url().endsWith("/auth/session") || !response.ok()) return;
      // The browser forgets the body with the next page, sometimes before it could be read; then the handle is seen in use.
      const read = response.json().then(({ handle }) => this.#handles.add(handle));
      this.#sessions.push(read.catch(() => {}));
    });
    page.on("request", (request) => {
      const [, handle] = /^Bearer (cgh_.+)/.exec(request.headers().authorization ?? "") ?? [];
      if (handle) this.#handles.add(handle);
    });
  }

  /** A new visitor; `options` are those of a Playwright context (locale, viewport, colorScheme ...). */
  static async arrive(browser, options = {}) {
    const context = await browser.newContext({ locale: "en-GB", ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Visitor(context, await context.newPage());
  }

  /** The errors, without the browser's remark that a page came with this status. */
  errorsBesides(status) {
    return this.errors.filter((error) => status < 400 || !error.includes(`status of ${status}`));
  }

  /** Opens the chat page with a bot and waits until one can type. */
  async openChat(product, bot, query = "") {
    await this.page.goto(`${product.auth}/chat?bot_id=${product.bot(bot)}${query}`);
    await this.ready();
  }

  /** Waits until the page is ready for a question. */
  async ready() {
    await this.page.locator('[data-state="ready"]').waitFor();
  }

  part(testId) {
    return this.page.getByTestId(testId);
  }

  /** The messages of one side, in the order on screen. */
  messages(role) {
    return this.page.locator(`[data-testid="message"][data-role="${role}"]`);
  }

  /** What one side has said, in the order on screen. */
  texts(role) {
    return this.messages(role).locator(".message-text").allInnerTexts();
  }

  /** Every handle that this browser was given so far. */
  async handles() {
    await Promise.all(this.#sessions);
    return [...this.#handles];
  }

  /** Types and sends, without waiting for the answer. */
  async send(text) {
    await this.part("input").fill(text);
    await this.part("send").click();
  }

  /** Types, sends and waits until the answer is complete. */
  async ask(text) {
    const answers = await this.messages("assistant").count();
    await this.send(text);
    await this.messages("assistant").nth(answers).waitFor();
    await this.ready();
  }

  /** Everything of this page that a foreign script or a person at the screen could read. */
  async readable() {
    const inPage = await this.page.evaluate(() => {
      const typed = [...document.querySelectorAll("input, textarea")].map((field) => field.value);
      const stored = [localStorage, sessionStorage].map((storage) => JSON.stringify({ ...storage }));
      return [document.documentElement.outerHTML, ...typed, ...stored, document.cookie, location.href].join("\n");
    });
    return [inPage, ...this.console].join("\n");
  }
}
