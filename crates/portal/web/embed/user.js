// Who chats: an anonymous visitor of the gateway's, and what a page may say about them.

/**
 * The proof of who a user is, for the gateway to check. There is none yet; `ticket` and `assertion` are the names that later
 * versions will read, so that nobody takes today's silence for a check.
 * @param {Record<string, unknown>} user
 * @param {import("./words.js").Say} say
 * @returns {null}
 */
export function proofOf(user, say) {
  if (user["ticket"] !== undefined || user["assertion"] !== undefined) throw new Error(say("embed-no-proof"));
  return null;
}

/**
 * Where this browser keeps the name of its anonymous visitor, if it keeps no cookie of ours.
 * @param {Window} scope
 * @param {string} app
 * @returns {import("../client/session.js").Pass}
 */
export function passIn(scope, app) {
  const key = app ? `cozegate.visitor.${app}` : "cozegate.visitor";
  return { read: () => kept(scope, key), write: (value) => keep(scope, key, value) };
}

/**
 * Removes what the Chat SDK has stored about its user.
 * @param {Window} scope
 */
export function forgetSdkUser(scope) {
  const keys = tried(() => Object.keys(scope.localStorage)) ?? [];
  for (const key of keys) if (key.startsWith("coze__")) keep(scope, key, null);
}

/**
 * What this browser keeps for us; null when there is nothing, or it does not want to.
 * @param {Window} scope
 * @param {string} key
 */
export function kept(scope, key) {
  return tried(() => scope.localStorage.getItem(key));
}

/**
 * @param {Window} scope
 * @param {string} key
 * @param {string | null} value
 */
export function keep(scope, key, value) {
  tried(() => (value === null ? scope.localStorage.removeItem(key) : scope.localStorage.setItem(key, value)));
}

/**
 * Storage that is switched off throws at every touch.
 * @template T
 * @param {() => T} act
 * @returns {T | null}
 */
function tried(act) {
  try {
    return act();
  } catch {
    return null;
  }
}
