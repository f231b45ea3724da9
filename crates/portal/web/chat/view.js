// The room around the thread: its state, the bot's name, what is said about failures, the empty room.

/** @type {Readonly<Record<import("./failure.js").FailureKind, string>>} */
const WORDS = {
  action: "chat-error-action",
  busy: "chat-error-busy",
  interrupted: "chat-error-interrupted",
  login: "chat-error-login",
  missing: "chat-error-missing",
  "not-allowed": "chat-error-not-allowed",
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

/**
 * @typedef {"loading" | "ready" | "streaming" | "error"} State
 * @typedef {object} ViewEvents
 * @property {(question: string) => void} onQuestion
 * @property {((state: State) => void) | undefined} [onState]
 * @property {((failure: import("./failure.js").Failure) => void) | undefined} [onFailure]
 */

/** Everything in the room that is neither message nor input. */
export class View {
  #find;
  #chat;
  #status;
  #statusActions;
  #loading;
  #empty;
  #say;
  #title;
  #on;

  /**
   * @param {import("../pages/page_data.js").Find} find
   * @param {import("../pages/page_data.js").Say} say
   * @param {ViewEvents} on
   * @param {string} title what stands in the bot's place at the top; empty for the bot's own name
   */
  constructor(find, say, on, title) {
    this.#find = find;
    this.#chat = find("chat");
    this.#status = find("status");
    this.#statusActions = find("status-actions");
    this.#loading = find("loading");
    this.#empty = find("empty");
    this.#say = say;
    this.#title = title;
    this.#on = on;
    find("dismiss").addEventListener("click", () => this.clearFailure());
  }

  /** @param {State} state for style sheets and tests */
  set state(state) {
    this.#chat.dataset.state = state;
    this.#on.onState?.(state);
  }

  /** @param {string} text what the room waits for; empty when for nothing */
  set loading(text) {
    this.#loading.textContent = text;
    this.#loading.hidden = text === "";
  }

  /** @param {string} name of the bot; empty while none is chosen */
  set botName(name) {
    const shown = this.#title || name;
    this.#find("bot-name").textContent = shown || this.#say("chat-title");
    this.#find("bot-avatar").textContent = initialOf(shown);
    this.#find("bot-avatar").hidden = shown === "";
  }

  /**
   * Shows what stands in a conversation without messages, or hides it.
   * @param {{ name: string, prologue: string, questions: string[] } | null} bot
   */
  showEmpty(bot) {
    this.#empty.hidden = bot === null;
    if (!bot) return;
    this.#find("empty-title").textContent = this.#say("chat-empty-title", { bot: bot.name });
    if (bot.prologue) this.#find("empty-lead").textContent = bot.prologue;
    this.#suggest(this.#find("empty-questions"), bot.questions);
  }

  /** @param {string[]} questions what one could ask next; none hides them */
  set followUps(questions) {
    this.#find("follow-ups").hidden = questions.length === 0;
    this.#suggest(this.#find("follow-up-list"), questions);
  }

  /** @param {string} text for screen readers and for those who look: the room's one line */
  tell(text) {
    delete this.#status.dataset.kind;
    this.#status.replaceChildren(text);
    this.#statusActions.hidden = true;
  }

  /** @param {string} text why things take long; empty when they do not. A failure that is shown is not covered. */
  set waiting(text) {
    if (this.#status.dataset.kind === "error") return;
    this.tell(text);
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
    // Only a page of the gateway's own knows where to log in.
    const logIn = this.#find("log-in");
    logIn.hidden = failure.kind !== "login" || !logIn.hasAttribute("href");
    // The policy refuses the same request each time.
    const isFinal = failure.kind === "not-allowed";
    offer(this.#find("retry"), isFinal ? undefined : retry);
    offer(this.#find("reload"), isFinal ? undefined : reload);
    this.#statusActions.hidden = false;
    this.state = "error";
    this.#on.onFailure?.(failure);
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
    if (this.#chat.dataset.state === "error") this.state = "ready";
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
        button.addEventListener("click", () => this.#on.onQuestion(question));
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
