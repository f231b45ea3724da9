// Choosing a bot: from a list where there is one, else by its id.

import { initialOf } from "./view.js";

/** The page's part where a bot is chosen. */
export class Picker {
  #section;
  #title;
  #lead;
  #bots;
  #form;
  /** @type {HTMLInputElement} */
  #id;
  #say;
  #onPick;

  /**
   * @param {import("../pages/page_data.js").Find} find
   * @param {import("../pages/page_data.js").Say} say
   * @param {(botId: string) => void} onPick
   */
  constructor(find, say, onPick) {
    this.#section = find("picker");
    this.#title = find("picker-title");
    this.#lead = find("picker-lead");
    this.#bots = find("picker-bots");
    this.#id = find("picker-id");
    this.#say = say;
    this.#onPick = onPick;
    const hint = find("picker-hint");
    const usualHint = hint.textContent;
    this.#form = find("picker-form");
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const id = this.#id.value.trim();
      const isId = /^\d{1,20}$/.test(id);
      this.#id.setAttribute("aria-invalid", String(!isId));
      hint.textContent = isId ? usualHint : say("chat-pick-id-wrong");
      if (isId) onPick(id);
      else this.#id.focus();
    });
  }

  /**
   * Shows the choice; `bots` may come later, or not at all.
   * @param {Promise<{ id: string, name: string }[]>} bots
   * @param {Promise<boolean>} isAnyAllowed whether a bot may be named by its id
   */
  async show(bots, isAnyAllowed) {
    this.#section.hidden = false;
    this.#lead.textContent = this.#say("chat-pick-loading");
    this.#bots.replaceChildren();
    this.#title.focus();
    const [found, isAny] = await Promise.all([bots.catch(() => []), isAnyAllowed]);
    this.#form.hidden = !isAny;
    this.#lead.textContent = this.#say(found.length > 0 ? "chat-pick-lead" : "chat-pick-none");
    this.#bots.replaceChildren(...found.map((bot) => this.#choice(bot)));
  }

  hide() {
    this.#section.hidden = true;
  }

  /** @param {{ id: string, name: string }} bot */
  #choice(bot) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button" });
    button.dataset.bot = bot.id;
    const avatar = document.createElement("span");
    Object.assign(avatar, { className: "avatar", textContent: initialOf(bot.name) });
    avatar.setAttribute("aria-hidden", "true");
    const label = document.createElement("span");
    Object.assign(label, { className: "bot-label", textContent: bot.name });
    button.append(avatar, label);
    button.addEventListener("click", () => this.#onPick(bot.id));
    item.append(button);
    return item;
  }
}
