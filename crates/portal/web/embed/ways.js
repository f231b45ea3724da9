// Which of a page's requests are the platform's, and where they go instead.

import { allows } from "../client/rights.js";

/** The hosts that are written into the SDK's builds (chat-sdk 3.2), whatever platform is behind the gateway. */
const BUILT_IN_APIS = ["https://api.coze.cn", "https://api.coze.com"];
const BUILT_IN_SOCKETS = ["wss://ws.coze.cn", "wss://ws.coze.com"];

/**
 * What programs get in a token's place. It is no secret: the SDK writes its options to the console, and the handle is put into
 * each request on its way to the gateway.
 */
export const STAND_IN = "cozegate";

/**
 * @param {import("../client/gateway.js").Gateway} gateway
 * @param {boolean} [leadsAll] whatever token the page gives; otherwise requests with a token of the page's own are its own
 * @returns {import("../client/patch.js").Route}
 */
export function waysOf(gateway, leadsAll = true) {
  const pathAtApi = (/** @type {string} */ url) => pathBelow(url, [gateway.current?.upstream.apiBase, ...BUILT_IN_APIS]);
  return {
    isOurs: (url) => pathAtApi(url) !== null,
    takes: (authorization) => leadsAll || isStandIn(authorization),
    call: (url, request) => gateway.call(pathAtApi(url) ?? "/", request),
    socketUrl(url) {
      const opened = gateway.current;
      const wanted = pathBelow(url, [opened?.upstream.wsBase, ...BUILT_IN_SOCKETS]);
      if (!opened || wanted === null) return null;
      // A socket cannot wait, so the session is to be a good one for the next as well.
      gateway.session().catch(() => undefined);
      const [path = "", query = ""] = wanted.split("?");
      const parameters = new URLSearchParams(query);
      if (!leadsAll && !isStandIn(parameters.get("authorization") ?? "")) return null;
      // A page cannot see why a handshake is refused, and SDKs try again for ever: a closed socket is not opened at all.
      if (!allows(opened.rights, "realtime")) throw new DOMException("realtime", "SecurityError");
      parameters.set("authorization", `Bearer ${opened.handle}`);
      return `${opened.wsBase}${path}?${parameters}`;
    },
  };
}

/**
 * What stands behind the first of `bases` with which an address begins; null when it begins with none.
 * @param {string} url
 * @param {(string | undefined)[]} bases
 * @returns {string | null}
 */
function pathBelow(url, bases) {
  const base = bases.find((base) => base && url.startsWith(`${base}/`));
  return base ? url.slice(base.length) : null;
}

/** @param {string} authorization */
function isStandIn(authorization) {
  return authorization === `Bearer ${STAND_IN}`;
}
