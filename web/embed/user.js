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
 * Where this browser keeps the name of its anonymous visitor, if it keeps no cookie of ours. A browser may forbid that;
 * then the next page sees somebody new.
 * @param {Window} scope
 * @param {string} app
 * @returns {import("../client/session.js").Pass}
 */
export function passIn(scope, app) {
  const key = app ? `cozegate.visitor.${app}` : "cozegate.visitor";
  return {
    read: () => tried(() => scope.localStorage.getItem(key)),
    write: (value) => {
      tried(() => {
        if (value === null) scope.localStorage.removeItem(key);
        else scope.localStorage.setItem(key, value);
      });
    },
  };
}

/**
 * Removes what the Chat SDK has stored about its user.
 * @param {Window} scope
 */
export function forgetSdkUser(scope) {
  tried(() => {
    for (const key of Object.keys(scope.localStorage)) if (key.startsWith("coze__")) scope.localStorage.removeItem(key);
  });
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
