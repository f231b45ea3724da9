// What a session may do, by what the gateway says in its answer (`operations`, `bots`). A gateway that says nothing allows
// everything that it knows; the gateway decides in any case.

/**
 * @typedef {object} Rights
 * @property {readonly string[] | null} operations groups of operations; null: all
 * @property {readonly string[] | null} bots ids; null: all
 */

/**
 * Reads the answer of `POST /auth/session`; `{}` has all rights.
 * @param {any} body
 * @returns {Rights}
 */
export function rightsIn({ operations = null, bots = null }) {
  return { operations, bots: bots?.includes("*") ? null : bots };
}

/**
 * @param {Rights} rights
 * @param {...string} groups
 */
export function allows({ operations }, ...groups) {
  return groups.every((group) => operations?.includes(group) ?? true);
}
