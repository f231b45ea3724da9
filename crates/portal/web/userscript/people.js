// Ways to people that a manager offers, and what stands in where it does not.

import { Notice } from "../embed/notice.js";

const SHOWN_MS = 20_000;

/** Says something to the person before the page. */
export class Voice {
  #notify;
  #document;
  #say;
  /** @type {Notice | null} */
  #notice = null;

  /**
   * @param {Pick<import("./gm.js").Gm, "notify">} gm
   * @param {Document} document where a message stands when the manager shows none
   * @param {import("../pages/page_data.js").Say} say
   */
  constructor(gm, document, say) {
    this.#notify = gm.notify;
    this.#document = document;
    this.#say = say;
  }

  /** @param {string} text */
  say(text) {
    if (this.#notify) return this.#notify({ title: "cozegate", text, silent: true, timeout: SHOWN_MS });
    this.#notice ??= new Notice(this.#document, this.#say("userscript-dismiss"));
    this.#notice.show(text);
  }

  /** What was said no longer holds. A notification of the manager's goes by itself. */
  hush() {
    this.#notice?.clear();
  }
}

/**
 * Puts a text on the clipboard; false when there is no way.
 * @param {Pick<import("./gm.js").Gm, "copy">} gm
 * @param {Window & typeof globalThis} scope
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function copyText({ copy }, scope, text) {
  try {
    if (copy) copy(text, "text");
    else await scope.navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
