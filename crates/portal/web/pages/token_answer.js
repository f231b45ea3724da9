// Reading what `/callback` answers a script. Its shape is historic: `expires_in` holds an instant, and as text.

/**
 * A token and when it ends.
 * @typedef {{ token: string, endsAt: number | null }} TokenAnswer
 */

/**
 * Returns the token of an answer; `endsAt` in Unix seconds, null when the answer names no end.
 * @param {any} body `{access_token, expires_in: "<unix> (<date>)"}`
 * @returns {TokenAnswer}
 */
export function readTokenAnswer(body) {
  if (typeof body?.access_token !== "string" || body.access_token === "") throw new TypeError("no access_token");
  const seconds = Number.parseInt(String(body.expires_in ?? ""), 10);
  return { token: body.access_token, endsAt: Number.isFinite(seconds) && seconds > 0 ? seconds : null };
}

/**
 * Returns the token with its middle hidden: enough to compare two, too little to use one.
 * @param {string} token
 */
export function masked(token) {
  return token.length <= 16 ? "•".repeat(12) : `${token.slice(0, 8)}${"•".repeat(12)}${token.slice(-4)}`;
}

/**
 * Returns a span of time as a clock shows it: `14:59`, `1:00:00`.
 * @param {number} seconds
 */
export function clockTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
