// What the server put into the page for its script: JSON blocks, and the texts in the page's language.

/**
 * Fills the holes of a text by name.
 * @callback Say
 * @param {string} id
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */

/**
 * Reads `<script type="application/json" id="…">`.
 * @param {string} id
 * @returns {any}
 */
export function readBlock(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}");
}

/**
 * Returns the function that knows the page's texts. An unknown id is shown as it is: a wrong word must not stop a page.
 * @param {Record<string, string>} texts
 * @returns {Say}
 */
export function speaker(texts) {
  return (id, values = {}) => (texts[id] ?? id).replace(/\{(\w+)\}/g, (hole, name) => String(values[name] ?? hole));
}

/**
 * Finds the element with an id, which the template promises.
 * @typedef {<T extends HTMLElement = HTMLElement>(id: string) => T} Find
 */

/**
 * Returns what finds the elements of a page, or of a shadow root: the chat lives in both.
 * @param {NonElementParentNode} root
 * @returns {Find}
 */
export function finder(root) {
  return (id) => {
    const found = root.getElementById(id);
    if (!found) throw new Error(`The page has no #${id}.`);
    return /** @type {any} */ (found);
  };
}
