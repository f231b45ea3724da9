// Our own chat window on the page: it came with the script, so neither the page's CSP nor another server can keep it away.

import { ChatWindow } from "../window/chat_window.js";

/**
 * Something that people chat in.
 * @typedef {object} Face
 * @property {string} name for the log and the status
 * @property {boolean} isShown
 * @property {boolean} isInPage false when the page has thrown its elements away
 * @property {() => void} show
 * @property {() => void} hide
 * @property {() => void} destroy
 *
 * What a face needs.
 * @typedef {object} FaceParts
 * @property {Window & typeof globalThis} scope
 * @property {import("./gm.js").Gm} gm
 * @property {import("../client/gateway.js").Gateway} gateway
 * @property {import("../client/transport.js").Send} send
 * @property {import("./settings.js").Values} values
 * @property {string} botName as the configuration calls it, else its id
 * @property {import("./store.js").Store} store
 * @property {import("./log.js").DebugLog} log
 * @property {Record<string, import("../window/chat_window.js").Served>} windows by language
 * @property {() => void} onChange it was shown or hidden
 */

const KEEP = "cozegate_";

/**
 * @param {FaceParts} parts
 * @returns {Face}
 */
export function windowFace({ scope, gateway, values, store, log, windows, onChange }) {
  const served = windows[values.lang];
  if (!served) throw new Error(`no window was served in ${values.lang}`);
  const chat = new ChatWindow(served, {
    document: scope.document,
    gateway,
    lang: values.lang,
    botId: values.botId || null,
    title: values.title || null,
    width: values.width,
    onShow: onChange,
    onHide: onChange,
    onError: (error) => log.add("the chat says", error),
    keep: {
      read: (key) => {
        const kept = store.read(KEEP + key);
        return typeof kept === "string" ? kept : null;
      },
      write: (key, value) => store.write(KEEP + key, value),
    },
  });
  return {
    name: "cozegate",
    get isShown() {
      return chat.isShown;
    },
    get isInPage() {
      return chat.isInPage();
    },
    show: () => chat.show(),
    hide: () => chat.hide(),
    destroy: () => chat.destroy(),
  };
}
