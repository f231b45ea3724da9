// The script's entries in the manager's menu. A label tells the state, so entries are registered anew when one changes.

/**
 * @typedef {object} Entry
 * @property {string} label
 * @property {() => void | Promise<void>} act
 */

/** The entries that are registered now. */
export class Menu {
  #gm;
  #onFailure;
  /** @type {unknown[]} */
  #ids = [];
  #labels = "";

  /**
   * @param {Pick<import("./gm.js").Gm, "registerMenu" | "unregisterMenu">} gm
   * @param {(error: unknown) => void} onFailure of an entry's act
   */
  constructor(gm, onFailure) {
    this.#gm = gm;
    this.#onFailure = onFailure;
  }

  /**
   * Shows these and no others.
   * @param {Entry[]} entries
   */
  show(entries) {
    const { registerMenu, unregisterMenu } = this.#gm;
    const labels = JSON.stringify(entries.map(({ label }) => label));
    // Without a way to take entries back there is one set, with the labels of the beginning.
    if (!registerMenu || labels === this.#labels || (this.#ids.length > 0 && !unregisterMenu)) return;
    for (const id of this.#ids) unregisterMenu?.(id);
    this.#labels = labels;
    this.#ids = entries.map(({ label, act }) =>
      registerMenu(label, () => {
        Promise.resolve().then(act).catch(this.#onFailure);
      }),
    );
  }
}
