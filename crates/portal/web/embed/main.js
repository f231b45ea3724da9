// embed.js starts here: one tag on a page brings the chat.
//
//   <script src="https://chat.example.com/embed.js" data-bot-id="…" async></script>
//
// A page may hold the tag twice, take it out and put it in again, or load it again on each of its routes. The first copy
// owns the page's chat and `window.cozegate`; every later one only tells it what its own tag says.

import { Embed } from "./embed.js";
import { attributesOf, hasBot, settingsOf } from "./options.js";
import { STAND_IN } from "./ways.js";
import { words } from "./words.js";

/** How copies of this script find each other. */
const OWNER = Symbol.for("cozegate.embed");

/**
 * @param {{ version: string, texts: Record<string, Record<string, string>> }} served what the server says
 */
export function start(served) {
  const scope = /** @type {any} */ (window);
  const tag = ownTag(document);
  if (!scope.cozegate?.[OWNER]) scope.cozegate = apiOf(served, tag);
  scope.cozegate[OWNER](tag);
}

/** The tag that brought this copy. @param {Document} document */
function ownTag(document) {
  const { currentScript } = document;
  if (currentScript instanceof HTMLScriptElement) return currentScript;
  /** @type {HTMLScriptElement | null} */
  const found = document.querySelector('script[src*="/embed.js"]');
  return found;
}

/**
 * @param {{ version: string, texts: Record<string, Record<string, string>> }} served
 * @param {HTMLScriptElement | null} tag
 */
function apiOf({ version, texts }, tag) {
  const authBase = new URL(".", tag?.src || location.href).href.replace(/\/$/, "");
  const embed = new Embed({ scope: window, texts, authBase, nonce: tag?.nonce ?? "" });
  /** What the last tag said. @type {Record<string, any>} */
  let attributes = {};
  const settings = (/** @type {Record<string, any>} */ given) => {
    const pageLang = document.documentElement.lang || navigator.language || "";
    return settingsOf([attributes, /** @type {any} */ (window).cozegateOptions ?? {}, given], pageLang);
  };

  return {
    version,
    /** For programs that want a token although the gateway puts the real one in. */
    token: STAND_IN,
    /** `user.id` is the only user that requests of this page may name. */
    get user() {
      return embed.user;
    },
    get ready() {
      return embed.ready;
    },
    show: () => embed.show(),
    hide: () => embed.hide(),
    destroy: () => embed.destroy(),
    init: (/** @type {Record<string, any>} */ given = {}) => {
      const wanted = settings(given);
      if (!hasBot(wanted)) throw new Error(words(texts, wanted.lang)("embed-no-bot"));
      embed.init(wanted);
    },
    on: (/** @type {any} */ event, /** @type {(detail: any) => void} */ listener) => embed.on(event, listener),
    setUser: (/** @type {{ nickname?: string, url?: string } | null} */ user) => embed.setUser(user),
    /** @param {HTMLScriptElement | null} another tag of ours on this page */
    [OWNER](another) {
      const said = attributesOf(another);
      // The same tag once more changes nothing: frameworks do that.
      if (embed.isAlive && JSON.stringify(said) === JSON.stringify(attributes)) return;
      attributes = said;
      const wanted = settings({});
      if (hasBot(wanted)) embed.init(wanted);
    },
  };
}
