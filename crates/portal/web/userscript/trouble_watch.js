// What keeps requests waiting: told to people when it lasts, and when only they can end it.

import { explain } from "./explain.js";

/** A gateway that is away for less than this was being restarted. */
const PATIENCE_MS = 4_000;

/** Watches what the gateway's client says. */
export class TroubleWatch {
  #parts;
  /** @type {number | undefined} */
  #patience;

  /**
   * @param {object} parts
   * @param {Window & typeof globalThis} parts.scope
   * @param {import("../pages/page_data.js").Say} parts.say
   * @param {string} parts.authBase
   * @param {boolean} parts.isPage whether requests are the page's own
   * @param {import("./notices.js").Notices} parts.notices
   * @param {import("./log.js").DebugLog} parts.log
   * @param {() => void} parts.onAllowed a permission that was in the way has changed
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {import("../client/trouble.js").Trouble | null} trouble that requests have now; null when there is none */
  take(trouble) {
    const { scope, notices } = this.#parts;
    if (!trouble) {
      scope.clearTimeout(this.#patience);
      this.#patience = undefined;
      return notices.clear();
    }
    if (!trouble.isPassing) {
      this.#tell(trouble);
      return;
    }
    this.#patience ??= scope.setTimeout(() => this.#tell(trouble), PATIENCE_MS);
  }

  /** @param {import("../client/trouble.js").Trouble} trouble */
  async #tell(trouble) {
    const { scope, notices, log, onAllowed, ...rest } = this.#parts;
    const { kind, text, permission } = await explain(trouble, { ...rest, navigator: scope.navigator });
    log.add(`trouble: ${kind}`, trouble.cause ?? trouble);
    if (permission) permission.onchange = onAllowed;
    notices.tell(kind, text);
  }
}
