// The messages on the screen. All text goes in as text nodes: nothing that a bot or a person writes becomes markup.

import { splitLinks } from "./links.js";

/** Nearer than this to the end, the view follows the answer. */
const NEAR_END_PX = 80;

/** One message that is on the screen. */
export class MessageView {
  /** @type {Text} */
  #text;
  /** @type {Text} */
  #reasoning = document.createTextNode("");
  #say;

  /**
   * @param {HTMLTemplateElement} template
   * @param {"user" | "assistant"} role
   * @param {string} speaker
   * @param {import("../pages/page_data.js").Say} say
   */
  constructor(template, role, speaker, say) {
    this.node = /** @type {HTMLLIElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
    this.node.dataset.role = role;
    this.#say = say;
    this.#part(".speaker").textContent = speaker;
    this.#text = this.#part(".message-text").appendChild(document.createTextNode(""));
    this.#part(".reasoning-text").append(this.#reasoning);
  }

  get text() {
    return this.#part(".message-text").textContent ?? "";
  }

  /** @param {string} more */
  append(more) {
    this.#text.appendData(more);
  }

  /** @param {string} more */
  appendReasoning(more) {
    if (!more) return;
    this.#reasoning.appendData(more);
    this.#part(".reasoning").hidden = false;
  }

  /** @param {boolean} isBusy */
  set busy(isBusy) {
    this.node.setAttribute("aria-busy", String(isBusy));
  }

  /** @param {string} note */
  set note(note) {
    this.#part(".message-note").textContent = note;
    this.#part(".message-note").hidden = note === "";
  }

  /**
   * Shows the whole text, with its addresses as links.
   * @param {string} text
   * @param {string} reasoning
   */
  complete(text, reasoning) {
    const nodes = splitLinks(text).map(({ text, href }) => {
      if (!href) return document.createTextNode(text);
      const link = document.createElement("a");
      Object.assign(link, { href, textContent: text, target: "_blank", rel: "noopener noreferrer nofollow" });
      return link;
    });
    this.#part(".message-text").replaceChildren(...nodes);
    if (reasoning) {
      this.#reasoning.data = "";
      this.appendReasoning(reasoning);
    }
    this.busy = false;
    if (this.node.dataset.role === "assistant" && text) this.#offerCopy(text);
  }

  /** @param {string} text */
  #offerCopy(text) {
    const button = this.#part(".copy-answer");
    button.hidden = false;
    const label = button.title;
    button.onclick = async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.dataset.done = "";
        button.ariaLabel = this.#say("site-copied");
        setTimeout(() => {
          delete button.dataset.done;
          button.ariaLabel = label;
        }, 2000);
      } catch {
        this.note = this.#say("site-copy-failed");
      }
    };
  }

  /**
   * @param {string} selector
   * @returns {HTMLElement}
   */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.node.querySelector(selector));
  }
}

/** The list of messages and how it scrolls. */
export class Thread {
  #log;
  #messages;
  #scroller;
  #jump;
  /** @type {HTMLButtonElement} */
  #earlier;
  /** @type {HTMLTemplateElement} */
  #template;
  #say;
  #speaker = "";
  /** @type {Set<string>} */
  #known = new Set();
  #isFollowing = true;

  /**
   * @param {import("../pages/page_data.js").Find} find
   * @param {import("../pages/page_data.js").Say} say
   * @param {{ onEarlier: () => void }} on
   */
  constructor(find, say, on) {
    this.#log = find("log");
    this.#messages = find("messages");
    this.#scroller = find("scroller");
    this.#jump = find("jump");
    this.#earlier = find("earlier");
    this.#template = find("message-template");
    this.#say = say;
    this.#earlier.addEventListener("click", on.onEarlier);
    this.#jump.addEventListener("click", () => this.toEnd());
    // The room for messages shrinks when a notice appears or the input grows: stay with the newest words.
    new ResizeObserver(() => this.#isFollowing && this.toEnd()).observe(this.#scroller);
    this.#scroller.addEventListener("scroll", () => this.#noticePosition(), { passive: true });
  }

  /** @param {string} name of the bot, for screen readers */
  set speaker(name) {
    this.#speaker = name;
  }

  get isEmpty() {
    return this.#messages.childElementCount === 0;
  }

  clear() {
    this.#messages.replaceChildren();
    this.#known.clear();
    this.offerEarlier(false);
    this.toEnd();
  }

  /**
   * Adds a message at the end.
   * @param {"user" | "assistant"} role
   */
  add(role) {
    const view = this.#view(role);
    this.#log.ariaLive = "polite";
    this.#messages.append(view.node);
    return view;
  }

  /**
   * Shows stored messages above those that are there; returns how many were new.
   * @param {import("./history.js").Shown[]} messages oldest first
   */
  prepend(messages) {
    const fresh = messages.filter(({ id }) => !this.#known.has(id));
    // History is there to be read, not to be read out.
    this.#log.ariaLive = "off";
    const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    const nodes = fresh.map(({ id, role, text, reasoning }) => {
      this.#known.add(id);
      const view = this.#view(role);
      view.complete(text, reasoning);
      return view.node;
    });
    this.#messages.prepend(...nodes);
    // What the reader was looking at stays where it was.
    this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
    return fresh.length;
  }

  /** @param {"user" | "assistant"} role */
  #view(role) {
    return new MessageView(this.#template, role, role === "user" ? this.#say("chat-you") : this.#speaker, this.#say);
  }

  /** @param {boolean} isOffered */
  offerEarlier(isOffered) {
    this.#earlier.hidden = !isOffered;
    this.#earlier.disabled = false;
  }

  /** Keeps the newest words in view, unless the reader has scrolled away. */
  follow() {
    if (this.#isFollowing) this.toEnd();
    else this.#jump.hidden = false;
  }

  toEnd() {
    this.#isFollowing = true;
    this.#jump.hidden = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #noticePosition() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#isFollowing = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    this.#jump.hidden = this.#isFollowing;
  }
}
