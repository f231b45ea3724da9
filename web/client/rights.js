// What a session may do, by what the gateway says in its answer (`operations`, `bots`). A gateway that says nothing allows
// everything that it knows; the gateway decides in any case.

/**
 * @typedef {object} Rights
 * @property {string} grade how the gateway knows the visitor: `anonymous`, `local` ...; empty when it does not say
 * @property {ReadonlySet<string> | null} operations groups of operations; null: all
 * @property {readonly string[] | null} bots ids; null: all
 */

/** @type {Rights} */
export const ALL_RIGHTS = { grade: "", operations: null, bots: null };

/**
 * Reads the answer of `POST /auth/session`.
 * @param {any} body
 * @returns {Rights}
 */
export function rightsIn({ grade, operations, bots }) {
  const named = Array.isArray(bots) && !bots.includes("*");
  return {
    grade: typeof grade === "string" ? grade : "",
    operations: Array.isArray(operations) ? new Set(operations.map(String)) : null,
    bots: named ? bots.map(String) : null,
  };
}

/**
 * @param {Rights} rights
 * @param {...string} groups
 */
export function allows({ operations }, ...groups) {
  return operations === null || groups.every((group) => operations.has(group));
}
