// The visitor's session: opens it, keeps its handle, opens it anew when the handle is refused.
//
// The handle stands in a private field of this object and in `Authorization` headers. It is never stored, shown, logged
// or put into an address: what a page does not keep, a foreign script cannot read later.

import { Failure, failureIn, unreachable } from "./failure.js";

/**
 * @typedef {object} Opened
 * @property {string} handle
 * @property {string} apiBase where to send requests, without a slash at the end
 * @property {string} userId
 * @property {number} endsAt milliseconds of `now()`
 */

/** Opens a session this long before its stated end. */
const MARGIN_MS = 30_000;
const CALL_TIMEOUT_MS = 30_000;

/** One visitor's session. */
export class Session {
  #fetch;
  #now;
  #apiBase;
  #app;
  /** @type {Promise<Opened> | null} */
  #opened = null;

  /**
   * @param {{ apiBase: string, app?: string | null, fetch?: typeof fetch, now?: () => number }} parts `apiBase` is used
   *   when the answer names none; without `app` the gateway takes its default one
   */
  constructor({ apiBase, app = null, fetch = globalThis.fetch.bind(globalThis), now = Date.now }) {
    this.#apiBase = apiBase;
    this.#app = app;
    this.#fetch = fetch;
    this.#now = now;
  }

  /**
   * Returns the open session; callers at the same time share one opening.
   * @returns {Promise<Opened>}
   */
  async current() {
    const opening = (this.#opened ??= this.#open());
    /** @type {Opened} */
    let opened;
    try {
      opened = await opening;
    } catch (error) {
      this.#forget(opening);
      throw error;
    }
    if (opened.endsAt - this.#now() > MARGIN_MS) return opened;
    this.#forget(opening);
    return (this.#opened ??= this.#open());
  }

  /**
   * Runs `attempt` with the open session. When the answer says that the handle is no longer good, opens the session anew
   * and runs it once more; what fails then is the caller's.
   * @template T
   * @param {(visitor: import("./api.js").Visitor) => Promise<T>} attempt
   * @returns {Promise<T>}
   */
  async use(attempt) {
    const opened = await this.current();
    const opening = this.#opened;
    try {
      return await attempt(this.#visitor(opened));
    } catch (error) {
      if (!(error instanceof Failure && error.isStaleHandle)) throw error;
      // Somebody else may have opened a new one meanwhile; forget only the one that was refused.
      this.#forget(opening);
      return attempt(this.#visitor(await this.current()));
    }
  }

  /** How long a plain call may take. */
  get callTimeoutMs() {
    return CALL_TIMEOUT_MS;
  }

  /**
   * @param {Opened} opened
   * @returns {import("./api.js").Visitor}
   */
  #visitor({ handle, apiBase, userId }) {
    return {
      userId,
      send: (path, { headers, ...init }) =>
        this.#fetch(apiBase + path, {
          ...init,
          headers: { ...headers, Authorization: `Bearer ${handle}` },
          credentials: "omit",
        }),
    };
  }

  /** @param {Promise<Opened> | null} opening */
  #forget(opening) {
    if (this.#opened === opening) this.#opened = null;
  }

  /** @returns {Promise<Opened>} */
  async #open() {
    /** @type {Response} */
    let response;
    try {
      response = await this.#fetch("/auth/session", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(this.#app ? { app: this.#app } : {}),
        cache: "no-store",
      });
    } catch (cause) {
      throw unreachable(cause);
    }
    const body = await response.json().catch(() => null);
    const failure = failureIn(body, response);
    if (failure) throw failure;
    if (typeof body?.handle !== "string") throw new Failure("upstream", { reason: "/auth/session gave no handle" });
    return {
      handle: body.handle,
      apiBase: String(body.api_base || this.#apiBase).replace(/\/+$/, ""),
      userId: String(body.user?.id ?? ""),
      endsAt: this.#now() + (Number(body.expires_in) || 3600) * 1000,
    };
  }
}
