// How the chat looks and behaves: as the configuration says, and where this browser's menu says otherwise, as that says.
//
// What is kept is checked when it is read: it may come from an older version, or from a bot that is gone.

const KEY = "cozegate_settings";

/**
 * @typedef {"auto" | "sdk" | "cozegate"} Ui `auto`: the Chat SDK where it can be shown as it should, else our own window
 *
 * @typedef {object} Values
 * @property {string} botId
 * @property {string} title empty for the bot's own name
 * @property {number} width in pixels
 * @property {"zh-CN" | "en"} lang
 * @property {Ui} ui
 * @property {boolean} debug
 *
 * @typedef {{ id: string, name: string }} Bot
 */

export const WIDTHS = /** @type {const} */ ({ least: 280, most: 1600, usual: 460 });

/** Each setting's check: returns the value to use, or undefined when it is none. */
const CHECKS = {
  botId: (/** @type {unknown} */ value) => text(value, /^[\w-]{1,64}$/),
  title: (/** @type {unknown} */ value) => text(value, /^.{0,80}$/u),
  width: (/** @type {unknown} */ value) => {
    const width = Math.round(Number(value));
    return width >= WIDTHS.least && width <= WIDTHS.most ? width : undefined;
  },
  lang: (/** @type {unknown} */ value) => (value === "zh-CN" || value === "en" ? value : undefined),
  ui: (/** @type {unknown} */ value) =>
    value === "auto" || value === "sdk" || value === "cozegate" ? value : undefined,
  debug: (/** @type {unknown} */ value) => (typeof value === "boolean" ? value : undefined),
};

/** The settings of this browser. */
export class Settings {
  #store;
  /** @type {Values} */
  #configured;
  /** Those of the configuration. @type {Bot[]} */
  bots;

  /**
   * @param {import("./store.js").Store} store
   * @param {Record<string, any>} config as the gateway serves it
   * @param {readonly string[]} languages of the browser
   */
  constructor(store, config, languages) {
    this.#store = store;
    this.bots = (Array.isArray(config.bots) ? config.bots : []).map(({ id, name }) => ({
      id: String(id),
      name: String(name || id),
    }));
    this.#configured = {
      botId: CHECKS.botId(config.bot_id) ?? this.bots[0]?.id ?? "",
      title: CHECKS.title(config.title) ?? "",
      width: CHECKS.width(config.width) ?? WIDTHS.usual,
      lang: CHECKS.lang(config.lang) ?? spoken(languages),
      // Who runs the gateway says which window is usual; that a page must show it badly says only who sits before it.
      ui: config.ui === "cozegate" ? "cozegate" : "auto",
      debug: config.debug === true,
    };
  }

  /** @returns {Values} */
  get values() {
    return { ...this.#configured, ...this.#chosen() };
  }

  /** The name of the bot that is chosen, or its id. */
  get botName() {
    const { botId } = this.values;
    return this.bots.find(({ id }) => id === botId)?.name ?? botId;
  }

  /**
   * Changes one for this browser; null goes back to the configuration.
   * @template {keyof Values} K
   * @param {K} name
   * @param {unknown} value
   * @returns {boolean} false when it cannot be that
   */
  change(name, value) {
    /** @type {Record<string, unknown>} */
    const chosen = this.#chosen();
    if (value === null) {
      delete chosen[name];
    } else {
      const checked = CHECKS[name](value);
      if (checked === undefined) return false;
      chosen[name] = checked;
    }
    this.#store.write(KEY, Object.keys(chosen).length > 0 ? chosen : undefined);
    return true;
  }

  /** @returns {Partial<Values>} */
  #chosen() {
    const kept = this.#store.read(KEY);
    if (typeof kept !== "object" || kept === null) return {};
    /** @type {Record<string, unknown>} */
    const chosen = {};
    for (const [name, check] of Object.entries(CHECKS)) {
      const value = check(/** @type {Record<string, unknown>} */ (kept)[name]);
      if (value !== undefined) chosen[name] = value;
    }
    return chosen;
  }
}

/**
 * @param {unknown} value
 * @param {RegExp} form
 */
function text(value, form) {
  return typeof value === "string" && form.test(value) ? value : undefined;
}

/**
 * The first language of the browser that we speak.
 * @param {readonly string[]} languages
 * @returns {"zh-CN" | "en"}
 */
function spoken(languages) {
  for (const language of languages) {
    if (/^zh\b/i.test(language)) return "zh-CN";
    if (/^en\b/i.test(language)) return "en";
  }
  return "en";
}
