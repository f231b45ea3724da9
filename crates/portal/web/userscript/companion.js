// The userscript on one page: gets a session, opens a chat, keeps the menu true, tells what is wrong.

import { Gateway } from "../client/gateway.js";
import { Trouble } from "../client/trouble.js";
import { speaker } from "../pages/page_data.js";
import { menuEntries } from "./commands.js";
import { openFace } from "./faces.js";
import { gmTransport } from "./gm_transport.js";
import { Identity } from "./identity.js";
import { DebugLog } from "./log.js";
import { loggedSend } from "./logged_send.js";
import { Menu } from "./menu.js";
import { Notices } from "./notices.js";
import { loopbackTransport } from "./page_transport.js";
import { Voice, copyText } from "./people.js";
import { bodyOf, whenTakenAway } from "./presence.js";
import { Settings } from "./settings.js";
import { storeOf } from "./store.js";
import { TroubleWatch } from "./trouble_watch.js";

/**
 * What the gateway says in the script that it serves.
 * @typedef {object} Served
 * @property {string} version
 * @property {string} auth_base
 * @property {string} pairing secret
 * @property {Record<string, any>} config
 * @property {Record<string, Record<string, string>>} texts by language
 * @property {Record<string, import("../window/chat_window.js").Served>} windows by language
 */

const PASS_KEY = "cozegate_visitor";
/** Between two times that a gateway is looked for which stayed away for longer than a request waits. */
const REST_MS = 30_000;
const STATUS_TIMEOUT_MS = 5_000;

/** One page with the userscript. */
export class Companion {
  #served;
  #gm;
  #scope;
  #store;
  #settings;
  #identity;
  #log;
  #menu;
  #notices;
  #troubles;
  #send;
  #gateway;
  /** @type {import("./window_face.js").Face | null} */
  #face = null;
  /** Counts the builds: what an older one was waiting for is not used. */
  #build = 0;
  /** @type {(() => void) | null} ends the rest between two attempts */
  #wake = null;

  /**
   * @param {Served} served
   * @param {import("./gm.js").Gm} gm
   * @param {Window & typeof globalThis} scope the sandbox's window
   */
  constructor(served, gm, scope) {
    this.#served = served;
    this.#gm = gm;
    this.#scope = scope;
    this.#store = storeOf(gm, storageOf(scope));
    this.#settings = new Settings(this.#store, served.config, scope.navigator.languages ?? []);
    this.#identity = new Identity(this.#store);
    this.#log = new DebugLog({
      secrets: [served.pairing],
      echo: (line) => this.#settings.values.debug && scope.console.debug(`[cozegate] ${line}`),
    });
    this.#menu = new Menu(gm, (error) => this.#log.add("the menu failed", error));
    this.#notices = new Notices({ voice: new Voice(gm, scope.document, this.#say), store: this.#store });
    this.#troubles = new TroubleWatch({
      scope,
      say: this.#say,
      authBase: served.auth_base,
      isPage: gm.request === null,
      notices: this.#notices,
      log: this.#log,
      onAllowed: () => this.#wake?.(),
    });
    const send = gm.request ? gmTransport(gm.request, gm.manager) : loopbackTransport(scope);
    this.#send = loggedSend(send, this.#log);
    this.#gateway = this.#connected();
  }

  get isShown() {
    return this.#face?.isShown ?? false;
  }

  /** Begins the script's life on this page. */
  async begin() {
    const { manager, managerVersion } = this.#gm;
    this.#log.add(`cozegate ${this.#served.version} in ${manager || "no known manager"} ${managerVersion}`.trim());
    this.#log.add(this.#gm.request ? "requests go through the manager" : "requests are the page's own");
    await bodyOf(this.#scope.document);
    this.#renewMenu();
    whenTakenAway(
      this.#scope.document,
      () => this.#face?.isInPage ?? true,
      () => this.#buildAgain(),
    );
    await this.rebuild();
  }

  /** Opens or closes the chat. Where there is none yet, somebody is waiting for it. */
  async toggle() {
    if (!this.#face) {
      this.#log.add("the chat is wanted, but there is none yet");
      this.#wake?.();
      return this.#notices.answer(this.#say("userscript-not-yet", { address: this.#served.auth_base }));
    }
    if (this.#face.isShown) this.#face.hide();
    else this.#face.show();
    this.#renewMenu();
  }

  /** Builds the chat with the settings and the identity as they are now. */
  async rebuild() {
    const build = (this.#build += 1);
    const wasShown = this.isShown;
    this.#face?.destroy();
    this.#face = null;
    this.#renewMenu();
    this.#wake?.();
    try {
      if (!(await this.#isLetIn(build))) return;
      const face = await openFace({
        scope: this.#scope,
        gm: this.#gm,
        gateway: this.#gateway,
        send: this.#send,
        values: this.#settings.values,
        botName: this.#settings.botName,
        store: this.#store,
        log: this.#log,
        windows: this.#served.windows,
        onChange: () => this.#renewMenu(),
      });
      if (build !== this.#build) return face.destroy();
      this.#face = face;
      this.#log.add(`the chat is there: ${face.name}`);
      if (wasShown) face.show();
    } catch (error) {
      this.#log.add("there is no chat", error);
      this.#notices.tell("broken", this.#say("userscript-trouble-broken"));
    }
    this.#renewMenu();
  }

  /** A page that changes without loading has thrown the chat away with its own content. */
  async #buildAgain() {
    this.#log.add("the page has taken the chat away: it is built again");
    await this.rebuild();
  }

  /** The identity has changed: nothing of the old one's stays. */
  async becomeSomebodyElse() {
    this.#store.write(PASS_KEY, undefined);
    this.#gateway = this.#connected();
    await this.rebuild();
  }

  /** How things stand, as values of the text `userscript-status`. */
  async status() {
    const yesOrNo = (/** @type {boolean} */ is) => this.#say(is ? "userscript-yes" : "userscript-no");
    const version = await this.#gatewayVersion();
    return {
      address: this.#served.auth_base,
      reachable: yesOrNo(version !== null),
      gateway: version ?? "–",
      script: this.#served.version,
      paired: yesOrNo(this.#gateway.current !== null),
      manager: `${this.#gm.manager || "–"} ${this.#gm.managerVersion}`.trim(),
      way: this.#say(this.#gm.request ? "userscript-way-manager" : "userscript-way-page"),
      window: this.#face?.name ?? "–",
      bot: this.#settings.botName || "–",
      user: this.#identity.id,
    };
  }

  #connected() {
    const { auth_base, pairing, config } = this.#served;
    /** @type {Gateway} */
    const gateway = new Gateway({
      authBase: auth_base,
      app: config.app ?? null,
      send: this.#send,
      pass: {
        read: () => {
          const kept = this.#store.read(PASS_KEY);
          return typeof kept === "string" ? kept : null;
        },
        write: (value) => {
          if (value !== null || this.#store.read(PASS_KEY) !== undefined)
            this.#store.write(PASS_KEY, value ?? undefined);
        },
      },
      sessionName: this.#identity.id,
      // A page's own request names its origin, and the page could read the secret.
      pairing: this.#gm.request ? pairing : null,
      onTrouble: (trouble) => gateway === this.#gateway && this.#troubles.take(trouble),
    });
    return gateway;
  }

  /**
   * Waits for a session; false when another build has begun.
   * @param {number} build
   */
  async #isLetIn(build) {
    for (;;) {
      try {
        await this.#gateway.session();
        return build === this.#build;
      } catch (error) {
        if (build !== this.#build) return false;
        this.#log.add("no session", error);
        const isPassing = error instanceof Trouble && error.isPassing;
        // A no stays a no, until somebody has done something about it.
        await this.#rest(isPassing ? REST_MS : Infinity);
        if (build !== this.#build) return false;
      }
    }
  }

  /**
   * @param {number} ms
   * @returns {Promise<void>}
   */
  #rest(ms) {
    return new Promise((resolve) => {
      const timer = ms < Infinity ? this.#scope.setTimeout(() => this.#wake?.(), ms) : undefined;
      this.#wake = () => {
        this.#scope.clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }

  /** @returns {Promise<string | null>} null when nobody answers */
  async #gatewayVersion() {
    try {
      const url = `${this.#served.auth_base}/livez`;
      const signal = AbortSignal.timeout(STATUS_TIMEOUT_MS);
      const answer = await this.#send({ method: "GET", url, headers: {}, signal });
      const { service, version } = await answer.json();
      return service === "cozegate" ? String(version) : null;
    } catch (error) {
      this.#log.add("the gateway does not say that it is there", error);
      return null;
    }
  }

  #renewMenu() {
    const scope = this.#scope;
    this.#menu.show(
      menuEntries({
        companion: this,
        settings: this.#settings,
        identity: this.#identity,
        log: this.#log,
        dialogs: {
          prompt: (text, given = "") => scope.prompt(text, given),
          confirm: (text) => scope.confirm(text),
          alert: (text) => scope.alert(text),
        },
        copy: (text) => copyText(this.#gm, scope, text),
        tell: (text) => this.#notices.answer(text),
        open: (address) => void scope.open(address, "_blank"),
        say: this.#say,
        authBase: this.#served.auth_base,
      }),
    );
  }

  /** @type {import("../pages/page_data.js").Say} */
  #say = (id, values) => speaker(this.#served.texts[this.#settings.values.lang] ?? {})(id, values);
}

/**
 * The page's storage, where it may be touched.
 * @param {Window} scope
 */
function storageOf(scope) {
  try {
    return scope.localStorage;
  } catch {
    return null;
  }
}
