// The talk itself: which conversation is open, what is being asked, what happens when it fails.
//
// One question at a time. A question that was not answered goes back into the input, whatever the reason; nothing that
// somebody typed is lost.

import { allows, rightsIn } from "../client/rights.js";
import { AnswerView } from "./answer_view.js";
import { isAbort } from "./api.js";
import { Failure } from "./failure.js";
import { nameFor, shownMessage } from "./history.js";

/**
 * @typedef {import("./api.js").Conversation} Conversation
 * @typedef {object} Parts
 * @property {import("./api.js").Api} api
 * @property {import("./view.js").View} view
 * @property {import("./thread.js").Thread} thread
 * @property {import("./composer.js").Composer} composer
 * @property {(conversations: Conversation[], currentId: string, hasMore: boolean) => void} showList
 * @property {import("../pages/page_data.js").Say} say
 * @property {((message: { role: "user" | "assistant", text: string }) => void) | undefined} [onMessage] a question that Coze
 *   has, an answer that is complete
 */

/** @type {{ conversations: Conversation[], hasMore: boolean }} */
const NO_CONVERSATIONS = { conversations: [], hasMore: false };

/** The question that is being answered. */
class Asked {
  abort = new AbortController();
  chatId = "";
  isStopped = false;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** Conversations of one visitor with one bot. */
export class Chat {
  #p;
  /** @type {import("./api.js").Bot} */
  #bot = { id: "", name: "", description: "", prologue: "", questions: [] };
  /** @type {Conversation[]} */
  #conversations = [];
  #page = 1;
  #hasMore = false;
  /** The open conversation; empty for one that does not exist before its first question. */
  #currentId = "";
  #oldestId = "";
  /** @type {Asked | null} */
  #asked = null;
  #rights = rightsIn({});
  /** Counts openings, so that a slow answer about a conversation left behind is not shown in another. */
  #visit = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#p = parts;
  }

  /**
   * Enters the room of a bot: its conversations, the newest one open.
   * @param {import("./api.js").Bot} bot
   */
  async enter(bot) {
    const { api, view, thread, composer, say } = this.#p;
    this.leave();
    this.#bot = bot;
    thread.speaker = bot.name;
    view.state = "loading";
    view.loading = say("chat-loading");
    const visit = this.#visit;
    try {
      this.#rights = await api.rights();
      const isListed = this.#mayList();
      const { conversations, hasMore } = isListed ? await api.conversations(bot.id, 1) : NO_CONVERSATIONS;
      if (visit !== this.#visit) return;
      this.#conversations = conversations;
      this.#page = 1;
      this.#hasMore = hasMore;
    } catch (error) {
      view.loading = "";
      this.#failed(error, { retry: () => this.enter(bot) });
      return;
    }
    composer.shown = true;
    const newest = this.#conversations[0];
    if (newest) await this.open(newest);
    else this.startNew();
  }

  /** Leaves whatever is open. An answer on its way goes on at Coze and is there when one comes back. */
  leave() {
    const { view, thread, composer } = this.#p;
    this.#visit += 1;
    if (this.#asked) {
      this.#asked.abort.abort();
      if (!this.#asked.chatId) composer.giveBack(this.#asked.text);
      this.#asked = null;
    }
    this.#currentId = "";
    this.#oldestId = "";
    composer.phase = "idle";
    view.loading = "";
    view.followUps = [];
    view.showEmpty(null);
    view.tell("");
    thread.clear();
  }

  /** Opens an empty conversation. It is created with its first question, which also gives it its name. */
  startNew() {
    const { view, composer } = this.#p;
    this.leave();
    view.state = "ready";
    view.showEmpty(this.#bot);
    this.#showList();
    composer.focus();
  }

  /** @param {Conversation} conversation */
  async open(conversation) {
    const { view, composer, thread, say } = this.#p;
    this.leave();
    this.#currentId = conversation.id;
    this.#showList();
    view.state = "loading";
    view.loading = say("chat-history-loading");
    const visit = this.#visit;
    try {
      await this.loadEarlier();
      if (visit !== this.#visit) return;
      view.loading = "";
      view.showEmpty(thread.isEmpty ? this.#bot : null);
      view.state = "ready";
      thread.toEnd();
      composer.focus();
    } catch (error) {
      if (visit !== this.#visit) return;
      view.loading = "";
      this.#failed(error, { retry: () => this.open(conversation) });
    }
  }

  /** Shows the messages before those that are there. */
  async loadEarlier() {
    const { api, thread, say } = this.#p;
    const visit = this.#visit;
    const { messages, oldestId, hasMore } = await api.messages(this.#currentId, this.#oldestId || undefined);
    if (visit !== this.#visit) return;
    const shown = messages.map((message) => shownMessage(message, say)).filter((message) => message !== null);
    const fresh = thread.prepend(shown);
    const isFurther = oldestId !== "" && oldestId !== this.#oldestId;
    this.#oldestId = oldestId;
    // A page may hold nothing but bookkeeping; one that does not lead further ends the list.
    thread.offerEarlier(hasMore && isFurther);
    if (fresh === 0 && hasMore && isFurther) await this.loadEarlier();
  }

  /** Loads earlier messages for the button; a failure is said, nothing else changes. */
  async showEarlier() {
    try {
      await this.loadEarlier();
    } catch (error) {
      this.#failed(error, { retry: () => this.showEarlier() });
    }
  }

  async moreConversations() {
    try {
      const next = await this.#p.api.conversations(this.#bot.id, this.#page + 1);
      const known = new Set(this.#conversations.map(({ id }) => id));
      this.#conversations.push(...next.conversations.filter(({ id }) => !known.has(id)));
      this.#page += 1;
      this.#hasMore = next.hasMore;
      this.#showList();
    } catch (error) {
      this.#failed(error, { retry: () => this.moreConversations() });
    }
  }

  /**
   * @param {Conversation} conversation
   * @param {string} name
   */
  async rename(conversation, name) {
    const before = conversation.name;
    conversation.name = name;
    this.#showList();
    try {
      await this.#p.api.renameConversation(conversation.id, name);
    } catch (error) {
      conversation.name = before;
      this.#showList();
      this.#failed(error, { retry: () => this.rename(conversation, name) });
    }
  }

  /** @param {Conversation} conversation */
  async delete(conversation) {
    try {
      await this.#p.api.deleteConversation(conversation.id);
    } catch (error) {
      this.#failed(error, { retry: () => this.delete(conversation) });
      return;
    }
    this.#conversations = this.#conversations.filter(({ id }) => id !== conversation.id);
    if (conversation.id === this.#currentId) this.startNew();
    else this.#showList();
  }

  /**
   * Asks what stands in the input.
   * @param {string} text
   */
  async send(text) {
    this.#p.composer.text = "";
    await this.ask(text);
  }

  /**
   * Asks; resolves when the answer is complete, stopped or failed.
   * @param {string} text
   */
  async ask(text) {
    if (this.#asked) return;
    const { api, view, thread, composer, say } = this.#p;
    const asked = (this.#asked = new Asked(text));
    const visit = this.#visit;
    view.tell("");
    view.followUps = [];
    view.showEmpty(null);
    view.state = "streaming";
    composer.phase = "sending";
    const question = thread.add("user");
    question.complete(text, "");
    const answer = new AnswerView(thread, say("chat-thinking"));
    thread.toEnd();
    try {
      const conversationId = await this.#conversationFor(text);
      if (visit !== this.#visit) return;
      asked.abort.signal.throwIfAborted();
      /** @type {string[]} */
      const followUps = [];
      const events = api.ask({ conversationId, botId: this.#bot.id, text, signal: asked.abort.signal });
      for await (const event of events) {
        if (visit !== this.#visit) return;
        if (event.type === "started") {
          asked.chatId = event.chatId;
          this.#currentId ||= event.conversationId;
          composer.phase = "answering";
          this.#p.onMessage?.({ role: "user", text });
        } else if (event.type === "follow-up") followUps.push(event.text);
        else if (event.type !== "finished") answer.take(event);
      }
      answer.end("");
      view.followUps = followUps;
      thread.follow();
      view.state = "ready";
      this.#settle(asked);
      this.#p.onMessage?.({ role: "assistant", text: answer.text });
    } catch (error) {
      if (visit !== this.#visit) return;
      this.#settle(asked);
      if (asked.isStopped && asked.chatId) {
        answer.end(say("chat-stopped"));
        view.state = "ready";
        return;
      }
      composer.giveBack(text);
      if (asked.chatId) {
        // Coze has the question; it stays where the history will show it.
        answer.end(say(answer.isEmpty ? "chat-unanswered" : "chat-cut"));
      } else {
        question.node.remove();
        answer.remove();
        view.showEmpty(thread.isEmpty ? this.#bot : null);
      }
      if (asked.isStopped) view.state = "ready";
      else this.#failed(error, this.#remedies(error, asked));
    }
  }

  /** Stops the answer that is being written, here and at Coze. */
  async stop() {
    const asked = this.#asked;
    if (!asked || asked.isStopped) return;
    asked.isStopped = true;
    const conversationId = this.#currentId;
    asked.abort.abort();
    if (!asked.chatId) return;
    // An answer that ended by itself in the meantime cannot be stopped (4104), which is what was wanted.
    await this.#p.api.cancel(conversationId, asked.chatId).catch(() => undefined);
  }

  /**
   * Returns the open conversation, created when the question is its first.
   * @param {string} question
   */
  async #conversationFor(question) {
    // Without the right to make one, Coze makes it with the question.
    if (!allows(this.#rights, "conversations")) return this.#currentId;
    if (!this.#currentId) {
      const visit = this.#visit;
      const created = await this.#p.api.createConversation(this.#bot.id, nameFor(question));
      this.#conversations.unshift({ ...created, name: created.name || nameFor(question) });
      if (visit !== this.#visit) return created.id;
      this.#currentId = created.id;
    }
    const current = this.#conversations.find(({ id }) => id === this.#currentId);
    if (current) {
      current.updatedAt = Math.floor(Date.now() / 1000);
      this.#conversations = [current, ...this.#conversations.filter((other) => other !== current)];
    }
    this.#showList();
    return this.#currentId;
  }

  /** @param {Asked} asked */
  #settle(asked) {
    if (this.#asked !== asked) return;
    this.#asked = null;
    this.#p.composer.phase = "idle";
    this.#p.composer.focus();
  }

  /**
   * @param {unknown} error
   * @param {Asked} asked
   * @returns {import("./view.js").Remedies}
   */
  #remedies(error, asked) {
    const { composer } = this.#p;
    const current = this.#conversations.find(({ id }) => id === this.#currentId);
    const isCut = error instanceof Failure && error.kind === "interrupted" && asked.chatId !== "";
    return {
      retry: () => {
        composer.takeOut(asked.text);
        void this.ask(asked.text);
      },
      reload:
        isCut && current
          ? () => {
              composer.takeOut(asked.text);
              void this.open(current);
            }
          : undefined,
      isTextKept: true,
    };
  }

  /**
   * @param {unknown} error
   * @param {import("./view.js").Remedies} remedies
   */
  #failed(error, remedies) {
    if (isAbort(error)) return;
    const failure = error instanceof Failure ? error : new Failure("upstream", { cause: error });
    this.#p.view.showFailure(failure, remedies);
  }

  /** Whether conversations can be listed and read again. */
  #mayList() {
    return allows(this.#rights, "conversations", "messages");
  }

  #showList() {
    if (!this.#mayList()) return;
    const isFresh = this.#currentId === "" && this.#conversations.length > 0;
    const fresh = isFresh ? [{ id: "", name: this.#p.say("chat-new"), updatedAt: 0 }] : [];
    this.#p.showList([...fresh, ...this.#conversations], this.#currentId, this.#hasMore);
  }
}
