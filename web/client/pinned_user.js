// Writes the session's user into requests: the gateway refuses any other, and SDKs send a random one where a page names none.
//
// Only a member or parameter that is there is changed. A request without one, and one that has the right one, leaves as the
// page made it, byte for byte.

import { parsed } from "./frames.js";

/** Names by which the platform takes a user, in queries and at the top of JSON bodies. */
const USER_NAMES = ["user_id", "connector_uid", "uid"];

/**
 * @param {string} path with its query
 * @param {string} userId
 */
export function pathWithUser(path, userId) {
  const [pathname = "", query] = splitOnce(path, "?");
  if (query === undefined || !userId) return path;
  const pairs = query.split("&").map((pair) => {
    const [name = "", value] = splitOnce(pair, "=");
    const isOther = USER_NAMES.includes(decoded(name)) && decoded(value ?? "") !== userId;
    return isOther ? `${name}=${encodeURIComponent(userId)}` : pair;
  });
  return `${pathname}?${pairs.join("&")}`;
}

/**
 * @template T
 * @param {T} body only a text can be JSON
 * @param {string} userId
 * @returns {T | string}
 */
export function bodyWithUser(body, userId) {
  if (typeof body !== "string" || !userId || !USER_NAMES.some((name) => body.includes(`"${name}"`))) return body;
  const asked = parsed(body);
  if (!isObject(asked)) return body;
  const isChanged = [pin(asked, userId), isObject(asked.ext) && pin(asked.ext, userId)].some(Boolean);
  return isChanged ? JSON.stringify(asked) : body;
}

/**
 * @param {any} holder
 * @param {string} userId
 */
function pin(holder, userId) {
  const others = USER_NAMES.filter((name) => Object.hasOwn(holder, name) && holder[name] !== userId);
  for (const name of others) holder[name] = userId;
  return others.length > 0;
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {string} text
 * @param {string} separator
 */
function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** @param {string} text of a query */
function decoded(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
