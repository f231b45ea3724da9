// What a userscript manager keeps, in memory; and texts as their ids.

/** @param {Record<string, unknown>} [values] */
export function storeWith(values = {}) {
  const kept = new Map(Object.entries(values));
  return {
    kept,
    read: (/** @type {string} */ name) => kept.get(name),
    write: (/** @type {string} */ name, /** @type {unknown} */ value) =>
      void (value === undefined ? kept.delete(name) : kept.set(name, value)),
  };
}

/** Ids as they are, with their values. @type {import("../pages/page_data.js").Say} */
export const say = (id, values = {}) => [id, ...Object.values(values)].join(" ");
