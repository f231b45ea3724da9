// The platform's Chat SDK as the chat on this page, with its requests sent through the gateway.
//
// It is given no handle: the requests get theirs on the way. So there is none in what it logs, keeps or shows.

import { patchPage } from "../client/patch.js";
import { sleepOnClock } from "../client/patience.js";
import { merged, withoutClosed } from "../embed/options.js";
import { waysOf } from "../embed/ways.js";
import { onlyWith, ownToken } from "./own_requests.js";
import { loadedSdk } from "./sdk_loading.js";

/**
 * @param {import("./window_face.js").FaceParts} parts
 * @returns {Promise<import("./window_face.js").Face | null>} null when this page cannot have it
 */
export async function sdkFace(parts) {
  const { scope, gm, gateway, send, values, botName, log, onChange } = parts;
  const { apiBase, upstream, userId, rights } = await gateway.session();
  // Without a bot the SDK shows nothing at all; our own window lets people choose one.
  const missing = !upstream.sdkUrl ? "the gateway names no Chat SDK" : !values.botId ? "no bot is chosen" : "";
  if (missing) {
    log.add(missing);
    return null;
  }
  const token = ownToken();
  const loaded = await loadedSdk({
    scope,
    gm,
    send,
    address: upstream.sdkUrl,
    proxied: `${apiBase}/${encodeURIComponent(upstream.sdkUrl)}`,
    patch: (world) => patchPage(world, onlyWith(token, waysOf(gateway), world.fetch.bind(world))),
    log,
    sleep: sleepOnClock,
  });
  if (!loaded) return null;
  log.add(`the Chat SDK runs in the ${loaded.where}`);

  let isShown = false;
  const changed = (/** @type {boolean} */ shown) => {
    isShown = shown;
    onChange();
  };
  const { body } = scope.document;
  const before = new Set(body.children);
  const client = new loaded.WebChatClient(
    merged(optionsFor(values, { title: values.title || botName, userId, token, gateway, changed }), withoutClosed(rights)),
  );
  const added = [...body.children].filter((child) => !before.has(child) && child.tagName !== "SCRIPT");
  return {
    name: `Chat SDK (${loaded.where})`,
    get isShown() {
      return isShown;
    },
    get isInPage() {
      return added.every((element) => element.isConnected);
    },
    show: () => client.showChatBot(),
    hide: () => client.hideChatBot(),
    destroy() {
      client.destroy();
      loaded.leave();
    },
  };
}

/**
 * @param {import("./settings.js").Values} values
 * @param {object} visit
 * @param {string} visit.title
 * @param {string} visit.userId
 * @param {string} visit.token
 * @param {import("../client/gateway.js").Gateway} visit.gateway
 * @param {(isShown: boolean) => void} visit.changed
 */
function optionsFor({ botId, width, lang }, { title, userId, token, gateway, changed }) {
  return {
    config: { type: "bot", bot_id: botId, isIframe: false },
    auth: {
      type: "token",
      token,
      onRefreshToken: async () => {
        await gateway.onRefreshToken();
        return token;
      },
    },
    userInfo: { id: userId },
    ui: {
      base: { lang },
      chatBot: {
        title,
        width,
        onShow: () => changed(true),
        onHide: () => changed(false),
      },
    },
  };
}
