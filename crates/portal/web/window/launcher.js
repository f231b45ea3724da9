// The round button: opens and closes the window, can be moved by pointer and by arrow keys, says what one would miss.

import { launcherAt, placeOf, stepped } from "./place.js";

/** A press that moves less than this is a click. */
const DRAG_FROM_PX = 5;

/**
 * @typedef {import("./place.js").Place} Place
 * @typedef {"idle" | "busy" | "news"} News nothing new; an answer is being written; there is one that was not seen
 */

/** @type {Readonly<Record<News, string>>} */
const LABELS = { idle: "window-open", busy: "window-open-busy", news: "window-open-news" };

/** The button and where it stands. */
export class Launcher {
  #button;
  #say;
  #viewport;
  #on;
  #place;
  /** @type {News} */
  #news = "idle";
  #isOpen = false;

  /**
   * @param {object} parts
   * @param {HTMLElement} parts.button
   * @param {import("../pages/page_data.js").Say} parts.say
   * @param {Place} parts.place
   * @param {() => import("./place.js").Size} parts.viewport
   * @param {{ onPress: () => void, onMoved: (place: Place) => void, onMove: (place: Place) => void }} parts.on `onMove`
   *   while it is on its way, `onMoved` when it has arrived
   */
  constructor({ button, say, place, viewport, on }) {
    this.#button = button;
    this.#say = say;
    this.#place = place;
    this.#viewport = viewport;
    this.#on = on;
    this.#listenToPointer();
    button.addEventListener("keydown", (event) => this.#moveByKey(event));
    this.#label();
    this.put();
  }

  get place() {
    return this.#place;
  }

  /** Puts the button where it belongs on a screen of this size. */
  put() {
    const { left, top } = launcherAt(this.#place, this.#viewport());
    this.#button.style.left = `${left}px`;
    this.#button.style.top = `${top}px`;
  }

  /** @param {boolean} isOpen */
  set open(isOpen) {
    this.#isOpen = isOpen;
    this.#button.setAttribute("aria-expanded", String(isOpen));
    this.#label();
  }

  /** @param {News} news */
  set news(news) {
    this.#news = news;
    this.#button.dataset.news = news;
    this.#label();
  }

  #label() {
    const label = this.#say(this.#isOpen ? "window-close" : LABELS[this.#news]);
    this.#button.setAttribute("aria-label", label);
    this.#button.title = label;
  }

  #listenToPointer() {
    const button = this.#button;
    /** @type {{ id: number, x: number, y: number, left: number, top: number, isDrag: boolean } | null} */
    let press = null;
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || press) return;
      const { left, top } = launcherAt(this.#place, this.#viewport());
      press = { id: event.pointerId, x: event.clientX, y: event.clientY, left, top, isDrag: false };
      button.setPointerCapture(event.pointerId);
    });
    button.addEventListener("pointermove", (event) => {
      if (!press || event.pointerId !== press.id) return;
      const [dx, dy] = [event.clientX - press.x, event.clientY - press.y];
      if (!press.isDrag && Math.hypot(dx, dy) < DRAG_FROM_PX) return;
      press.isDrag = true;
      button.dataset.dragged = "";
      this.#moveTo(placeOf({ left: press.left + dx, top: press.top + dy }, this.#viewport()));
    });
    const end = (/** @type {PointerEvent} */ event) => {
      if (!press || event.pointerId !== press.id) return;
      const { isDrag } = press;
      press = null;
      if (!isDrag) return;
      this.#on.onMoved(this.#place);
      // The click that ends a drag is none; it comes in this same turn, if at all.
      setTimeout(() => delete button.dataset.dragged);
    };
    button.addEventListener("pointerup", end);
    button.addEventListener("pointercancel", end);
    button.addEventListener("click", () => {
      if (!("dragged" in button.dataset)) this.#on.onPress();
    });
  }

  /** @param {KeyboardEvent} event */
  #moveByKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const place = stepped(this.#place, event.key, this.#viewport());
    if (!place) return;
    event.preventDefault();
    this.#moveTo(place);
    this.#on.onMoved(place);
  }

  /** @param {Place} place */
  #moveTo(place) {
    this.#place = place;
    this.put();
    this.#on.onMove(place);
  }
}
