// The inspector: shows the requests of the chat as they happen, beside the chat. Off until somebody asks for it.

import { entryText, milliseconds } from "./entry_text.js";

/** @typedef {import("./recorder.js").Entry} Entry */

/** @type {Readonly<Record<Entry["kind"], string>>} */
const KINDS = { session: "chat-inspect-session", call: "chat-inspect-call", stream: "chat-inspect-stream" };

/** @type {Readonly<Record<Exclude<Entry["state"], "done">, string>>} */
const STATES = { running: "chat-inspect-running", stopped: "chat-inspect-stopped", failed: "chat-inspect-failed" };

/** The gateway's own times (telemetry/server_timing.rs), which speak for themselves in people's words only. */
const TIMINGS = new Map([
  ["token at hand", "chat-inspect-token-at-hand"],
  ["token awaited", "chat-inspect-token-awaited"],
  ["upstream", "chat-inspect-upstream"],
  ["cozegate", "chat-inspect-gateway"],
]);

/** The panel and its button. */
export class Inspector {
  #chat;
  #panel;
  #list;
  #none;
  #button;
  #say;
  #recorder;
  #onToggle;
  /** @type {Map<number, HTMLElement>} by the entry's id */
  #items = new Map();

  /**
   * @param {import("../pages/page_data.js").Find} find
   * @param {import("../pages/page_data.js").Say} say
   * @param {import("./recorder.js").Recorder} recorder
   * @param {(isOpen: boolean) => void} onToggle
   */
  constructor(find, say, recorder, onToggle) {
    this.#chat = find("chat");
    this.#panel = find("inspector");
    this.#list = find("inspector-list");
    this.#none = find("inspector-none");
    this.#button = find("inspect");
    this.#say = say;
    this.#recorder = recorder;
    this.#onToggle = onToggle;
    this.#button.addEventListener("click", () => (this.open = !this.open));
    find("inspector-close").addEventListener("click", () => this.#close());
    find("inspector-clear").addEventListener("click", () => this.#clear());
    const copy = find("inspector-copy");
    copy.addEventListener("click", () => this.#copy(copy));
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
    });
    recorder.onChange = (entry) => {
      if (this.open) this.#show(entry);
    };
  }

  get open() {
    return !this.#panel.hidden;
  }

  set open(isOpen) {
    this.#panel.hidden = !isOpen;
    this.#chat.toggleAttribute("data-inspecting", isOpen);
    this.#button.setAttribute("aria-expanded", String(isOpen));
    this.#recorder.asksForTimings = isOpen;
    this.#onToggle(isOpen);
    if (isOpen) this.#showAll();
  }

  #close() {
    this.open = false;
    this.#button.focus();
  }

  #clear() {
    this.#recorder.clear();
    this.#showAll();
  }

  /** @param {HTMLElement} button */
  async #copy(button) {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(this.#recorder.entries.map((entry) => `${entryText(entry)}\n`).join(""));
      button.textContent = this.#say("site-copied");
    } catch {
      button.textContent = this.#say("site-copy-failed");
    }
    setTimeout(() => (button.textContent = label), 2500);
  }

  #showAll() {
    this.#items.clear();
    this.#list.replaceChildren();
    this.#none.hidden = false;
    for (const entry of this.#recorder.entries) this.#show(entry);
  }

  /** @param {Entry} entry */
  #show(entry) {
    const isAtEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 60;
    let item = this.#items.get(entry.id);
    if (!item) {
      item = document.createElement("li");
      item.dataset.testid = "inspected";
      this.#items.set(entry.id, item);
      this.#list.append(item);
      this.#none.hidden = true;
      const oldest = this.#list.firstElementChild;
      if (this.#items.size > this.#recorder.entries.length && oldest) {
        oldest.remove();
        this.#items.delete([...this.#items.keys()][0] ?? 0);
      }
    }
    item.dataset.kind = entry.kind;
    item.dataset.state = this.#isBad(entry) ? "failed" : entry.state;
    item.replaceChildren(this.#head(entry), this.#address(entry), this.#facts(entry));
    if (isAtEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** @param {Entry} entry */
  #isBad({ state, status }) {
    return state === "failed" || (status !== null && status >= 400);
  }

  /** @param {Entry} entry */
  #head(entry) {
    const { kind, status, state, isRetry } = entry;
    const said = status === null && state === "running" ? "…" : (status ?? "—");
    return part("p", "inspected-head", [
      part("strong", "", [this.#say(KINDS[kind])]),
      ...(isRetry ? [part("span", "tag", [this.#say("chat-inspect-retry")])] : []),
      ...(state === "done" ? [] : [part("span", "inspected-state", [this.#say(STATES[state])])]),
      part("span", "inspected-status", [String(said)]),
    ]);
  }

  /** @param {Entry} entry */
  #address({ method, origin, path }) {
    const [place = "", query] = path.split(/(?=\?)/);
    const address = part("p", "inspected-address", [part("strong", "", [method]), ` ${place}`]);
    // Long, and seldom what one looks for; the copy has it.
    if (query) address.append(part("span", "inspected-query", [query]));
    address.title = origin + path;
    return address;
  }

  /** @param {Entry} entry */
  #facts(entry) {
    const { firstMs, totalMs, events, timings, logId, credential } = entry;
    const count = [...events.values()].reduce((sum, one) => sum + one, 0);
    const names = [...events].map(([name, times]) => `${name} × ${times}`).join("\n");
    const times = [
      firstMs === null ? "" : this.#say("chat-inspect-first", { ms: milliseconds(firstMs) }),
      totalMs === null ? "" : this.#say("chat-inspect-total", { ms: milliseconds(totalMs) }),
      count ? this.#say("chat-inspect-events", { count }) : "",
    ].filter(Boolean);
    const facts = [
      times.length > 0 ? part("p", "", [times.join(" · ")]) : "",
      timings.length > 0 ? part("p", "", [timings.map((timing) => this.#timing(timing)).join(" · ")]) : "",
      credential ? part("p", "", [this.#say("chat-inspect-credential", { credential })]) : "",
      logId ? part("p", "", [this.#say("chat-error-log", { log_id: logId })]) : "",
    ];
    const node = part("div", "inspected-facts", facts);
    if (names) node.title = names;
    return node;
  }

  /** @param {import("./recorder.js").Timing} timing */
  #timing({ name, description, ms }) {
    const known = TIMINGS.get(`${name} ${description}`.trim());
    const text = known ? this.#say(known) : `${name} ${description}`.trim();
    return ms ? `${text} ${milliseconds(ms)} ms` : text;
  }
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {(Node | string)[]} content
 */
function part(tag, className, content) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...content);
  return node;
}
