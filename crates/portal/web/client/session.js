// The visitor's session at the gateway: opened once for everybody who waits, renewed before its end, opened anew when its
// handle is refused or the visitor is to be another one.
//
// The handle stands in private fields and in `Authorization` headers. It is never stored, shown, logged or put into an error.

import { parsed } from "./frames.js";
import { Patience } from "./patience.js";
import { rightsIn } from "./rights.js";
import { Trouble, nobodyThere, passingTrouble, refusal } from "./trouble.js";

/**
 * @typedef {object} Upstream where the platform itself is
 * @property {string} apiBase
 * @property {string} wsBase
 * @property {string} sdkUrl the script of its Chat SDK
 */

/**
 * @typedef {object} Opened
 * @property {string} handle
 * @property {string} apiBase where to send the platform's requests, without a slash at the end
 * @property {string} wsBase
 * @property {string} userId
 * @property {import("./rights.js").Rights} rights
 * @property {number} endsAt in milliseconds of `now()`
 * @property {Upstream} upstream
 */

/**
 * @typedef {object} Pass where the name of an anonymous visitor is kept for browsers that keep no cookie of ours. It is no
 *   handle and opens nothing at the platform.
 * @property {() => string | null} read
 * @property {(value: string | null) => void} write
 */

/** An opening is given up after this long without an answer, and tried again. */
const ANSWER_TIMEOUT_MS = 15_000;
/** How long one caller waits for a gateway that is away. */
const OPENING_BUDGET_MS = 60_000;
/** A session is replaced this long before its end, or earlier by the share below when it is short. */
const MARGIN_MS = 30_000;
const MARGIN_SHARE = 0.25;

/** One visitor's session. */
export class VisitorSession {
  #parts;
  /** @type {Opened | null} */
  #current = null;
  /** When `#current` is to be replaced. */
  #replaceAt = 0;
  /** @type {Promise<Opened> | null} */
  #opening = null;
  /** Whether the next opening shall make a new visitor. */
  #isFresh = false;
  /** Counts the visitors: an opening that was begun for another one is not used. */
  #visitor = 0;
  #clockLead = 0;

  /**
   * @param {object} parts
   * @param {string} parts.authBase origin of the auth service
   * @param {string | null} [parts.app] without it the gateway takes its default one
   * @param {string | null} [parts.sessionName] local mode only
   * @param {string | null} [parts.pairing] the secret of a userscript, whose requests carry no origin
   * @param {import("./transport.js").Send} parts.send
   * @param {Pass} parts.pass
   * @param {import("./patience.js").Time} parts.time
   * @param {(trouble: Trouble | null) => void} parts.onTrouble
   * @param {(opened: Opened) => void} [parts.onOpened]
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** The last session that was opened, which may have ended; null before the first. */
  get current() {
    return this.#current;
  }

  /** How far the gateway's clock is ahead of ours, in milliseconds; known with the first session. */
  get clockLead() {
    return this.#clockLead;
  }

  /**
   * Returns a session that is open for a while yet. Waits for a gateway that is away; throws a {@link Trouble} when it
   * stays away or says no.
   * @returns {Promise<Opened>}
   */
  async open() {
    if (this.#current && this.#parts.time.now() < this.#replaceAt) return this.#current;
    const opening = (this.#opening ??= this.#openPatiently());
    try {
      return await opening;
    } finally {
      if (this.#opening === opening) this.#opening = null;
    }
  }

  /**
   * Takes note that a session's handle was refused; whoever opens next gets a new one. Only this one is dropped: somebody
   * else may have opened a new one meanwhile.
   * @param {Opened} refused
   */
  refuse(refused) {
    if (this.#current?.handle === refused.handle) this.#replaceAt = 0;
  }

  /**
   * Ends this visitor here: the next opening is for another one.
   * @param {{ fresh?: boolean }} [how] `fresh` tells the gateway to make a new anonymous visitor
   */
  forget({ fresh = false } = {}) {
    this.#visitor += 1;
    this.#current = null;
    this.#opening = null;
    this.#isFresh ||= fresh;
    if (fresh) this.#parts.pass.write(null);
  }

  /** @returns {Promise<Opened>} */
  async #openPatiently() {
    const { time, onTrouble } = this.#parts;
    const patience = new Patience(time, OPENING_BUDGET_MS);
    for (;;) {
      const visitor = this.#visitor;
      try {
        const opened = await this.#ask();
        onTrouble(null);
        // Somebody has changed the visitor meanwhile: then theirs is the one to use.
        if (visitor !== this.#visitor) return await this.open();
        return opened;
      } catch (error) {
        const trouble = error instanceof Trouble ? error : nobodyThere(error);
        onTrouble(trouble);
        if (!trouble.isPassing || !(await patience.wait(trouble.retryAfterMs))) throw trouble;
      }
    }
  }

  /** @returns {Promise<Opened>} */
  async #ask() {
    const { authBase, app, sessionName, pairing, send, pass, time } = this.#parts;
    const visitor = this.#visitor;
    const isFresh = this.#isFresh;
    const known = isFresh ? null : pass.read();
    const response = await send({
      method: "POST",
      url: `${authBase}/auth/session`,
      headers: { "Content-Type": "application/json", ...(pairing ? { "X-Cozegate-Pairing": pairing } : {}) },
      body: JSON.stringify({
        ...(app ? { app } : {}),
        ...(sessionName ? { session_name: sessionName } : {}),
        ...(known ? { visitor: known } : {}),
        ...(isFresh ? { fresh: true } : {}),
      }),
      credentials: "include",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    // A body that breaks off or never ends rejects here: the gateway is away. One that is no JSON is a refusal.
    const body = parsed(await response.clone().text());
    if (!response.ok || !body?.handle) throw passingTrouble(response, body) ?? refusal(response, body);
    const now = time.now();
    const livesMs = (Number(body.expires_in) || 3600) * 1000;
    const opened = openedBy(body, now + livesMs);
    if (visitor !== this.#visitor) return opened;

    this.#current = opened;
    this.#replaceAt = opened.endsAt - Math.min(MARGIN_MS, livesMs * MARGIN_SHARE);
    this.#isFresh = false;
    if (body.expires_at) this.#clockLead = Number(body.expires_at) * 1000 - livesMs - now;
    pass.write(typeof body.visitor === "string" ? body.visitor : null);
    this.#parts.onOpened?.(opened);
    return opened;
  }
}

/**
 * @param {any} body
 * @param {number} endsAt
 * @returns {Opened}
 */
function openedBy(body, endsAt) {
  const { handle, api_base, ws_base, user, upstream } = body;
  const apiBase = String(api_base).replace(/\/+$/, "");
  return {
    handle,
    apiBase,
    wsBase: String(ws_base),
    userId: String(user?.id ?? ""),
    rights: rightsIn(body),
    endsAt,
    upstream: { apiBase: upstream.api_base, wsBase: upstream.ws_base, sdkUrl: upstream.sdk_url },
  };
}
