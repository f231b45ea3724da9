// The list of conversations: a column on a desktop, a drawer on a phone.

/** From this width on the list is a column of its own, as `chat.css` says as well. */
const COLUMN_FROM_PX = 801;

/**
 * @typedef {import("./api.js").Conversation} Conversation
 * @typedef {object} DrawerEvents
 * @property {() => void} onNew
 * @property {(conversation: Conversation) => void} onOpen
 * @property {(conversation: Conversation, name: string) => Promise<void>} onRename
 * @property {(conversation: Conversation) => Promise<void>} onDelete
 * @property {() => void} onMore
 */

/** The list, its drawer, renaming and deleting. */
export class Drawer {
  #find;
  #drawer;
  #list;
  #none;
  #more;
  #opener;
  #room;
  /** @type {HTMLDialogElement} */
  #dialog;
  #say;
  #on;
  /** @type {Intl.DateTimeFormat} */
  #day;
  /** @type {Intl.DateTimeFormat} */
  #time;

  /**
   * @param {import("../pages/page_data.js").Find} find
   * @param {import("../pages/page_data.js").Say} say
   * @param {string} language
   * @param {DrawerEvents} on
   */
  constructor(find, say, language, on) {
    this.#find = find;
    this.#drawer = find("drawer");
    this.#list = find("conversations");
    this.#none = find("conversations-none");
    this.#more = find("conversations-more");
    this.#opener = find("drawer-open");
    this.#room = find("content");
    this.#dialog = find("delete-dialog");
    this.#say = say;
    this.#on = on;
    this.#day = new Intl.DateTimeFormat(language, { year: "numeric", month: "short", day: "numeric" });
    this.#time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
    find("new-conversation").addEventListener("click", () => {
      this.close();
      on.onNew();
    });
    this.#more.addEventListener("click", on.onMore);
    this.#opener.addEventListener("click", () => this.#open());
    find("drawer-close").addEventListener("click", () => this.close());
    find("backdrop").addEventListener("click", () => this.close());
    this.#drawer.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#isOpen) return;
      // Escape closes one thing at a time: what lies around the drawer stays.
      event.stopPropagation();
      this.close();
    });
    // A chat that grows to a desktop's width shows the list anyway; nothing may stay inert behind it.
    const chat = find("chat");
    new ResizeObserver(() => chat.clientWidth >= COLUMN_FROM_PX && this.close()).observe(chat);
  }

  /**
   * Shows the list.
   * @param {Conversation[]} conversations
   * @param {string} currentId
   * @param {boolean} hasMore
   */
  show(conversations, currentId, hasMore) {
    this.#list.replaceChildren(...conversations.map((conversation) => this.#item(conversation, currentId)));
    this.#none.hidden = conversations.length > 0;
    this.#more.hidden = !hasMore;
  }

  get #isOpen() {
    return "open" in this.#drawer.dataset;
  }

  close() {
    if (!this.#isOpen) return;
    delete this.#drawer.dataset.open;
    this.#room.inert = false;
    this.#opener.setAttribute("aria-expanded", "false");
    this.#opener.focus();
  }

  #open() {
    this.#drawer.dataset.open = "";
    this.#room.inert = true;
    this.#opener.setAttribute("aria-expanded", "true");
    this.#find("drawer-close").focus();
  }

  /**
   * @param {Conversation} conversation
   * @param {string} currentId
   */
  #item(conversation, currentId) {
    /** @type {HTMLTemplateElement} */
    const template = this.#find("conversation-template");
    const item = /** @type {HTMLLIElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
    const part = (/** @type {string} */ name) => /** @type {HTMLButtonElement} */ (item.querySelector(name));
    const name = conversation.name || this.#say("chat-untitled");
    part(".conversation-name").textContent = name;
    part(".conversation-date").textContent = this.#date(conversation.updatedAt);
    if (conversation.id === currentId) {
      item.dataset.current = "";
      part(".conversation-open").setAttribute("aria-current", "true");
    }
    part(".conversation-open").addEventListener("click", () => {
      this.close();
      this.#on.onOpen(conversation);
    });
    part(".conversation-rename").addEventListener("click", () => this.#rename(item, conversation));
    part(".conversation-delete").addEventListener("click", () => this.#delete(conversation, name));
    // A conversation that Coze does not know yet can be neither renamed nor deleted.
    if (!conversation.id) part(".conversation-tools").remove();
    return item;
  }

  /**
   * Puts an input in the name's place: Enter and leaving it save, Escape does not.
   * @param {HTMLLIElement} item
   * @param {Conversation} conversation
   */
  #rename(item, conversation) {
    const input = document.createElement("input");
    input.value = conversation.name;
    input.maxLength = 100;
    input.setAttribute("aria-label", this.#say("chat-rename-label"));
    const before = [...item.childNodes];
    let isOver = false;
    const end = (/** @type {boolean} */ isSaved) => {
      if (isOver) return;
      isOver = true;
      const name = input.value.trim();
      item.replaceChildren(...before);
      if (isSaved && name && name !== conversation.name) void this.#on.onRename(conversation, name);
    };
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") {
        event.stopPropagation();
        end(false);
      }
    });
    input.addEventListener("blur", () => end(true));
    item.replaceChildren(input);
    input.select();
  }

  /**
   * @param {Conversation} conversation
   * @param {string} name
   */
  #delete(conversation, name) {
    this.#find("delete-what").textContent = this.#say("chat-delete-what", { name });
    this.#dialog.returnValue = "";
    this.#dialog.onclose = () => {
      if (this.#dialog.returnValue === "delete") void this.#on.onDelete(conversation);
    };
    this.#dialog.showModal();
  }

  /** @param {number} seconds */
  #date(seconds) {
    if (!seconds) return "";
    const date = new Date(seconds * 1000);
    const isToday = date.toDateString() === new Date().toDateString();
    return (isToday ? this.#time : this.#day).format(date);
  }
}
