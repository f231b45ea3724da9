// Loads scripts by tags, as a page would: nothing else is allowed everywhere, and a tag can be given the page's nonce.

/** A script that has not come by then will not come. */
const LOAD_TIMEOUT_MS = 30_000;
const PROXY_TRIES = 3;
const DIRECT_TRIES = 2;
const FIRST_RETRY_MS = 500;

/**
 * @typedef {object} Page
 * @property {Document} document
 * @property {string} nonce of our own tag, which scripts of ours may use
 * @property {(ms: number) => Promise<void>} sleep
 */

/**
 * Loads one script.
 * @param {Page} page
 * @param {string} src
 * @returns {Promise<void>}
 */
export function loadScript({ document, nonce }, src) {
  return new Promise((resolve, reject) => {
    const tag = document.createElement("script");
    const timer = setTimeout(() => finish(false), LOAD_TIMEOUT_MS);
    const finish = (/** @type {boolean} */ isLoaded) => {
      clearTimeout(timer);
      if (isLoaded) return resolve();
      tag.remove();
      reject(new Error(`${new URL(src).origin} gave no script`));
    };
    tag.async = true;
    if (nonce) tag.nonce = nonce;
    tag.onload = () => finish(true);
    tag.onerror = () => finish(false);
    tag.src = trusted(src);
    document.head.append(tag);
  });
}

/**
 * A page may take addresses of scripts from declared policies only (Trusted Types); ours declares itself where it may.
 * @param {string} src
 * @returns {string}
 */
function trusted(src) {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  try {
    return trustedTypes.createPolicy("cozegate", { createScriptURL: String }).createScriptURL(src);
  } catch {
    return src;
  }
}

/**
 * Loads the first of some scripts that comes and brings what it is for.
 * @param {Page} page
 * @param {string[]} addresses in the order in which they are tried
 * @param {() => boolean} isThere
 */
export async function loadFirst(page, addresses, isThere) {
  /** @type {unknown} */
  let reason = new Error("there is no script to load");
  for (const [index, src] of addresses.entries()) {
    if (isThere()) return;
    if (index > 0 && src === addresses[index - 1]) await page.sleep(FIRST_RETRY_MS * index);
    try {
      await loadScript(page, src);
      if (isThere()) return;
      reason = new Error("the script brought no chat");
    } catch (error) {
      reason = error;
    }
  }
  throw reason;
}

/**
 * Where the SDK's script is looked for: through the proxy, which keeps it, then where the platform has it.
 * @param {string} url
 * @param {string} apiBase of the proxy
 * @param {"proxy" | "direct"} from
 * @returns {string[]}
 */
export function placesOf(url, apiBase, from) {
  if (!url) return [];
  const direct = new Array(DIRECT_TRIES).fill(url);
  return from === "direct" ? direct : [...new Array(PROXY_TRIES).fill(`${apiBase}/${encodeURIComponent(url)}`), ...direct];
}
