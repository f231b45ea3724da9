// The chat page starts here: puts the parts together, finds the bot, enters its room.

import { element, readBlock, speaker } from "../pages/page_data.js";
import { forgetBot, namedApp, rememberBot, rememberedBot } from "./address.js";
import { Api } from "./api.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { Drawer } from "./drawer.js";
import { Failure } from "./failure.js";
import { Picker } from "./picker.js";
import { Session } from "./session.js";
import { Thread } from "./thread.js";
import { View } from "./view.js";

/**
 * What the server tells this page.
 * @type {{ api_base: string, bot_id: string | null, bots: { id: string, name: string }[] | null, title: string | null,
 *   lang: string }}
 */
const config = readBlock("config");
const say = speaker(readBlock("texts"));

const api = new Api(new Session({ apiBase: config.api_base, app: namedApp() }));
const view = new View(say, (question) => chat.ask(question));
const thread = new Thread(say, { onEarlier: () => chat.showEarlier() });
const composer = new Composer({ onSend: (text) => chat.send(text), onStop: () => chat.stop() });
const drawer = new Drawer(say, config.lang, {
  onNew: () => chat.startNew(),
  onOpen: (conversation) => chat.open(conversation),
  onRename: (conversation, name) => chat.rename(conversation, name),
  onDelete: (conversation) => chat.delete(conversation),
  onMore: () => chat.moreConversations(),
});
const chat = new Chat({ api, view, thread, composer, say, showList: (...list) => drawer.show(...list) });
const picker = new Picker(say, (botId) => enter(botId));
const newConversation = /** @type {HTMLButtonElement} */ (element("new-conversation"));
const changeBot = element("change-bot");

/** @param {string} botId */
async function enter(botId) {
  picker.hide();
  newConversation.disabled = false;
  changeBot.hidden = config.bot_id !== null;
  view.state = "loading";
  view.loading = say("chat-loading");
  view.tell("");
  /** @type {import("./api.js").Bot} */
  let bot;
  try {
    bot = await api.bot(botId);
  } catch (error) {
    const failure = error instanceof Failure ? error : new Failure("upstream", { cause: error });
    if (failure.kind === "missing" || failure.kind === "unpublished") {
      const picking = pick();
      view.showFailure(failure);
      return picking;
    }
    if (failure.kind === "unreachable" || failure.kind === "session") {
      view.loading = "";
      view.showFailure(failure, { retry: () => enter(botId) });
      return;
    }
    // Reading a bot's card needs a permission of its own (getMetadata); talking to it does not.
    bot = { id: botId, name: "", description: "", prologue: "", questions: [] };
  }
  bot.name ||= config.bots?.find(({ id }) => id === botId)?.name || say("chat-bot");
  rememberBot(botId);
  view.botName = bot.name;
  await chat.enter(bot);
}

/** Lets the visitor choose a bot. */
async function pick() {
  chat.leave();
  forgetBot();
  drawer.show([], "", false);
  composer.shown = false;
  changeBot.hidden = true;
  newConversation.disabled = true;
  view.botName = "";
  view.state = "ready";
  await picker.show(config.bots ? Promise.resolve(config.bots) : api.bots());
}

changeBot.addEventListener("click", () => pick());

const botId = rememberedBot(config);
await (botId ? enter(botId) : pick());
