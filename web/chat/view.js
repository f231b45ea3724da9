// The room around the thread: its state, the bot's name, what is said about failures, the empty room.

import { element } from "../pages/page_data.js";

/** @type {Readonly<Record<import("./failure.js").FailureKind, string>>} */
const WORDS = {
  action: "chat-error-action",
  busy: "chat-error-busy",
  interrupted: "chat-error-interrupted",
  login: "chat-error-login",
  missing: "chat-error-missing",
  permission: "chat-error-permission",
  quota: "chat-error-quota",
  rate: "chat-error-rate",
  refused: "chat-error-refused",
  sensitive: "chat-error-sensitive",
  session: "chat-error-session",
  "too-long": "chat-error-too-long",
  unpublished: "chat-error-unpublished",
  unreachable: "chat-error-unreachable",
  upstream: "chat-error-upstream",
};

/**
 * What the reader can do about a failure.
 * @typedef {{ retry?: (() => void) | undefined, reload?: (() => void) | undefined, isTextKept?: boolean }} Remedies
 */

/** Everything in the room that is neither message nor input. */
export class View {
  #status = element("status");
  #statusActions = element("status-actions");
  #loading = element("loading");
  #empty = element("empty");
  #say;
  #onQuestion;

  /**
   * @param {import("../pages/page_data.js").Say} say
   * @param {(question: string) => void} onQuestion
   */
  constructor(say, onQuestion) {
    this.#say = say;
    this.#onQuestion = onQuestion;
    element("dismiss").addEventListener("click", () => this.clearFailure());
  }

  /** @param {"loading" | "ready" | "streaming" | "error"} state for style sheets and tests */
  set state(state) {
    document.documentElement.dataset.state = state;
  }

  /** @param {string} text what the room waits for; empty when for nothing */
  set loading(text) {
    this.#loading.textContent = text;
    this.#loading.hidden = text === "";
  }

  /** @param {string} name of the bot; empty while none is chosen */
  set botName(name) {
    element("bot-name").textContent = name || this.#say("chat-title");
    element("bot-avatar").textContent = initialOf(name);
    element("bot-avatar").hidden = name === "";
  }

  /**
   * Shows what stands in a conversation without messages, or hides it.
   * @param {{ name: string, prologue: string, questions: string[] } | null} bot
   */
  showEmpty(bot) {
    this.#empty.hidden = bot === null;
    if (!bot) return;
    element("empty-title").textContent = this.#say("chat-empty-title", { bot: bot.name });
    if (bot.prologue) element("empty-lead").textContent = bot.prologue;
    this.#suggest(element("empty-questions"), bot.questions);
  }

  /** @param {string[]} questions what one could ask next; none hides them */
  set followUps(questions) {
    element("follow-ups").hidden = questions.length === 0;
    this.#suggest(element("follow-up-list"), questions);
  }

  /** @param {string} text for screen readers and for those who look: the room's one line */
  tell(text) {
    delete this.#status.dataset.kind;
    this.#status.replaceChildren(text);
    this.#statusActions.hidden = true;
  }

  /**
   * Says what failed, what to do, and under which number others find it.
   * @param {import("./failure.js").Failure} failure
   * @param {Remedies} remedies
   */
  showFailure(failure, { retry, reload, isTextKept = false } = {}) {
    this.#status.dataset.kind = "error";
    this.#status.replaceChildren(
      this.#say(WORDS[failure.kind]),
      ...(isTextKept ? [line("kept", this.#say("chat-error-kept"))] : []),
      ...(failure.logId ? [line("log", this.#say("chat-error-log", { log_id: failure.logId }))] : []),
      ...this.#details(failure),
    );
    element("log-in").hidden = failure.kind !== "login";
    offer(element("retry"), retry);
    offer(element("reload"), reload);
    this.#statusActions.hidden = false;
    this.state = "error";
  }

  /**
   * Returns what only some readers want, folded: codes, and the other side's own words.
   * @param {import("./failure.js").Failure} failure
   */
  #details({ reason, code, status }) {
    const facts = [
      reason ? this.#say("chat-error-said", { reason }) : "",
      code ? this.#say("chat-error-code", { code }) : "",
      status ? this.#say("chat-error-status", { status }) : "",
    ].filter(Boolean);
    if (facts.length === 0) return [];
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = this.#say("chat-error-details");
    details.append(summary, ...facts.map((fact) => line("log", fact)));
    return [details];
  }

  clearFailure() {
    this.tell("");
    if (document.documentElement.dataset.state === "error") this.state = "ready";
  }

  /**
   * @param {HTMLElement} list
   * @param {string[]} questions
   */
  #suggest(list, questions) {
    list.replaceChildren(
      ...questions.map((question) => {
        const item = document.createElement("li");
        const button = document.createElement("button");
        Object.assign(button, { type: "button", className: "button", textContent: question });
        button.addEventListener("click", () => this.#onQuestion(question));
        item.append(button);
        return item;
      }),
    );
  }
}

/**
 * @param {string} className
 * @param {string} text
 */
function line(className, text) {
  const node = document.createElement("span");
  return Object.assign(node, { className, textContent: text });
}

/**
 * @param {HTMLElement} button
 * @param {(() => void) | undefined} act
 */
function offer(button, act) {
  button.hidden = !act;
  button.onclick = act ?? null;
}

/**
 * Returns the letter that stands for a name where a picture would.
 * @param {string} name
 */
export function initialOf(name) {
  return [...name.trim()][0]?.toUpperCase() ?? "";
}
