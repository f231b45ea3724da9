// Writes the session's user into requests: the gateway refuses any other, and SDKs send a random one where a page names none.
//
// Only a `user_id` that is there is changed. A body that names no user, or the right one, leaves byte for byte.

import { parsed } from "./frames.js";

/**
 * @param {string} path with its query
 * @param {string} userId
 */
export function pathWithUser(path, userId) {
  return path.replace(/([?&]user_id=)[^&]*/g, (_, name) => name + encodeURIComponent(userId));
}

/**
 * @template T
 * @param {T} body only a text can be JSON; the user stands at its top or in `ext`
 * @param {string} userId
 * @returns {T | string}
 */
export function bodyWithUser(body, userId) {
  const asked = typeof body === "string" ? parsed(body) : null;
  let isOther = false;
  for (const holder of [asked, asked?.ext]) {
    const user = holder?.user_id;
    if (user === undefined || user === userId) continue;
    holder.user_id = userId;
    isOther = true;
  }
  return isOther ? JSON.stringify(asked) : body;
}
