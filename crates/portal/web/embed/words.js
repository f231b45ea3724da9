// The texts that the server put into the script, in the language of the chat.

/** @typedef {(id: string, values?: Record<string, string>) => string} Say */

/**
 * Returns the function that knows the texts. An unknown id is shown as it is: a wrong word must not stop a page.
 * @param {Record<string, Record<string, string>>} texts by language and id
 * @param {string} lang
 * @returns {Say}
 */
export function words(texts, lang) {
  const known = texts[lang] ?? {};
  return (id, values = {}) => (known[id] ?? id).replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);
}
