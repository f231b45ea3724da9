// What the userscript manager offers, found once. Its functions are free names in the script's own scope and stand on no
// object, so each is asked for by name; one that was not granted is null.

/**
 * @typedef {object} Gm
 * @property {import("./gm_transport.js").GmRequest | null} request
 * @property {((name: string, fallback?: unknown) => unknown) | null} getValue
 * @property {((name: string, value: unknown) => void) | null} setValue
 * @property {((name: string) => void) | null} deleteValue
 * @property {((label: string, act: () => void, options?: unknown) => unknown) | null} registerMenu
 * @property {((id: unknown) => void) | null} unregisterMenu
 * @property {((details: Record<string, unknown>) => void) | null} notify
 * @property {((text: string, type?: string) => void) | null} copy
 * @property {((parent: Node, tag: string, attributes: Record<string, string>) => unknown) | null} addElement
 * @property {string} manager its name, empty where there is none
 * @property {string} managerVersion
 * @property {(Window & typeof globalThis) | null} page the page's own window
 */

/** @returns {Gm} */
export function foundGm() {
  return {
    // @ts-ignore The manager puts it there.
    request: typeof GM_xmlhttpRequest === "function" ? GM_xmlhttpRequest : null,
    // @ts-ignore The manager puts it there.
    getValue: typeof GM_getValue === "function" ? GM_getValue : null,
    // @ts-ignore The manager puts it there.
    setValue: typeof GM_setValue === "function" ? GM_setValue : null,
    // @ts-ignore The manager puts it there.
    deleteValue: typeof GM_deleteValue === "function" ? GM_deleteValue : null,
    // @ts-ignore The manager puts it there.
    registerMenu: typeof GM_registerMenuCommand === "function" ? GM_registerMenuCommand : null,
    // @ts-ignore The manager puts it there.
    unregisterMenu: typeof GM_unregisterMenuCommand === "function" ? GM_unregisterMenuCommand : null,
    // @ts-ignore The manager puts it there.
    notify: typeof GM_notification === "function" ? GM_notification : null,
    // @ts-ignore The manager puts it there.
    copy: typeof GM_setClipboard === "function" ? GM_setClipboard : null,
    // @ts-ignore The manager puts it there.
    addElement: typeof GM_addElement === "function" ? GM_addElement : null,
    // @ts-ignore The manager puts it there.
    manager: typeof GM_info === "object" && GM_info ? String(GM_info.scriptHandler ?? "") : "",
    // @ts-ignore The manager puts it there.
    managerVersion: typeof GM_info === "object" && GM_info ? String(GM_info.version ?? "") : "",
    // @ts-ignore The manager puts it there.
    page: typeof unsafeWindow === "object" ? unsafeWindow : null,
  };
}
