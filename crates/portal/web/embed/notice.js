// A plain message of ours in a corner of somebody else's page: what is wrong with the chat, in words.
//
// It stands in a shadow root with a constructed style sheet, so the page's styles do not reach in, ours do not leak out, and
// a policy of `style-src 'self'` has nothing to refuse. It is fixed: nothing on the page moves.

const STYLE = `:host{all:initial}
div{position:fixed;right:16px;bottom:16px;z-index:2147483000;display:flex;gap:8px;max-width:min(340px,80vw);padding:12px;border:1px solid #888;border-radius:8px;background:#fff;color:#111;font:14px/1.5 system-ui,sans-serif}
p{margin:0;overflow-wrap:anywhere}
button{all:unset;flex:none;width:28px;height:28px;text-align:center;cursor:pointer}
button:focus-visible{outline:2px solid}
@media(prefers-color-scheme:dark){div{background:#1c1c1c;color:#eee}}`;

/** The message, if there is one. */
export class Notice {
  #document;
  #closeLabel;
  /** @type {HTMLElement | null} */
  #host = null;
  /** What was said when somebody closed it: that is not said again. */
  #closed = "";
  #text = "";

  /**
   * @param {Document} document
   * @param {string} closeLabel
   */
  constructor(document, closeLabel) {
    this.#document = document;
    this.#closeLabel = closeLabel;
  }

  /** @param {string} text */
  show(text) {
    if (text === this.#text || text === this.#closed) return;
    this.hide();
    this.#text = text;
    this.#host = this.#made(text);
    (this.#document.body ?? this.#document.documentElement).append(this.#host);
  }

  /** Takes it away; the same message may come again. */
  clear() {
    this.#closed = "";
    this.hide();
  }

  hide() {
    this.#host?.remove();
    this.#host = null;
    this.#text = "";
  }

  /** @param {string} text */
  #made(text) {
    const host = this.#document.createElement("div");
    host.dataset["cozegate"] = "notice";
    const root = host.attachShadow({ mode: "open" });
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } catch {
      // An old browser shows it plainly, at the end of the page.
    }
    const box = this.#document.createElement("div");
    box.setAttribute("role", "status");
    box.setAttribute("aria-live", "polite");
    const line = this.#document.createElement("p");
    const close = this.#document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", this.#closeLabel);
    close.addEventListener("click", () => {
      this.#closed = text;
      this.hide();
    });
    box.append(line, close);
    root.append(box);
    // A live region tells what changes in it, not what it begins with.
    queueMicrotask(() => {
      line.textContent = text;
    });
    return host;
  }
}
