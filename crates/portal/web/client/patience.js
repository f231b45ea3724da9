// How long something that failed is tried again, and with which pauses.

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

/**
 * @typedef {object} Time what waiting needs to know of the world
 * @property {() => number} now
 * @property {(ms: number, signal?: AbortSignal | null) => Promise<void>} sleep rejects with the signal's reason
 * @property {() => number} random from 0 to 1
 */

/**
 * Waits on the system's clock.
 * @param {number} ms
 * @param {AbortSignal | null} [signal]
 * @returns {Promise<void>}
 */
export function sleepOnClock(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** The patience with one request. */
export class Patience {
  #time;
  #endsAt;
  #signal;
  #pauses = 0;

  /**
   * @param {Time} time
   * @param {number} budgetMs
   * @param {AbortSignal | null} [signal] ends the waiting
   */
  constructor(time, budgetMs, signal = null) {
    this.#time = time;
    this.#endsAt = time.now() + budgetMs;
    this.#signal = signal;
  }

  /** How often it has waited. */
  get pauses() {
    return this.#pauses;
  }

  /**
   * Waits before the next attempt, each time longer; false when there is no time left for one. Half of a pause is random,
   * so that the pages that lost the same gateway do not come back to it at the same moment.
   * @param {number} [atLeastMs] what the other side asked for
   * @returns {Promise<boolean>}
   */
  async wait(atLeastMs = 0) {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#pauses, LONGEST_PAUSE_MS);
    const pause = Math.max(atLeastMs, longest * (0.5 + this.#time.random() / 2));
    if (this.#time.now() + pause > this.#endsAt) return false;
    this.#pauses += 1;
    await this.#time.sleep(pause, this.#signal);
    return true;
  }
}
