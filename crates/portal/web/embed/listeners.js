// Who wants to know what of a chat.

/** @typedef {"ready" | "show" | "hide" | "message" | "error" | "user"} EventName */

/** Listeners by event. */
export class Listeners {
  /** @type {Map<string, Set<(detail: any) => void>>} */
  #listeners = new Map();

  /**
   * @param {EventName} event
   * @param {(detail: any) => void} listener
   * @returns {() => void} takes the listener away again
   */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /**
   * Tells all of them. One that throws is the page's own matter: it must stop neither the others nor the chat.
   * @param {EventName} event
   * @param {unknown} [detail]
   */
  tell(event, detail) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
