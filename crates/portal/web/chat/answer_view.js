// An answer on the screen while it is being written: one message or, because a bot may give several, more.

/** One answer on the screen. */
export class AnswerView {
  #thread;
  /** @type {Map<string, import("./thread.js").MessageView>} */
  #views = new Map();
  /** @type {import("./thread.js").MessageView | null} */
  #waiting;

  /**
   * @param {import("./thread.js").Thread} thread
   * @param {string} waitingNote shown until the first word
   */
  constructor(thread, waitingNote) {
    this.#thread = thread;
    this.#waiting = thread.add("assistant");
    this.#waiting.busy = true;
    this.#waiting.note = waitingNote;
  }

  /** All that was said so far. */
  get text() {
    const texts = [...this.#views.values()].map((view) => view.text);
    return texts.filter(Boolean).join("\n\n");
  }

  get isEmpty() {
    return this.text === "";
  }

  /** @param {{ type: "delta" | "answer", messageId: string, text: string, reasoning: string }} event */
  take({ type, messageId, text, reasoning }) {
    const view = this.#viewOf(messageId);
    if (type === "delta") {
      view.appendReasoning(reasoning);
      view.append(text);
    } else {
      // The completed message is the truth, whatever the deltas were.
      view.complete(text || view.text, reasoning);
    }
    this.#thread.follow();
  }

  /** @param {string} note under the last message */
  end(note) {
    for (const view of this.#views.values()) {
      if (view.node.getAttribute("aria-busy") !== "false") view.complete(view.text, "");
    }
    const last = this.#waiting ?? [...this.#views.values()].at(-1);
    if (!last) return;
    last.busy = false;
    last.note = note;
    if (this.#waiting && !note) this.#waiting.node.remove();
  }

  remove() {
    this.#waiting?.node.remove();
    for (const view of this.#views.values()) view.node.remove();
  }

  /** @param {string} messageId */
  #viewOf(messageId) {
    let view = this.#views.get(messageId);
    if (!view) {
      view = this.#waiting ?? this.#thread.add("assistant");
      this.#waiting = null;
      view.busy = true;
      view.note = "";
      this.#views.set(messageId, view);
    }
    return view;
  }
}
