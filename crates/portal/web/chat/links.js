// Finds web addresses in plain text. Only `http:` and `https:` become links; everything else stays text.

/**
 * @typedef {{ text: string, href?: string }} Part
 */

// Ends where a sentence ends as well: neither Western nor Chinese punctuation, quotes or brackets belong to an address.
const ADDRESS = /https?:\/\/[^\s<>"'`，。；：！？、（）《》「」『』【】“”‘’]+/gi;
const TRAILING = /[.,;:!?*_~\])}]+$/;

/**
 * Cuts a text into parts; the parts' texts joined give the text again.
 * @param {string} text
 * @returns {Part[]}
 */
export function splitLinks(text) {
  /** @type {Part[]} */
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutTrailing(match[0]);
    const href = hrefOf(address);
    if (!href) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/**
 * Returns the address as browsers write it, or null for one that is none. Not by `URL.canParse`: on other people's pages there
 * are browsers of before 2023.
 * @param {string} address
 */
function hrefOf(address) {
  try {
    return new URL(address).href;
  } catch {
    return null;
  }
}

/**
 * Drops punctuation behind an address, but keeps a bracket that was opened inside it, as in `…/Tea_(drink)`.
 * @param {string} address
 */
function withoutTrailing(address) {
  const trailing = TRAILING.exec(address)?.[0] ?? "";
  const kept = trailing.startsWith(")") && address.includes("(") ? 1 : 0;
  return address.slice(0, address.length - trailing.length + kept);
}
