// The input: what is typed, sent, given back.

/**
 * Where a text that was not sent is kept.
 * @typedef {{ read: () => string, write: (text: string) => void }} Draft
 */

/** The form with input, send and stop. */
export class Composer {
  /** @type {HTMLFormElement} */
  #form;
  /** @type {HTMLTextAreaElement} */
  #input;
  /** @type {HTMLButtonElement} */
  #send;
  #stop;
  #isAnswering = false;
  #draft;

  /**
   * @param {import("../pages/page_data.js").Find} find
   * @param {{ onSend: (text: string) => void, onStop: () => void }} on
   * @param {Draft} draft
   */
  constructor(find, on, draft) {
    this.#form = find("composer");
    this.#input = find("input");
    this.#send = find("send");
    this.#stop = find("stop");
    this.#draft = draft;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.text.trim();
      if (text && !this.#isAnswering) on.onSend(text);
    });
    this.#stop.addEventListener("click", on.onStop);
    this.#input.addEventListener("input", () => this.#changed());
    this.#input.addEventListener("keydown", (event) => {
      // While an input method composes, Enter chooses a candidate. Safari reports that Enter with keyCode 229 only.
      const isComposing = event.isComposing || event.keyCode === 229;
      if (event.key !== "Enter" || event.shiftKey || isComposing) return;
      event.preventDefault();
      this.#form.requestSubmit();
    });
    this.text = draft.read();
  }

  get text() {
    return this.#input.value;
  }

  set text(text) {
    this.#input.value = text;
    this.#changed();
  }

  /** @param {boolean} isShown */
  set shown(isShown) {
    this.#form.hidden = !isShown;
    this.#changed();
  }

  /**
   * Puts a text that was not answered back, before anything that was typed since.
   * @param {string} text
   */
  giveBack(text) {
    const typed = this.text;
    if (typed.startsWith(text)) return;
    this.text = typed.trim() ? `${text}\n${typed}` : text;
  }

  /**
   * Takes a text that was given back out again, when it is asked anew or its answer has arrived after all.
   * @param {string} text
   */
  takeOut(text) {
    if (this.text.startsWith(text)) this.text = this.text.slice(text.length).replace(/^\n/, "");
  }

  /** @param {"idle" | "sending" | "answering"} phase the next question may be written while an answer is on its way */
  set phase(phase) {
    const hadFocus = this.#hasFocus;
    this.#isAnswering = phase !== "idle";
    this.#input.readOnly = phase === "sending";
    this.#send.hidden = this.#isAnswering;
    this.#stop.hidden = !this.#isAnswering;
    this.#changed();
    // A button that goes away takes the focus with it; the other one in its place gets it.
    if (hadFocus && !this.#hasFocus) (this.#isAnswering ? this.#stop : this.#send).focus();
  }

  get #hasFocus() {
    const { activeElement } = /** @type {Document | ShadowRoot} */ (this.#form.getRootNode());
    return activeElement instanceof HTMLElement && this.#form.contains(activeElement) && activeElement.getClientRects().length > 0;
  }

  focus() {
    // On a phone, focus would open the keyboard over the answer.
    if (matchMedia("(hover: hover)").matches) this.#input.focus({ preventScroll: true });
  }

  #changed() {
    this.#send.disabled = this.text.trim() === "";
    this.#input.style.height = "auto";
    this.#input.style.height = `${this.#input.scrollHeight}px`;
    this.#draft.write(this.text);
  }
}
