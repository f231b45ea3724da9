// Which of a page's requests are the platform's, and where they go instead.

/** Until the gateway has said where the platform is. */
const USUAL_API = "https://api.coze.cn";

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
  const apiBase = () => gateway.current?.upstream.apiBase ?? USUAL_API;
  return {
    isOurs: (url) => url.startsWith(`${apiBase()}/`),
    takes: (authorization) => leadsAll || isStandIn(authorization),
    call: (url, request) => gateway.call(url.slice(apiBase().length), request),
    socketUrl(url) {
      const opened = gateway.current;
      if (!opened || !url.startsWith(`${opened.upstream.wsBase}/`)) return null;
      // A socket cannot wait, so the session is to be a good one for the next as well.
      gateway.session().catch(() => undefined);
      const [path = "", query = ""] = url.slice(opened.upstream.wsBase.length).split("?");
      const parameters = new URLSearchParams(query);
      if (!leadsAll && !isStandIn(parameters.get("authorization") ?? "")) return null;
      parameters.set("authorization", `Bearer ${opened.handle}`);
      return `${opened.wsBase}${path}?${parameters}`;
    },
  };
}

/** @param {string} authorization */
function isStandIn(authorization) {
  return authorization === `Bearer ${STAND_IN}`;
}
