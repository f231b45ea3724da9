// The input: what is typed, sent, given back. A draft survives a reload of the tab (sessionStorage); it is the visitor's
// own text and no secret of ours.

import { element } from "../pages/page_data.js";
import { keep, kept } from "./keep.js";

const DRAFT_KEY = "cozegate.draft";

/** The form with input, send and stop. */
export class Composer {
  #form = /** @type {HTMLFormElement} */ (element("composer"));
  #input = /** @type {HTMLTextAreaElement} */ (element("input"));
  #send = /** @type {HTMLButtonElement} */ (element("send"));
  #stop = element("stop");
  #isAnswering = false;

  /** @param {{ onSend: (text: string) => void, onStop: () => void }} on */
  constructor(on) {
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
    this.text = kept("sessionStorage", DRAFT_KEY) ?? "";
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
    this.#isAnswering = phase !== "idle";
    this.#input.disabled = phase === "sending";
    this.#send.hidden = this.#isAnswering;
    this.#stop.hidden = !this.#isAnswering;
    this.#changed();
  }

  focus() {
    // On a phone, focus would open the keyboard over the answer.
    if (matchMedia("(hover: hover)").matches) this.#input.focus({ preventScroll: true });
  }

  #changed() {
    this.#send.disabled = this.text.trim() === "";
    this.#input.style.height = "auto";
    this.#input.style.height = `${this.#input.scrollHeight}px`;
    keep("sessionStorage", DRAFT_KEY, this.text);
  }
}
