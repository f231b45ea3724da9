// Tells the Chat SDK's requests from those that a page makes of the platform itself.
//
// Where the SDK has to run in the page, the page's functions are patched. A page with a Coze chat of its own must keep
// talking to the platform, with its own token, and no page shall read the visitor's history by calling the platform's API.
// So the SDK gets a token that was made for this page, and only what carries it goes to the gateway. It opens nothing by
// itself: the handle is put into a request on its way.

const TOKEN_BYTES = 16;

/** Makes a token for one SDK on one page. */
export function ownToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  return `cozegate-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Narrows a route to what carries `token`; everything else goes where it was going.
 * @param {string} token
 * @param {import("../client/patch.js").Route} route
 * @param {typeof fetch} fetch of the world that is patched, as it was before
 * @returns {import("../client/patch.js").Route}
 */
export function onlyWith(token, route, fetch) {
  const credential = `Bearer ${token}`;
  return {
    isOurs: (url) => route.isOurs(url),
    call: (url, request) => {
      if (bearerOf(request.headers ?? {}) === credential) return route.call(url, request);
      const { onUpload: _, ...init } = request;
      return fetch(url, init);
    },
    socketUrl: (url) => {
      const [, query = ""] = url.split("?");
      return new URLSearchParams(query).get("authorization") === credential ? route.socketUrl(url) : null;
    },
  };
}

/** @param {Record<string, string>} headers */
function bearerOf(headers) {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization")?.[1] ?? "";
}
