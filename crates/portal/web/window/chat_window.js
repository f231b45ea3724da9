// The window itself: a round button and a panel with the chat in it, in a shadow root of their own.
//
// It works on pages with a strict policy: styles come in as a constructed sheet, elements one by one, positions by script;
// no request leaves but those of the chat. The page's styles do not reach in, ours do not reach out.

import { Api } from "../chat/api.js";
import { GatewayLine } from "../chat/gateway_line.js";
import { Room } from "../chat/room.js";
import { finder, speaker } from "../pages/page_data.js";
import { Launcher } from "./launcher.js";
import { built } from "./markup.js";
import { CORNER, clamped, panelAt, read, written } from "./place.js";

/**
 * What the server says.
 * @typedef {{ version: string, lang: string, html: string, css: string, texts: Record<string, string> }} Served
 *
 * Who opens the window, and what for.
 * @typedef {object} Host
 * @property {Document} document
 * @property {import("../chat/gateway_line.js").GatewayClient} gateway
 * @property {string} [lang] of the dates; the words are those that were served
 * @property {string | null} [botId] without one the visitor may choose
 * @property {string | null} [title] what stands at the top in the bot's place
 * @property {number | null} [width] of the panel, in pixels
 * @property {number | null} [zIndex]
 * @property {boolean} [button] `false`: the page has its own
 * @property {import("./place.js").Place | null} [position] of the button before anybody has moved it
 * @property {() => void} [onShow]
 * @property {() => void} [onHide]
 * @property {(message: { role: "user" | "assistant", text: string }) => void} [onMessage]
 * @property {(error: import("../chat/failure.js").Failure) => void} [onError]
 * @property {{ read: (key: string) => string | null | undefined, write: (key: string, value: string) => void }} [keep]
 */

const PLACE_KEY = "window.place";
const USUAL_WIDTH_PX = 420;
const USUAL_HEIGHT_PX = 660;
/** Above what pages have, below what a browser's own parts have. */
const USUAL_Z_INDEX = 2147480000;

/** One chat on somebody's page. */
export class ChatWindow {
  #served;
  #host;
  #element;
  #shadow;
  #find;
  #say;
  #panel;
  #launcher;
  #width;
  /** @type {Room | null} made when the window is first shown: before that it asks nobody for anything */
  #room = null;
  /** Ends every listener on what is not ours. */
  #end = new AbortController();
  #isFull = false;
  #isBusy = false;
  #hasNews = false;

  /**
   * @param {Served} served
   * @param {Host} host
   */
  constructor(served, host) {
    this.#served = served;
    this.#host = host;
    this.#say = speaker(served.texts);
    this.#width = Math.max(280, Number(host.width) || USUAL_WIDTH_PX);
    const { document } = host;
    this.#element = document.createElement("cozegate-window");
    this.#shadow = this.#element.attachShadow({ mode: "open" });
    this.#dress(Number.isFinite(Number(host.zIndex ?? undefined)) ? Number(host.zIndex) : USUAL_Z_INDEX);
    this.#shadow.append(built(document, served.html));
    this.#find = finder(this.#shadow);
    this.#panel = this.#find("panel");
    // A script in the head may be here before the body is.
    (document.body ?? document.documentElement).append(this.#element);
    this.#launcher = new Launcher({
      button: this.#find("launcher"),
      say: this.#say,
      place: read(host.keep?.read(PLACE_KEY)) ?? clamped(host.position) ?? CORNER,
      viewport: () => this.#viewport,
      on: {
        onPress: () => (this.isShown ? this.hide() : this.show()),
        onMove: () => this.#put(),
        onMoved: (place) => host.keep?.write(PLACE_KEY, written(place)),
      },
    });
    this.#find("launcher").hidden = host.button === false;
    this.#listen();
  }

  get isShown() {
    return !this.#panel.hidden;
  }

  /** Whether the page still has it: one that changes without loading may throw away what it does not know. */
  isInPage() {
    return this.#element.isConnected;
  }

  show() {
    if (this.isShown || this.#end.signal.aborted) return;
    this.#panel.hidden = false;
    this.#launcher.open = true;
    this.#hasNews = false;
    this.#tellNews();
    this.#put();
    if (this.#room) this.#room.focus();
    else this.#begin();
    // Where a finger types nothing is focused but the panel itself, so that the keyboard stays away.
    if (!this.#shadow.activeElement || this.#shadow.activeElement === this.#find("launcher")) this.#panel.focus();
    this.#host.onShow?.();
  }

  hide() {
    if (!this.isShown) return;
    const hadFocus = this.#panel.contains(this.#shadow.activeElement);
    this.#panel.hidden = true;
    this.#launcher.open = false;
    this.#tellNews();
    this.#put();
    if (hadFocus) this.#find("launcher").focus();
    this.#host.onHide?.();
  }

  /** Takes everything off the page. */
  destroy() {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    this.#room?.leave();
    this.#element.remove();
  }

  #begin() {
    const { gateway, botId, title, lang } = this.#host;
    /** @type {string} the draft: nothing that somebody types is kept on other people's pages */
    let draft = "";
    this.#room = new Room({
      find: this.#find,
      say: this.#say,
      lang: lang || this.#served.lang,
      api: new Api(new GatewayLine(gateway)),
      draft: { read: () => draft, write: (text) => (draft = text) },
      bots: null,
      title: title ?? "",
      choice: botId ? "never" : "offered",
      on: {
        onMessage: (message) => {
          if (message.role === "assistant" && !this.isShown) this.#hasNews = true;
          this.#tellNews();
          this.#host.onMessage?.(message);
        },
        onState: (state) => {
          this.#isBusy = state === "streaming";
          this.#tellNews();
        },
        onFailure: (failure) => this.#host.onError?.(failure),
      },
    });
    void (botId ? this.#room.enter(botId) : this.#room.pick());
  }

  #tellNews() {
    this.#launcher.news = this.#hasNews ? "news" : this.#isBusy && !this.isShown ? "busy" : "idle";
    this.#find("news").textContent = this.#hasNews ? this.#say("window-news") : "";
  }

  /** The part of the screen that shows the page. */
  get #viewport() {
    const { documentElement, defaultView } = this.#host.document;
    return {
      width: documentElement.clientWidth || defaultView?.innerWidth || 0,
      height: defaultView?.innerHeight ?? documentElement.clientHeight,
    };
  }

  /** Puts everything where it belongs. */
  #put() {
    this.#launcher.put();
    const hasLauncher = this.#host.button !== false;
    const wanted = { width: this.#width, height: USUAL_HEIGHT_PX };
    const spot = panelAt(this.#launcher.place, this.#viewport, wanted, hasLauncher);
    this.#isFull = spot === null;
    // With a keyboard on the screen, what is left of it.
    const seen = this.#host.document.defaultView?.visualViewport;
    const { left, top, width, height } = spot ?? {
      left: 0,
      top: seen?.offsetTop ?? 0,
      width: this.#viewport.width,
      height: seen?.height ?? this.#viewport.height,
    };
    const { style } = this.#panel;
    style.left = `${left}px`;
    style.top = `${top}px`;
    style.width = `${width}px`;
    style.height = `${height}px`;
    this.#panel.toggleAttribute("data-full", this.#isFull);
    this.#panel.setAttribute("aria-modal", String(this.#isFull));
    this.#find("launcher").toggleAttribute("data-covered", this.#isFull && this.isShown);
  }

  #listen() {
    const { signal } = this.#end;
    const view = this.#host.document.defaultView;
    view?.addEventListener("resize", () => this.#put(), { signal });
    view?.visualViewport?.addEventListener("resize", () => this.#put(), { signal });
    view?.visualViewport?.addEventListener("scroll", () => this.isShown && this.#put(), { signal });
    this.#find("window-close").addEventListener("click", () => this.hide());
    const whole = this.#find("window");
    whole.addEventListener("keydown", (event) => this.#key(event));
    // Keys that are typed here are none of the page's shortcuts.
    for (const type of ["keydown", "keyup", "keypress"]) {
      whole.addEventListener(type, (event) => event.stopPropagation());
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.isShown || event.isComposing) return;
    const isAsking = /** @type {HTMLDialogElement} */ (this.#find("delete-dialog")).open;
    if (event.key === "Escape" && !isAsking) {
      event.preventDefault();
      this.hide();
    }
    if (event.key === "Tab" && this.#isFull && !isAsking) this.#keepFocusInside(event);
  }

  /**
   * A panel that covers the page has the focus to itself.
   * @param {KeyboardEvent} event
   */
  #keepFocusInside(event) {
    const candidates = [...this.#panel.querySelectorAll("a[href], button, input, textarea, summary, [tabindex='0']")];
    const reachable = candidates.filter((node) => node.matches(":not(:disabled)") && node.getClientRects().length > 0);
    const [first, last] = [reachable[0], reachable.at(-1)];
    const { activeElement } = this.#shadow;
    const isAtEnd = event.shiftKey ? activeElement === first || activeElement === this.#panel : activeElement === last;
    if (!isAtEnd) return;
    event.preventDefault();
    /** @type {HTMLElement | undefined} */ (event.shiftKey ? last : first)?.focus();
  }

  /** @param {number} zIndex */
  #dress(zIndex) {
    const css = `${this.#served.css}\n:host { z-index: ${Math.trunc(zIndex)} !important; }`;
    const Sheet = /** @type {any} */ (this.#host.document.defaultView ?? globalThis).CSSStyleSheet;
    try {
      const sheet = new Sheet();
      sheet.replaceSync(css);
      this.#shadow.adoptedStyleSheets = [sheet];
    } catch {
      // The sandbox of a userscript in Firefox may not hand its sheets to a page; its elements it may.
      const style = this.#host.document.createElement("style");
      style.textContent = css;
      this.#shadow.append(style);
    }
  }
}
