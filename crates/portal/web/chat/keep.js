// Keeps small things in the browser. A browser that forbids storage (blocked site data) costs the memory, not the page.

/**
 * @param {"localStorage" | "sessionStorage"} area
 * @param {string} key
 * @returns {string | null}
 */
export function kept(area, key) {
  try {
    return globalThis[area].getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {"localStorage" | "sessionStorage"} area
 * @param {string} key
 * @param {string} value the empty text removes the key
 */
export function keep(area, key, value) {
  try {
    if (value) globalThis[area].setItem(key, value);
    else globalThis[area].removeItem(key);
  } catch {
    // Nothing depends on it.
  }
}
