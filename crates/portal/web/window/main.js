// Our own window for other people's pages starts here: it leaves the function that opens it where embed.js and the
// userscript look for it.

import { ChatWindow } from "./chat_window.js";

/** @param {import("./chat_window.js").Served} served what the server says */
export function start(served) {
  /** @param {import("./chat_window.js").Host} host */
  const openWindow = (host) => new ChatWindow(served, host);
  Reflect.set(globalThis, Symbol.for("cozegate.window"), openWindow);
}
