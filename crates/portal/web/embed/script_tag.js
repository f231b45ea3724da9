// Loads scripts by tags, as a page would: nothing else is allowed everywhere, and a tag can be given the page's nonce.

/** A script that has not come by then will not come. */
const LOAD_TIMEOUT_MS = 30_000;
const FIRST_RETRY_MS = 500;

/**
 * @typedef {object} Page
 * @property {Document} document
 * @property {string} nonce of our own tag, which scripts of ours may use
 * @property {(ms: number) => Promise<void>} sleep
 */

/**
 * Loads one script; gives whether it came.
 * @param {Page} page
 * @param {string} src
 * @returns {Promise<boolean>}
 */
export function loadScript({ document, nonce }, src) {
  return new Promise((resolve) => {
    const tag = document.createElement("script");
    const finish = (/** @type {boolean} */ isLoaded) => {
      clearTimeout(timer);
      if (!isLoaded) tag.remove();
      resolve(isLoaded);
    };
    const timer = setTimeout(finish, LOAD_TIMEOUT_MS, false);
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
 * Loads scripts one after the other until one defines what `isThere` looks for. Only a script that did not load has a
 * successor: one that loaded and defined something else would run once more, with all its side effects.
 * @param {Page} page
 * @param {string[]} addresses in the order in which they are tried
 * @param {() => boolean} isThere
 */
export async function loadFirst(page, addresses, isThere) {
  for (const [index, src] of addresses.entries()) {
    if (isThere()) return;
    if (addresses.indexOf(src) < index) await page.sleep(FIRST_RETRY_MS * index);
    if (await loadScript(page, src)) break;
  }
  if (!isThere()) throw new Error("no script brought the chat");
}

/**
 * Returns the addresses of the SDK's script: through the proxy, which caches it, then at its own host.
 *
 * The plain form of the proxy's address comes first. The SDK takes the folder of its script's address as the base of its
 * other files (webpack's `publicPath: "auto"`); the folder of the percent-encoded form is the proxy's root, which has none
 * of them. The encoded form is for servers in front of the proxy that refuse a URL in a path.
 * @param {string} url
 * @param {string} apiBase of the proxy
 * @param {"proxy" | "direct"} from
 * @returns {string[]}
 */
export function placesOf(url, apiBase, from) {
  if (!url) return [];
  const direct = [url, url];
  if (from === "direct") return direct;
  const plain = `${apiBase}/${url}`;
  return [plain, `${apiBase}/${encodeURIComponent(url)}`, plain, ...direct];
}
