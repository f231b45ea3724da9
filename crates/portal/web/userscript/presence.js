// Whether this page has the userscript already: managers inject again when a script was updated or installed twice.
//
// Each copy may run in a world of its own, but all hear the document's events, at once; nothing is written into the page.

const QUESTION = "cozegate:anybody-here";

/**
 * Returns true for the first in this document, and answers those that come later.
 * @param {Document} document
 */
export function isFirst(document) {
  const question = new CustomEvent(QUESTION, { cancelable: true });
  if (!document.dispatchEvent(question)) return false;
  document.addEventListener(QUESTION, (event) => event.preventDefault());
  return true;
}

/**
 * Calls `act` when what we have put into the document is no longer there; each time anew.
 * @param {Document} document
 * @param {() => boolean} isThere
 * @param {() => void} act
 */
export function whenTakenAway(document, isThere, act) {
  const look = () => {
    if (!isThere()) act();
  };
  // Only what hangs on the root and the body: ours does, and the page's own changes shall cost nothing.
  const observer = new MutationObserver(() => {
    observeBody();
    look();
  });
  /** @type {Element | null} */
  let body = null;
  const observeBody = () => {
    if (!document.body || document.body === body) return;
    body = document.body;
    observer.observe(body, { childList: true });
  };
  observer.observe(document.documentElement, { childList: true });
  observeBody();
}

/**
 * Waits until the document has a body.
 * @param {Document} document
 * @returns {Promise<void>}
 */
export function bodyOf(document) {
  if (document.body) return Promise.resolve();
  return new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (!document.body) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(document.documentElement ?? document, { childList: true, subtree: true });
  });
}
