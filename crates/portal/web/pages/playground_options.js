// What one can choose in the playground, and what becomes of it: a tag, an address. Pure: no document.
//
// Only what differs from the usual is written, so that the tag stays short. What comes from an address is checked like what
// comes from a form: a link of somebody else's must not put anything into the page but what the form could.

/**
 * @typedef {"sdk" | "cozegate"} Ui
 * @typedef {object} Choice
 * @property {string} name of the field in the form and in the address
 * @property {string} [attribute] of the tag, behind `data-`
 * @property {string[]} [option] the way to an option of the Chat SDK
 * @property {string} usual what holds when nothing is written; switches are "1" or "0"
 * @property {(value: string) => boolean} fits
 * @property {Ui} [only] for one of the two windows
 */

const MOST_LETTERS = 300;

const isText = (/** @type {string} */ value) => value.length <= MOST_LETTERS && !/[\u0000-\u001f\u007f]/.test(value);
const isSwitch = (/** @type {string} */ value) => value === "0" || value === "1";
const isOneOf =
  (/** @type {string[]} */ ...values) =>
  (/** @type {string} */ value) =>
    values.includes(value);
const isNumber = (/** @type {number} */ least, /** @type {number} */ most) => (/** @type {string} */ value) =>
  /^-?\d{1,10}$/.test(value) && Number(value) >= least && Number(value) <= most;

/**
 * @param {string} name
 * @param {(value: string) => boolean} fits
 * @param {Partial<Choice>} [more]
 * @returns {Choice}
 */
const attribute = (name, fits, more) => ({ name, attribute: name.replaceAll("_", "-"), usual: "", fits, ...more });

/**
 * @param {string} name
 * @param {string} way
 * @param {"0" | "1"} usual as the SDK has it
 * @returns {Choice}
 */
const option = (name, way, usual) => ({ name, option: way.split("."), usual, fits: isSwitch, only: "sdk" });

/** @type {readonly Choice[]} */
export const CHOICES = [
  attribute("bot_id", (value) => /^\d{1,25}$/.test(value)),
  attribute("app", isText),
  attribute("ui", isOneOf("sdk", "cozegate"), { usual: "sdk" }),
  attribute("title", isText),
  // `lang` in the address is the language of the page that writes the tag.
  attribute("chat_lang", isOneOf("zh-CN", "en"), { attribute: "lang" }),
  attribute("width", isNumber(280, 1200)),
  attribute("z_index", isNumber(0, 2147483647)),
  attribute("open", isSwitch, { usual: "0" }),
  attribute("layout", isOneOf("pc", "mobile"), { only: "sdk" }),
  attribute("icon", isAddress, { only: "sdk" }),
  attribute("nickname", isText, { only: "sdk" }),
  attribute("avatar", isAddress, { only: "sdk" }),
  attribute("sdk_from", isOneOf("proxy", "direct"), { usual: "proxy", only: "sdk" }),
  option("button", "ui.asstBtn.isNeed", "1"),
  option("header", "ui.header.isShow", "1"),
  option("close", "ui.header.isNeedClose", "1"),
  option("conversations", "ui.conversations.isNeed", "0"),
  option("new_conversation", "ui.chatBot.isNeedAddNewConversation", "1"),
  option("clear_context", "ui.chatBot.isNeedClearContext", "1"),
  option("uploads", "ui.chatBot.uploadable", "1"),
  option("audio", "ui.chatBot.isNeedAudio", "1"),
  option("tools", "ui.chatBot.isNeedFunctionCallMessage", "1"),
  option("quote", "ui.chatBot.isNeedQuote", "0"),
  option("feedback", "ui.chatBot.feedback.isNeedFeedback", "0"),
  option("footer", "ui.footer.isShow", "1"),
  { name: "footer_text", option: ["ui", "footer", "expressionText"], usual: "", fits: isText, only: "sdk" },
];

/**
 * Whether a value is the address of a picture.
 * @param {string} value
 */
function isAddress(value) {
  return isText(value) && /^https?:\/\//.test(value) && URL.canParse(value);
}

/**
 * Returns what was chosen, by name; what does not fit is left out.
 * @param {{ get: (name: string) => unknown }} source a form's data, or the parameters of an address
 * @returns {Map<string, string>}
 */
export function choicesIn(source) {
  const chosen = new Map();
  for (const { name, usual, fits } of CHOICES) {
    const value = source.get(name);
    if (typeof value === "string" && value.trim() !== usual && fits(value.trim())) chosen.set(name, value.trim());
  }
  for (const { name, only } of CHOICES) {
    if (only && only !== (chosen.get("ui") ?? "sdk")) chosen.delete(name);
  }
  return chosen;
}

/**
 * Returns the attributes of the tag, in the order in which they are written.
 * @param {Map<string, string>} chosen
 * @returns {[string, string][]}
 */
export function attributesFor(chosen) {
  /** @type {[string, string][]} */
  const attributes = [];
  /** @type {Record<string, any>} */
  const options = {};
  for (const { name, attribute, option, fits } of CHOICES) {
    const value = chosen.get(name);
    if (value === undefined) continue;
    if (attribute) attributes.push([`data-${attribute}`, fits === isSwitch ? "" : value]);
    if (option) put(options, option, fits === isSwitch ? value === "1" : value);
  }
  if (Object.keys(options).length > 0) attributes.push(["data-options", JSON.stringify(options)]);
  return attributes;
}

/**
 * Returns the tag as one writes it into a page.
 * @param {string} src of our script
 * @param {Map<string, string>} chosen
 */
export function snippetFor(src, chosen) {
  const withBot = chosen.has("bot_id") ? chosen : new Map([["bot_id", "BOT_ID"], ...chosen]);
  const written = [["src", src], ...attributesFor(withBot)].map(([name = "", value = ""]) => inTag(name, value));
  const line = `<script ${written.join(" ")} async></script>`;
  return line.length <= 92 ? line : `<script ${written.join("\n  ")}\n  async></script>`;
}

/**
 * Returns what was chosen as a query, without the question mark.
 * @param {Map<string, string>} chosen
 */
export function queryFor(chosen) {
  return new URLSearchParams([...chosen]).toString();
}

/**
 * @param {Record<string, any>} options
 * @param {string[]} way
 * @param {unknown} value
 */
function put(options, [first = "", ...rest], value) {
  if (rest.length === 0) options[first] = value;
  else put((options[first] ??= {}), rest, value);
}

/**
 * Writes an attribute so that nothing in it can end it, whichever quotes it has.
 * @param {string} name
 * @param {string} value
 */
function inTag(name, value) {
  if (value === "") return name;
  const safe = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  // JSON is full of double quotes; it is easier to read, and to change, in single ones.
  return value.includes('"') ? `${name}='${safe.replaceAll("'", "&#39;")}'` : `${name}="${safe}"`;
}
