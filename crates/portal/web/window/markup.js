// Builds elements from the markup that our server has written (templates/window.html), one by one.
//
// Not by innerHTML: a page with `require-trusted-types-for 'script'` forbids it, and nothing here should be able to parse
// what others have written. Only the forms that our templates give are read; anything else is an error.

/**
 * @typedef {{ kind: "open", tag: string, attributes: [string, string][], isClosed: boolean }
 *   | { kind: "close", tag: string }
 *   | { kind: "text", text: string }} Piece
 */

const PIECE =
  /<!--[^]*?-->|<\/(?<closed>[a-z][a-z0-9]*)>|<(?<opened>[a-z][a-z0-9]*)(?<attributes>(?:\s+[a-zA-Z][\w-]*(?:="[^"<]*")?)*)\s*(?<self>\/?)>|(?<text>[^<]+)/y;
const ATTRIBUTE = /\s+(?<name>[a-zA-Z][\w-]*)(?:="(?<value>[^"]*)")?/g;
/** Elements without an end tag. */
const VOID = new Set(["br", "hr", "img", "input"]);
const SVG = "http://www.w3.org/2000/svg";

/**
 * Yields what stands in a markup, in its order.
 * @param {string} markup
 * @returns {Generator<Piece, void, void>}
 */
export function* pieces(markup) {
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < markup.length) {
    const at = PIECE.lastIndex;
    const found = PIECE.exec(markup)?.groups;
    // The generator may rest here while another one reads.
    const next = PIECE.lastIndex;
    if (!found) throw new SyntaxError(`unread markup: ${markup.slice(at, at + 40)}`);
    const { closed, opened, attributes = "", self, text } = found;
    if (closed) yield { kind: "close", tag: closed };
    else if (text !== undefined) yield { kind: "text", text: plain(text) };
    else if (opened) {
      const named = [...attributes.matchAll(ATTRIBUTE)].map(({ groups }) => groups ?? {});
      yield {
        kind: "open",
        tag: opened,
        attributes: named.map(({ name = "", value = "" }) => [name, plain(value)]),
        isClosed: self === "/" || VOID.has(opened),
      };
    }
    PIECE.lastIndex = next;
  }
}

/**
 * Builds the elements.
 * @param {Document} document
 * @param {string} markup
 * @returns {DocumentFragment}
 */
export function built(document, markup) {
  const root = document.createDocumentFragment();
  /** @type {(DocumentFragment | Element)[]} */
  const open = [root];
  for (const piece of pieces(markup)) {
    const around = /** @type {DocumentFragment | Element} */ (open.at(-1));
    // What stands in a template is not in the page.
    const parent = isTemplate(around) ? around.content : around;
    if (piece.kind === "text") parent.append(piece.text);
    else if (piece.kind === "open") {
      const isSvg = piece.tag === "svg" || ("namespaceURI" in around && around.namespaceURI === SVG);
      const element = isSvg ? document.createElementNS(SVG, piece.tag) : document.createElement(piece.tag);
      for (const [name, value] of piece.attributes) element.setAttribute(name, value);
      parent.append(element);
      if (!piece.isClosed) open.push(element);
    } else if (!("localName" in around) || around.localName !== piece.tag) {
      throw new SyntaxError(`unexpected </${piece.tag}>`);
    } else open.pop();
  }
  if (open.length > 1) throw new SyntaxError("an element does not end");
  return root;
}

/**
 * @param {DocumentFragment | Element} node
 * @returns {node is HTMLTemplateElement}
 */
function isTemplate(node) {
  return "localName" in node && node.localName === "template";
}

const NAMED = new Map([
  ["amp", "&"],
  ["gt", ">"],
  ["lt", "<"],
  ["quot", '"'],
]);

/**
 * Reads the references that stand for single characters.
 * @param {string} text
 */
function plain(text) {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (all, decimal, hex, name) => {
    if (name) return NAMED.get(name) ?? all;
    return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16));
  });
}
