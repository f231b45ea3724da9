// One room: the parts of a chat put together in the page, or in the shadow root, in which they find their elements.

import { allows, rightsIn } from "../client/rights.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { Drawer } from "./drawer.js";
import { Failure } from "./failure.js";
import { Picker } from "./picker.js";
import { Thread } from "./thread.js";
import { View } from "./view.js";

/**
 * @typedef {object} RoomParts
 * @property {import("../pages/page_data.js").Find} find
 * @property {import("../pages/page_data.js").Say} say
 * @property {string} lang
 * @property {import("./api.js").Api} api
 * @property {import("./composer.js").Draft} draft
 * @property {{ id: string, name: string }[] | null} bots those to choose from; null asks Coze
 * @property {string} title what stands in the bot's place at the top; empty for the bot's own name
 * @property {"offered" | "needed" | "never"} choice whether a visitor may choose another bot: whenever they like, only when
 *   there is none or the one that was named is not there, or not at all
 * @property {RoomEvents} on
 *
 * @typedef {object} RoomEvents
 * @property {(botId: string | null) => void} [onBot] one was entered; null: one is to be chosen
 * @property {import("./chat.js").Parts["onMessage"]} [onMessage]
 * @property {import("./view.js").ViewEvents["onState"]} [onState]
 * @property {import("./view.js").ViewEvents["onFailure"]} [onFailure]
 */

/** A chat, and how one gets into it. */
export class Room {
  #p;
  #view;
  #chat;
  #composer;
  #drawer;
  #picker;
  /** @type {HTMLButtonElement} */
  #newConversation;
  #changeBot;

  /** @param {RoomParts} parts */
  constructor(parts) {
    const { find, say, lang, api, draft, title, on } = (this.#p = parts);
    this.#newConversation = find("new-conversation");
    this.#changeBot = find("change-bot");
    this.#view = new View(find, say, { onQuestion: (question) => chat.ask(question), ...on }, title);
    const thread = new Thread(find, say, { onEarlier: () => chat.showEarlier() });
    this.#composer = new Composer(find, { onSend: (text) => chat.send(text), onStop: () => chat.stop() }, draft);
    const drawer = (this.#drawer = new Drawer(find, say, lang, {
      onNew: () => chat.startNew(),
      onOpen: (conversation) => chat.open(conversation),
      onRename: (conversation, name) => chat.rename(conversation, name),
      onDelete: (conversation) => chat.delete(conversation),
      onMore: () => chat.moreConversations(),
    }));
    const chat = (this.#chat = new Chat({
      api,
      view: this.#view,
      thread,
      composer: this.#composer,
      say,
      showList: (...list) => drawer.show(...list),
      onMessage: on.onMessage,
    }));
    this.#picker = new Picker(find, say, (botId) => this.enter(botId));
    this.#changeBot.addEventListener("click", () => this.pick());
  }

  /** @param {string} botId */
  async enter(botId) {
    const { api, bots, say, choice, on } = this.#p;
    const view = this.#view;
    this.#picker.hide();
    this.#newConversation.disabled = false;
    this.#changeBot.hidden = choice !== "offered";
    view.state = "loading";
    view.loading = say("chat-loading");
    view.tell("");
    // Talking to a bot needs none of this.
    /** @type {import("./api.js").Bot} */
    let bot = { id: botId, name: "", description: "", prologue: "", questions: [] };
    try {
      const rights = await api.rights();
      if (allows(rights, "bot_info")) bot = await api.bot(botId);
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure("upstream", { cause: error });
      const isGone = failure.kind === "missing" || failure.kind === "unpublished";
      if (isGone && choice !== "never") {
        const picking = this.pick();
        view.showFailure(failure);
        return picking;
      }
      if (isGone || ["unreachable", "session", "not-allowed"].includes(failure.kind)) {
        view.loading = "";
        view.showFailure(failure, { retry: () => this.enter(botId) });
        return;
      }
      // Reading a bot's card needs a permission of its own at Coze (getMetadata); talking to it does not.
    }
    bot.name ||= bots?.find(({ id }) => id === botId)?.name || say("chat-bot");
    on.onBot?.(botId);
    view.botName = bot.name;
    await this.#chat.enter(bot);
  }

  /** Lets the visitor choose a bot. */
  async pick() {
    const { api, bots, on } = this.#p;
    this.#chat.leave();
    on.onBot?.(null);
    this.#drawer.show([], "", false);
    this.#composer.shown = false;
    this.#changeBot.hidden = true;
    this.#newConversation.disabled = true;
    this.#view.botName = "";
    this.#view.state = "ready";
    // Without a session the visitor hears why when a bot was chosen.
    const rights = api.rights().catch(() => rightsIn({}));
    const listed = bots
      ? rights.then(({ bots: open }) => bots.filter(({ id }) => open?.includes(id) ?? true))
      : api.bots();
    await this.#picker.show(listed, rights.then(({ bots: open }) => open === null));
  }

  /** @param {boolean} isWaiting for a gateway that does not answer at the moment: nothing is lost, it takes its time */
  tellWaiting(isWaiting) {
    this.#view.waiting = isWaiting ? this.#p.say("chat-waiting") : "";
  }

  /** Puts the cursor where one writes. */
  focus() {
    this.#composer.focus();
  }

  /** Leaves the room. An answer on its way goes on at Coze. */
  leave() {
    this.#chat.leave();
  }
}
