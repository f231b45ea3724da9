// The windows that a chat can have: the platform's Chat SDK, our own, or none at all. Each is opened, shown, hidden and
// taken away in the same way.

import { sdkOptions } from "./options.js";
import { loadFirst, placesOf } from "./script_tag.js";
import { keep, kept } from "./user.js";
import { STAND_IN } from "./ways.js";

/**
 * @typedef {object} Chat
 * @property {() => void} show
 * @property {() => void} hide
 * @property {() => void} destroy
 * @property {() => boolean} isInPage false when somebody has thrown its elements away
 *
 * @typedef {object} Place
 * @property {Window & typeof globalThis} scope
 * @property {string} authBase
 * @property {import("./script_tag.js").Page} page
 * @property {import("../client/gateway.js").Gateway} gateway
 * @property {import("./options.js").Settings} settings
 * @property {import("../client/session.js").Opened} opened
 * @property {() => void} onShow
 * @property {() => void} onHide
 */

/** What our window remembers from page to page, such as where its button was put. */
const PLACE = "cozegate.";

/** @type {Chat} */
export const NO_CHAT = { show() {}, hide() {}, destroy() {}, isInPage: () => true };

/**
 * The Chat SDK's window.
 * @param {Place} place
 * @returns {Promise<Chat>}
 */
export async function openSdk({ scope, page, gateway, settings, opened, onShow, onHide }) {
  const clientClass = () => /** @type {any} */ (scope).CozeWebSDK?.WebChatClient;
  const url = settings.sdk || opened.upstream.sdkUrl;
  await loadFirst(page, placesOf(url, opened.apiBase, settings.sdkFrom), () => Boolean(clientClass()));
  const auth = {
    type: "token",
    token: STAND_IN,
    onRefreshToken: async () => {
      await gateway.onRefreshToken();
      return STAND_IN;
    },
  };
  const { body } = scope.document;
  const before = new Set(body.children);
  const client = new (clientClass())(sdkOptions(settings, { userId: opened.userId, rights: opened.rights, auth, onShow, onHide }));
  const added = [...body.children].filter((child) => !before.has(child) && child.tagName !== "SCRIPT");
  return {
    show: () => client.showChatBot(),
    hide: () => client.hideChatBot(),
    destroy: () => client.destroy(),
    isInPage: () => added.every((element) => element.isConnected),
  };
}

/**
 * Our own window.
 * @param {Place} place
 * @returns {Promise<Chat>}
 */
export async function openWindow({ scope, authBase, page, gateway, settings, onShow, onHide }) {
  const opener = () => /** @type {any} */ (scope)[Symbol.for("cozegate.window")];
  await loadFirst(page, [`${authBase}/embed/window.js?lang=${settings.lang}`], () => typeof opener() === "function");
  const { lang, botId, title, width, zIndex, options } = settings;
  const handle = opener()({
    document: scope.document,
    gateway,
    lang,
    botId: botId || (options["config"]?.bot_id ?? ""),
    title,
    width,
    zIndex,
    button: options["ui"]?.asstBtn?.isNeed !== false,
    onShow,
    onHide,
    // Gateway and notice tell of these already.
    onMessage() {},
    onError() {},
    keep: {
      read: (/** @type {string} */ key) => kept(scope, PLACE + key),
      write: (/** @type {string} */ key, /** @type {string} */ value) => keep(scope, PLACE + key, value),
    },
  });
  return {
    show: () => handle.show(),
    hide: () => handle.hide(),
    destroy: () => handle.destroy(),
    isInPage: () => handle.isInPage?.() ?? true,
  };
}
