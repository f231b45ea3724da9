// What is kept from page to page: the manager's values where it keeps any, else the page's localStorage.
//
// No handle and no token ever gets here. In localStorage the site can read along, which is why the manager comes first.

const PREFIX = "cozegate.";

/**
 * @typedef {object} Store
 * @property {(name: string) => unknown} read undefined when nothing is kept
 * @property {(name: string, value: unknown) => void} write undefined removes it
 */

/**
 * @param {import("./gm.js").Gm} gm
 * @param {Storage | null} storage
 * @returns {Store}
 */
export function storeOf(gm, storage) {
  const { getValue, setValue, deleteValue } = gm;
  if (getValue && setValue) {
    return {
      read: (name) => getValue(name, undefined),
      write: (name, value) => (value === undefined && deleteValue ? deleteValue(name) : setValue(name, value)),
    };
  }
  return storage ? storageStore(storage) : forgetfulStore();
}

/**
 * @param {Storage} storage
 * @returns {Store}
 */
function storageStore(storage) {
  return {
    read: (name) => {
      try {
        const text = storage.getItem(PREFIX + name);
        return text === null ? undefined : JSON.parse(text);
      } catch {
        // Blocked, or written by somebody else.
        return undefined;
      }
    },
    write: (name, value) => {
      try {
        if (value === undefined) storage.removeItem(PREFIX + name);
        else storage.setItem(PREFIX + name, JSON.stringify(value));
      } catch {
        // Full or blocked: then it holds for this page.
      }
    },
  };
}

/** @returns {Store} */
function forgetfulStore() {
  /** @type {Map<string, unknown>} */
  const values = new Map();
  return { read: (name) => values.get(name), write: (name, value) => values.set(name, value) };
}
