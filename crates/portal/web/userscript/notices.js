// Messages that nobody asked for: by the manager's notifications, once for each thing that is wrong.
//
// The script runs on many pages at once: a gateway that is not running is told on one of them, and again when it has been
// back in between or a while has passed.

const KEY = "cozegate_told";
const QUIET_MS = 10 * 60_000;

/** Tells people what happened. */
export class Notices {
  #voice;
  #store;
  #now;
  /** @type {Set<string>} told on this page */
  #told = new Set();

  /**
   * @param {object} parts
   * @param {{ say: (text: string) => void, hush: () => void }} parts.voice
   * @param {import("./store.js").Store} parts.store
   * @param {() => number} [parts.now]
   */
  constructor({ voice, store, now = Date.now }) {
    this.#voice = voice;
    this.#store = store;
    this.#now = now;
  }

  /**
   * Tells `text`, unless this kind was told already.
   * @param {string} kind
   * @param {string} text
   */
  tell(kind, text) {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    const elsewhere = this.#elsewhere();
    const since = this.#now() - (elsewhere[kind] ?? -Infinity);
    if (since >= 0 && since < QUIET_MS) return;
    this.#store.write(KEY, { ...elsewhere, [kind]: this.#now() });
    this.#voice.say(text);
  }

  /**
   * Answers somebody who asked.
   * @param {string} text
   */
  answer(text) {
    this.#voice.say(text);
  }

  /** All is well: what goes wrong next is news. */
  clear() {
    if (this.#told.size > 0) this.#voice.hush();
    this.#told.clear();
    if (Object.keys(this.#elsewhere()).length > 0) this.#store.write(KEY, undefined);
  }

  /** @returns {Record<string, number>} */
  #elsewhere() {
    const kept = this.#store.read(KEY);
    return typeof kept === "object" && kept !== null ? /** @type {Record<string, number>} */ (kept) : {};
  }
}
