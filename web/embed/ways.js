// Which of a page's requests are the platform's, and where they go instead.

/** Until the gateway has said where the platform is. */
const USUAL_API = "https://api.coze.cn";

/**
 * @param {import("../client/gateway.js").Gateway} gateway
 * @returns {import("../client/patch.js").Route}
 */
export function waysOf(gateway) {
  const apiBase = () => gateway.current?.upstream.apiBase ?? USUAL_API;
  return {
    isOurs: (url) => url.startsWith(`${apiBase()}/`),
    call: (url, request) => gateway.call(url.slice(apiBase().length), request),
    socketUrl(url) {
      const opened = gateway.current;
      if (!opened || !url.startsWith(`${opened.upstream.wsBase}/`)) return null;
      // A socket cannot wait, so the session is to be a good one for the next as well.
      gateway.session().catch(() => undefined);
      const [path = "", query = ""] = url.slice(opened.upstream.wsBase.length).split("?");
      const parameters = new URLSearchParams(query);
      parameters.set("authorization", `Bearer ${opened.handle}`);
      return `${opened.wsBase}${path}?${parameters}`;
    },
  };
}
