// The chat of one page: begins, ends and begins again as often as the page wants, whatever the page does around it.
//
// Everything that takes time belongs to a run; `destroy` and `init` begin the next one, and a step of an earlier run that
// comes to its end late finds that it is no longer wanted.

import { Gateway } from "../client/gateway.js";
import { patchPage } from "../client/patch.js";
import { sleepOnClock } from "../client/patience.js";
import { pageTransport } from "../client/transport.js";
import { Trouble } from "../client/trouble.js";
import { NO_CHAT, openSdk, openWindow } from "./chats.js";
import { Listeners } from "./listeners.js";
import { Notice } from "./notice.js";
import { hasBot } from "./options.js";
import { waysOf } from "./ways.js";
import { forgetSdkUser, passIn, proofOf } from "./user.js";
import { words } from "./words.js";

/**
 * @typedef {import("./options.js").Settings} Settings
 * @typedef {import("./chats.js").Chat} Chat
 *
 * @typedef {object} Run
 * @property {Settings} settings
 * @property {Gateway} gateway
 * @property {import("./words.js").Say} say
 * @property {() => void} unpatch
 * @property {Notice} notice
 */

/** Trouble that passes sooner is nobody's business. */
const QUIET_MS = 3_000;
const RETRY_PAUSE_MS = 5_000;

/** A page's chat. */
export class Embed {
  #scope;
  #texts;
  #authBase;
  #nonce;
  #send;
  #listeners = new Listeners();
  /** @type {Run | null} */
  #run = null;
  /** @type {Chat | null} */
  #chat = null;
  #wantsShown = false;
  /** Counts the beginnings: the last one is the one that is wanted. */
  #turn = 0;
  /** Who chats, by the gateway's id. */
  #userId = "";
  /** Whether the trouble is to be shown, once it has lasted. @type {ReturnType<typeof setTimeout> | undefined} */
  #troubleTimer;
  #ready = deferred();
  #isReady = false;
  /** @type {MutationObserver | null} */
  #watch = null;

  /**
   * @param {object} parts
   * @param {Window & typeof globalThis} parts.scope
   * @param {Record<string, Record<string, string>>} parts.texts
   * @param {string} parts.authBase where our script comes from
   * @param {string} parts.nonce of our tag
   */
  constructor({ scope, texts, authBase, nonce }) {
    this.#scope = scope;
    this.#texts = texts;
    this.#authBase = authBase;
    this.#nonce = nonce;
    this.#send = pageTransport(scope);
  }

  /** Settles with the chat that was asked for last. */
  get ready() {
    return this.#ready.promise;
  }

  /** The user as the gateway knows them; the id is empty before the first session. */
  get user() {
    return { id: this.#userId };
  }

  get isAlive() {
    return this.#run !== null;
  }

  /**
   * @param {import("./listeners.js").EventName} event
   * @param {(detail: any) => void} listener
   */
  on(event, listener) {
    return this.#listeners.on(event, listener);
  }

  /** @param {Settings} settings */
  init(settings) {
    this.destroy();
    if (!hasBot(settings)) return;
    const say = words(this.#texts, settings.lang);
    const notice = new Notice(this.#scope.document, say("embed-close"));
    /** @type {Run} */
    const run = { settings, say, notice, gateway: this.#gatewayFor(settings, () => run), unpatch: () => {} };
    run.unpatch = patchPage(this.#scope, waysOf(run.gateway, settings.ui === "none"));
    this.#run = run;
    this.#wantsShown ||= settings.open;
    this.#begin(run);
  }

  destroy() {
    const run = this.#run;
    if (!run) return;
    this.#run = null;
    this.#endChat();
    run.unpatch();
    run.notice.hide();
    this.#quiet();
    this.#wantsShown = false;
    this.#userId = "";
    if (this.#isReady) this.#ready = deferred();
    this.#isReady = false;
  }

  show() {
    this.#wantsShown = true;
    this.#chat?.show();
  }

  hide() {
    this.#wantsShown = false;
    this.#chat?.hide();
  }

  /**
   * Changes how the user is shown; `null` makes somebody new of them, whose history is empty.
   * @param {{ nickname?: string, url?: string } | null} user
   */
  async setUser(user) {
    const run = this.#run;
    const say = run?.say ?? words(this.#texts, "en");
    if (user) proofOf(user, say);
    if (!run) throw new Error(say("embed-no-bot"));
    if (user === null) {
      // First of all nothing goes on under the old name.
      this.#endChat();
      forgetSdkUser(this.#scope);
      run.gateway.forget({ fresh: true });
      this.#userId = "";
    } else {
      const { nickname, avatar } = run.settings;
      run.settings = { ...run.settings, nickname: user.nickname ?? nickname, avatar: user.url ?? avatar };
    }
    if (this.#isReady) this.#ready = deferred();
    this.#isReady = false;
    await this.#begin(run);
    this.#listeners.tell("user", { id: this.#userId });
  }

  /**
   * @param {Settings} settings
   * @param {() => Run} run
   */
  #gatewayFor(settings, run) {
    return new Gateway({
      authBase: this.#authBase,
      app: settings.app || null,
      send: this.#send,
      pass: passIn(this.#scope, settings.app),
      onTrouble: (trouble) => this.#troubled(run(), trouble),
      onOpened: ({ userId }) => this.#opened(run(), userId),
      onMessage: (message) => this.#listeners.tell("message", message),
    });
  }

  /**
   * Brings the chat onto the page, in place of the one that is there.
   * @param {Run} run
   */
  async #begin(run) {
    const turn = ++this.#turn;
    const isWanted = () => this.#run === run && this.#turn === turn;
    await bodyOf(this.#scope.document);
    while (isWanted()) {
      const opened = await this.#session(run, isWanted);
      if (!opened || !isWanted()) return;
      this.#endChat();
      try {
        const chat = await this.#open(run, opened);
        if (!isWanted()) return chat.destroy();
        return this.#begun(run, chat);
      } catch {
        if (!isWanted()) return;
        this.#failed(run, "broken", run.say("embed-away"));
        await sleepOnClock(RETRY_PAUSE_MS);
      }
    }
  }

  /**
   * @param {Run} run
   * @param {Chat} chat
   */
  #begun(run, chat) {
    this.#chat = chat;
    this.#watchOver(run, chat);
    if (this.#wantsShown) chat.show();
    this.#isReady = true;
    this.#ready.resolve();
    run.notice.clear();
    this.#listeners.tell("ready", { ui: run.settings.ui });
  }

  /**
   * The session, however long it takes; null when the gateway says no.
   * @param {Run} run
   * @param {() => boolean} isWanted
   */
  async #session(run, isWanted) {
    while (isWanted()) {
      try {
        return await run.gateway.session();
      } catch (error) {
        if (!(error instanceof Trouble && error.isPassing)) return null;
        await sleepOnClock(Math.max(RETRY_PAUSE_MS, error.retryAfterMs));
      }
    }
    return null;
  }

  /**
   * @param {Run} run
   * @param {import("../client/session.js").Opened} opened
   * @returns {Promise<Chat>}
   */
  async #open(run, opened) {
    const { settings, gateway } = run;
    if (settings.ui === "none") return NO_CHAT;
    const place = {
      scope: this.#scope,
      authBase: this.#authBase,
      page: { document: this.#scope.document, nonce: this.#nonce, sleep: sleepOnClock },
      gateway,
      settings,
      opened,
      onShow: () => this.#isShown(run, true),
      onHide: () => this.#isShown(run, false),
    };
    if (settings.ui === "cozegate") return openWindow(place);
    // Whoever keeps the SDK from us does not keep us from chatting.
    return openSdk(place).catch(() => openWindow(place));
  }

  #endChat() {
    this.#watch?.disconnect();
    this.#watch = null;
    const chat = this.#chat;
    this.#chat = null;
    try {
      chat?.destroy();
    } catch {
      // Its elements may be gone already.
    }
  }

  /**
   * @param {Run} run
   * @param {boolean} isShown
   */
  #isShown(run, isShown) {
    // A window that is taken away to be put up again is not hidden.
    if (this.#run !== run || (!isShown && !this.#chat)) return;
    this.#wantsShown = isShown;
    this.#listeners.tell(isShown ? "show" : "hide");
  }

  /**
   * Pages that change without loading may throw the body's content away, the chat with it.
   * @param {Run} run
   * @param {Chat} chat
   */
  #watchOver(run, chat) {
    const { document, MutationObserver } = this.#scope;
    this.#watch = new MutationObserver(() => {
      if (chat.isInPage() || this.#chat !== chat) return;
      this.#endChat();
      this.#begin(run);
    });
    this.#watch.observe(document.documentElement, { childList: true });
    this.#watch.observe(document.body, { childList: true });
  }

  /**
   * A session that turns out to be somebody else's: what the chat shows is not theirs.
   * @param {Run} run
   * @param {string} userId
   */
  #opened(run, userId) {
    if (this.#run !== run) return;
    const before = this.#userId;
    this.#userId = userId;
    if (!before || before === userId || !this.#chat) return;
    forgetSdkUser(this.#scope);
    this.#endChat();
    this.#begin(run).then(() => this.#listeners.tell("user", { id: userId }));
  }

  /**
   * @param {Run} run
   * @param {Trouble | null} trouble
   */
  #troubled(run, trouble) {
    if (this.#run !== run) return;
    if (!trouble) {
      this.#quiet();
      run.notice.clear();
      return;
    }
    const { kind, detail, isOfPolicy } = trouble;
    if (isOfPolicy) {
      // For the page's author: the visitors' message does not say what to configure.
      console.warn("cozegate:", trouble.problem, detail);
      // Our own window shows what it was refused, and a page's own code gets the answer.
      return this.#failed(run, kind, run.say("embed-not-allowed"), run.settings.ui === "sdk");
    }
    if (kind === "refused") return this.#failed(run, kind, run.say("embed-refused", { reason: detail }));
    this.#troubleTimer ??= setTimeout(() => this.#failed(run, kind, run.say("embed-away")), QUIET_MS);
  }

  #quiet() {
    clearTimeout(this.#troubleTimer);
    this.#troubleTimer = undefined;
  }

  /**
   * @param {Run} run
   * @param {string} kind
   * @param {string} message
   * @param {boolean} [isShown] in a message of ours on the page
   */
  #failed(run, kind, message, isShown = true) {
    if (this.#run !== run) return;
    if (isShown) run.notice.show(message);
    this.#listeners.tell("error", { kind, message });
  }
}

/** A promise to keep later. */
function deferred() {
  /** @type {() => void} */
  let resolve = () => {};
  /** @type {Promise<void>} */
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/**
 * Waits until the page has a body.
 * @param {Document} document
 * @returns {Promise<void>}
 */
function bodyOf(document) {
  if (document.body) return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener("DOMContentLoaded", () => resolve(), { once: true });
  });
}
