// What a page may say about its chat: attributes of our tag, `window.cozegateOptions`, and `cozegate.init({...})`, the later
// before the earlier. Own settings have the attributes' names; everything else is an option of the Chat SDK.

import { allows } from "../client/rights.js";

/**
 * @typedef {object} Settings
 * @property {string} botId
 * @property {string} app which of the gateway's apps; empty for its default one
 * @property {"sdk" | "cozegate" | "none"} ui whose window; `none` only leads the page's own requests to the gateway
 * @property {string} title
 * @property {string} lang
 * @property {string} layout
 * @property {string} icon
 * @property {number | null} width
 * @property {number | null} zIndex
 * @property {string} sdk address of the SDK's script; empty for the one that the gateway names
 * @property {"proxy" | "direct"} sdkFrom
 * @property {boolean} open whether the window opens by itself
 * @property {string} nickname
 * @property {string} avatar
 * @property {Record<string, any>} options the SDK's
 */

/** Own settings. */
const OWN = new Set(
  "botId app ui title lang layout icon width zIndex sdk sdkFrom open nickname avatar".split(" "),
);

/**
 * Reads the attributes of our tag.
 * @param {HTMLElement | null} tag
 * @returns {Record<string, any>}
 */
export function attributesOf(tag) {
  const { options, ...own } = { ...tag?.dataset };
  const given = Object.entries(own).filter(([name]) => OWN.has(name));
  try {
    return { ...Object.fromEntries(given), options: JSON.parse(options || "{}") };
  } catch {
    // Its author reads the console; the visitors get the chat without them.
    console.warn("cozegate: data-options is no JSON");
    return Object.fromEntries(given);
  }
}

/**
 * Makes settings of what was given, in the order of its weight.
 * @param {Record<string, any>[]} given
 * @param {string} pageLang of the page, or of the browser
 * @returns {Settings}
 */
export function settingsOf(given, pageLang) {
  /** @type {Record<string, any>} */
  const own = {};
  let options = {};
  for (const one of given) {
    for (const [name, value] of Object.entries(one)) {
      // The SDK has an option `ui` as well, which is an object.
      if (OWN.has(name) && !isPlain(value)) own[name] = value;
      else if (name === "options") options = merged(options, value);
      else options = merged(options, { [name]: value });
    }
  }
  const text = (/** @type {string} */ name) => String(own[name] ?? "");
  return {
    botId: text("botId"),
    app: text("app"),
    ui: own["ui"] === "cozegate" || own["ui"] === "none" ? own["ui"] : "sdk",
    title: text("title"),
    lang: (text("lang") || pageLang).toLowerCase().startsWith("zh") ? "zh-CN" : "en",
    layout: text("layout"),
    icon: text("icon"),
    width: numberOf(own["width"]),
    zIndex: numberOf(own["zIndex"]),
    sdk: text("sdk"),
    sdkFrom: own["sdkFrom"] === "direct" ? "direct" : "proxy",
    open: own["open"] !== undefined && own["open"] !== false && own["open"] !== "false",
    nickname: text("nickname"),
    avatar: text("avatar"),
    options,
  };
}

/**
 * Whether there is somebody to chat with.
 * @param {Settings} settings
 */
export function hasBot({ botId, ui, options }) {
  const { bot_id, botId: other, botInfo, appInfo } = options["config"] ?? {};
  return Boolean(ui === "none" || botId || bot_id || other || botInfo?.botId || appInfo?.appId);
}

/**
 * Returns the SDK's options: those of the settings, under those that were given for it, under what must be so.
 * @param {Settings} settings
 * @param {{ userId: string, rights: import("../client/rights.js").Rights, auth: object, onShow: () => void, onHide: () => void }} forced
 */
export function sdkOptions(settings, { userId, rights, auth, onShow, onHide }) {
  const { botId, title, lang, layout, icon, width, zIndex, nickname, avatar, options } = settings;
  const ours = {
    config: { type: "bot", ...(botId ? { bot_id: botId } : {}) },
    userInfo: { id: userId, nickname, url: avatar },
    ui: {
      base: thoseSet({ lang, layout, icon, zIndex }),
      chatBot: thoseSet({ title, width }),
    },
  };
  const all = merged(ours, options);
  const chatBot = all["ui"].chatBot;
  return merged(merged(all, withoutClosed(rights)), {
    // In a frame of the platform's nothing could be led to the gateway.
    config: { isIframe: false },
    auth,
    userInfo: { id: userId },
    ui: { chatBot: { onShow: both(onShow, chatBot.onShow), onHide: both(onHide, chatBot.onHide) } },
  });
}

/**
 * Returns the SDK's options that hide what the session may not do.
 * @param {import("../client/rights.js").Rights} rights
 * @returns {Record<string, any>}
 */
export function withoutClosed(rights) {
  const shown = (/** @type {string} */ group) => (allows(rights, group) ? null : false);
  const conversations = shown("conversations");
  return {
    ui: {
      conversations: thoseSet({ isNeed: conversations }),
      chatBot: thoseSet({
        isNeedAddNewConversation: conversations,
        isNeedClearContext: conversations,
        uploadable: shown("files"),
        isNeedAudio: shown("audio"),
        feedback: thoseSet({ isNeedFeedback: shown("feedback") }),
      }),
    },
  };
}

/**
 * Merges plain objects in depth; everything else of `over` replaces what was there.
 * @param {Record<string, any>} under
 * @param {unknown} over
 * @returns {Record<string, any>}
 */
export function merged(under, over) {
  if (!isPlain(over)) return under;
  const result = { ...under };
  for (const [name, value] of Object.entries(over)) {
    // Options may come from JSON: no way to everybody's prototype.
    if (name === "__proto__") continue;
    const below = result[name];
    result[name] = isPlain(value) ? merged(isPlain(below) ? below : {}, value) : value;
  }
  return result;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
function isPlain(value) {
  return typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** @param {Record<string, unknown>} values those that are set */
function thoseSet(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== null));
}

/** @param {unknown} value */
function numberOf(value) {
  const number = Number(value ?? NaN);
  return value !== "" && Number.isFinite(number) ? number : null;
}

/**
 * @param {() => void} first
 * @param {unknown} second
 */
function both(first, second) {
  return () => {
    first();
    if (typeof second === "function") second();
  };
}
