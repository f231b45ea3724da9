// A plain message of ours in a corner of somebody else's page: what is wrong with the chat, in words.
//
// It stands in a shadow root with a constructed style sheet, so the page's styles do not reach in, ours do not leak out, and
// a policy of `style-src 'self'` has nothing to refuse. It is fixed: nothing on the page moves.

const STYLE = `
:host { all: initial; }
.box {
  position: fixed; right: 16px; bottom: 16px; z-index: 2147483000; box-sizing: border-box;
  display: flex; gap: 8px; align-items: flex-start; max-width: min(360px, calc(100vw - 32px)); padding: 12px 8px 12px 16px;
  border: 1px solid #8a8f98; border-radius: 8px; background: #fff; color: #1c2024;
  font: 14px/1.5 system-ui, sans-serif; box-shadow: 0 2px 12px rgb(0 0 0 / 20%);
}
.box[hidden] { display: none; }
p { margin: 0; overflow-wrap: anywhere; }
button {
  flex: none; width: 28px; height: 28px; border: 0; border-radius: 4px; background: none; color: inherit;
  font: 18px/1 system-ui, sans-serif; cursor: pointer;
}
button:focus-visible { outline: 2px solid #2563eb; }
@media (prefers-color-scheme: dark) { .box { background: #1c2024; color: #edeef0; border-color: #6b7280; } }
`;

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
    box.className = "box";
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
