// Ways to people that a manager offers, and what stands in where it does not.

const SHOWN_MS = 20_000;

/**
 * Shows a notification.
 * @param {Pick<import("./gm.js").Gm, "notify">} gm
 * @param {Window & typeof globalThis} scope
 * @param {string} text
 */
export function notify({ notify }, scope, text) {
  if (notify) notify({ title: "cozegate", text, silent: true, timeout: SHOWN_MS });
  else scope.console.info(`[cozegate] ${text}`);
}

/**
 * Puts a text on the clipboard; false when there is no way.
 * @param {Pick<import("./gm.js").Gm, "copy">} gm
 * @param {Window & typeof globalThis} scope
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function copyText({ copy }, scope, text) {
  try {
    if (copy) copy(text, "text");
    else await scope.navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
