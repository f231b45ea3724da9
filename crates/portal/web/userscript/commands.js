// What the menu's entries ask and do. They know the parts that they change, and tell the companion when it must act.

import { installAddress } from "./explain.js";
import { WIDTHS } from "./settings.js";

/**
 * @typedef {object} Dialogs
 * @property {(text: string, given?: string) => string | null} prompt
 * @property {(text: string) => boolean} confirm
 * @property {(text: string) => void} alert
 *
 * @typedef {object} Companion what runs on this page
 * @property {boolean} isShown
 * @property {() => Promise<void>} toggle
 * @property {() => Promise<void>} rebuild with the settings as they are now
 * @property {() => Promise<void>} becomeSomebodyElse the identity has changed
 * @property {() => Promise<Record<string, string>>} status values for the text of the status
 *
 * @typedef {object} Parts
 * @property {Companion} companion
 * @property {import("./settings.js").Settings} settings
 * @property {import("./identity.js").Identity} identity
 * @property {import("./log.js").DebugLog} log
 * @property {Dialogs} dialogs
 * @property {(text: string) => Promise<boolean>} copy
 * @property {(text: string) => void} tell
 * @property {(address: string) => void} open
 * @property {(id: string, values?: Record<string, string | number>) => string} say in the language that is chosen now
 * @property {string} authBase
 */

/** @type {import("./settings.js").Ui[]} */
const UIS = ["auto", "sdk", "cozegate"];

/**
 * Returns the menu as it should be now.
 * @param {Parts} parts
 * @returns {import("./menu.js").Entry[]}
 */
export function menuEntries(parts) {
  const { companion, settings, say } = parts;
  const { title, width, lang, ui, debug } = settings.values;
  const entry = (/** @type {string} */ id, /** @type {() => void | Promise<void>} */ act, values = {}) => ({
    label: say(`userscript-menu-${id}`, values),
    act,
  });
  return [
    entry(companion.isShown ? "close" : "open", () => companion.toggle()),
    entry("bot", () => chooseBot(parts), { bot: settings.botName || "–" }),
    entry("title", () => chooseTitle(parts), { title: title || settings.botName || "–" }),
    entry("width", () => chooseWidth(parts), { width }),
    entry("language", () => change(parts, "lang", lang === "en" ? "zh-CN" : "en")),
    entry(`ui-${ui}`, () => change(parts, "ui", UIS[(UIS.indexOf(ui) + 1) % UIS.length])),
    entry("user-show", () => showUser(parts)),
    entry("user-copy", () => copied(parts, parts.identity.id)),
    entry("user-renew", () => renewUser(parts)),
    entry("user-export", () => copied(parts, parts.identity.export())),
    entry("user-import", () => importUser(parts)),
    entry(debug ? "debug-off" : "debug-on", () => change(parts, "debug", !debug)),
    entry("log", () => copied(parts, parts.log.text())),
    entry("status", () => showStatus(parts)),
    entry("reinstall", () => parts.open(installAddress(parts.authBase))),
  ];
}

/**
 * @template {keyof import("./settings.js").Values} K
 * @param {Parts} parts
 * @param {K} name
 * @param {unknown} value
 */
async function change({ settings, companion, tell, say, log }, name, value) {
  if (!settings.change(name, value)) return tell(say("userscript-wrong-value"));
  log.add("setting", { [name]: settings.values[name] });
  await companion.rebuild();
}

/** @param {Parts} parts */
async function chooseBot(parts) {
  const { settings, dialogs, say } = parts;
  const list = settings.bots.map(({ id, name }, index) => `${index + 1}. ${name} (${id})`).join("\n");
  const typed = dialogs.prompt(`${say("userscript-ask-bot")}\n${list}`, settings.values.botId)?.trim();
  if (typed === undefined) return;
  // A short number is a place in the list; bots have long ones.
  const listed = /^\d{1,3}$/.test(typed) ? settings.bots[Number(typed) - 1]?.id : typed;
  await change(parts, "botId", typed === "" ? null : (listed ?? ""));
}

/** @param {Parts} parts */
async function chooseTitle(parts) {
  const typed = parts.dialogs.prompt(parts.say("userscript-ask-title"), parts.settings.values.title)?.trim();
  if (typed !== undefined) await change(parts, "title", typed === "" ? null : typed);
}

/** @param {Parts} parts */
async function chooseWidth(parts) {
  const { settings, dialogs, say } = parts;
  const question = say("userscript-ask-width", { least: WIDTHS.least, most: WIDTHS.most });
  const typed = dialogs.prompt(question, String(settings.values.width))?.trim();
  if (typed !== undefined) await change(parts, "width", typed === "" ? null : typed);
}

/** @param {Parts} parts */
function showUser({ dialogs, identity, say }) {
  dialogs.alert(say("userscript-user", { id: identity.id }));
}

/** @param {Parts} parts */
async function renewUser({ dialogs, identity, companion, log, tell, say }) {
  if (!dialogs.confirm(say("userscript-ask-renew"))) return;
  identity.renew();
  log.add("the user id was renewed");
  await companion.becomeSomebodyElse();
  tell(say("userscript-renewed"));
}

/** @param {Parts} parts */
async function importUser({ dialogs, identity, companion, log, tell, say }) {
  const text = dialogs.prompt(say("userscript-ask-import"));
  if (text === null) return;
  if (!identity.import(text)) return tell(say("userscript-import-wrong"));
  log.add("a user id was imported");
  await companion.becomeSomebodyElse();
  tell(say("userscript-imported"));
}

/** @param {Parts} parts */
async function showStatus({ companion, dialogs, say }) {
  dialogs.alert(say("userscript-status", await companion.status()));
}

/**
 * @param {Parts} parts
 * @param {string} text
 */
async function copied({ copy, dialogs, tell, say }, text) {
  if (await copy(text)) tell(say("userscript-copied"));
  else dialogs.prompt(say("userscript-copy-yourself"), text);
}
