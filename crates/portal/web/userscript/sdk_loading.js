// Gets the Chat SDK and runs it: in the sandbox, where the page's policy does not reach; else in the page, whose requests
// are then patched; else not at all.

import { ownWorld, runIn } from "./sandbox.js";

/** Pauses before the second and later attempts to get the code. */
const PAUSES_MS = [500, 2_000];
/** A script element's code has run by then, or never will. */
const RUN_DEADLINE_MS = 4_000;
const POLL_MS = 50;
/** Coze's own pages talk to the same API themselves: patching them would send their requests astray. */
const PLATFORM_PAGE = /(?:^|\.)coze\.(?:cn|com)$/i;

/**
 * @typedef {object} Loaded
 * @property {new (options: object) => any} WebChatClient
 * @property {() => void} leave takes the patches back
 * @property {"sandbox" | "page"} where
 *
 * @typedef {object} LoadingParts
 * @property {Window & typeof globalThis} scope
 * @property {import("./gm.js").Gm} gm
 * @property {import("../client/transport.js").Send} send
 * @property {string} address where the SDK is
 * @property {string} proxied the same through the gateway
 * @property {(world: Window & typeof globalThis) => () => void} patch sends a world's requests to the gateway; returns what
 *   undoes it
 * @property {import("./log.js").DebugLog} log
 * @property {(ms: number) => Promise<void>} sleep
 */

/**
 * @param {LoadingParts} parts
 * @returns {Promise<Loaded | null>}
 */
export async function loadedSdk(parts) {
  const code = await fetchedCode(parts);
  if (code !== null) {
    const loaded = inSandbox(parts, code);
    if (loaded) return loaded;
  }
  return inPage(parts, code);
}

/**
 * Gets the code through the gateway.
 * @param {Pick<LoadingParts, "send" | "proxied" | "log" | "sleep">} parts
 * @returns {Promise<string | null>}
 */
export async function fetchedCode({ send, proxied, log, sleep }) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await send({ method: "GET", url: proxied, headers: {} });
      if (answer.ok) return await answer.text();
      log.add(`the Chat SDK came with status ${answer.status}`);
      if (answer.status < 500 && answer.status !== 429) return null;
    } catch (error) {
      log.add("the Chat SDK did not come", error);
    }
    const pause = PAUSES_MS[attempt];
    if (pause === undefined) return null;
    await sleep(pause);
  }
}

/**
 * @param {LoadingParts} parts
 * @param {string} code
 * @returns {Loaded | null}
 */
function inSandbox({ scope, patch, log }, code) {
  const world = ownWorld(scope);
  const leave = patch(world);
  try {
    runIn(world, code);
    const { WebChatClient } = /** @type {any} */ (world).CozeWebSDK ?? {};
    if (WebChatClient) return { WebChatClient, leave, where: "sandbox" };
    log.add("the code brought no Chat SDK");
  } catch (error) {
    // EvalError: this sandbox is under the page's policy.
    log.add("the Chat SDK does not run in the sandbox", error);
  }
  leave();
  return null;
}

/**
 * @param {LoadingParts} parts
 * @param {string | null} code null to load it directly
 * @returns {Promise<Loaded | null>}
 */
async function inPage({ scope, gm, address, patch, log, sleep }, code) {
  const page = gm.page ?? scope;
  if (PLATFORM_PAGE.test(scope.location.hostname)) {
    log.add("this is a page of the platform's own: the Chat SDK is not run in it");
    return null;
  }
  const leave = patch(page);
  const ways = [...(code === null ? [] : [{ textContent: code }]), { src: address }];
  for (const way of ways) {
    try {
      addScript(scope.document, gm, way);
      for (let waited = 0; waited < RUN_DEADLINE_MS; waited += POLL_MS) {
        const { WebChatClient } = /** @type {any} */ (page).CozeWebSDK ?? {};
        if (WebChatClient) return { WebChatClient, leave, where: "page" };
        await sleep(POLL_MS);
      }
      log.add("src" in way ? "the Chat SDK did not load directly" : "the Chat SDK does not run in the page");
    } catch (error) {
      log.add("the page takes no script", error);
    }
  }
  leave();
  return null;
}

/**
 * Adds a script element: by the manager, whose elements may pass the page's policy, else plainly.
 * @param {Document} document
 * @param {import("./gm.js").Gm} gm
 * @param {{ textContent: string } | { src: string }} way
 */
function addScript(document, { addElement }, way) {
  const parent = document.head ?? document.documentElement;
  if (addElement) {
    addElement(parent, "script", way);
    return;
  }
  const script = Object.assign(document.createElement("script"), way);
  parent.append(script);
}
