// Sends a page's own requests to the platform through the gateway: its fetch, XMLHttpRequest and WebSocket.
//
// A page is patched once, however many ask for it: each adds a route, and the last to go puts the page's own functions back.
// Two copies of this script find the same registry.

import { emulatedXhr } from "./xhr.js";

/**
 * @typedef {object} Route
 * @property {(url: string) => boolean} isOurs whether an address is the platform's
 * @property {(authorization: string) => boolean} [takes] whether a request with this credential is led; all are when absent
 * @property {import("./xhr.js").Through} call
 * @property {(url: string) => string | null} socketUrl where a WebSocket of the platform's is to go instead; throws when it
 *   may not be opened
 *
 * @typedef {{ routes: Set<Route>, restore: () => void }} Registry
 */

const REGISTRY = Symbol.for("cozegate.patch");

/**
 * @param {Window & typeof globalThis} scope
 * @param {Route} route
 * @returns {() => void} takes the route away again
 */
export function patchPage(scope, route) {
  const holder = /** @type {{ [REGISTRY]?: Registry }} */ (/** @type {unknown} */ (scope));
  const registry = (holder[REGISTRY] ??= install(scope));
  registry.routes.add(route);
  return () => {
    registry.routes.delete(route);
    if (registry.routes.size > 0 || holder[REGISTRY] !== registry) return;
    registry.restore();
    delete holder[REGISTRY];
  };
}

/**
 * @param {Window & typeof globalThis} scope
 * @returns {Registry}
 */
function install(scope) {
  /** @type {Set<Route>} */
  const routes = new Set();
  const routeOf = (/** @type {string} */ url) => [...routes].find((route) => route.isOurs(url));
  const takes = (/** @type {Route | undefined} */ route, /** @type {string} */ authorization) =>
    route?.takes?.(authorization) ?? true;
  const own = { fetch: scope.fetch, XMLHttpRequest: scope.XMLHttpRequest, WebSocket: scope.WebSocket };

  const fetch = async (/** @type {RequestInfo | URL} */ input, /** @type {RequestInit | undefined} */ init) => {
    const route = routeOf(addressOf(scope, input));
    if (!route) return own.fetch.call(scope, input, init);
    const { url, ...request } = await requestOf(scope, input, init);
    if (!takes(route, request.headers["authorization"] ?? "")) return own.fetch.call(scope, input, init);
    return route.call(url, request);
  };
  const XMLHttpRequest = emulatedXhr(scope, {
    isOurs: (url) => routeOf(url) !== undefined,
    takes: (url, authorization) => takes(routeOf(url), authorization),
    call: (url, request) => {
      const route = routeOf(url);
      return route ? route.call(url, request) : Promise.reject(new TypeError("the chat is closed"));
    },
  });
  const patched = { fetch, XMLHttpRequest, ...(own.WebSocket ? { WebSocket: socketOf(own.WebSocket, routes) } : {}) };
  Object.assign(scope, patched);

  return {
    routes,
    restore() {
      // Somebody may have patched the page after us: what is theirs stays, and ours below it passes everything on.
      for (const [name, value] of Object.entries(own)) {
        const place = /** @type {any} */ (scope);
        if (place[name] === /** @type {any} */ (patched)[name]) place[name] = value;
      }
    },
  };
}

/**
 * @param {typeof WebSocket} Native
 * @param {Set<Route>} routes
 * @returns {typeof WebSocket}
 */
function socketOf(Native, routes) {
  return class extends Native {
    /**
     * @param {string | URL} url
     * @param {string | string[]} [protocols]
     */
    constructor(url, protocols) {
      const address = [...routes].map((route) => route.socketUrl(String(url))).find((found) => found !== null);
      super(address ?? url, protocols);
    }
  };
}

/**
 * @param {Window & typeof globalThis} scope
 * @param {RequestInfo | URL} input
 */
function addressOf(scope, input) {
  const address = typeof input === "string" || input instanceof URL ? String(input) : input.url;
  try {
    return new URL(address, scope.document?.baseURI ?? scope.location?.href).href;
  } catch {
    // The page's own fetch says what is wrong with it.
    return "";
  }
}

/**
 * Reads the arguments of a fetch.
 * @param {Window & typeof globalThis} scope
 * @param {RequestInfo | URL} input
 * @param {RequestInit} [init]
 * @returns {Promise<import("./gateway.js").Request & { url: string, headers: Record<string, string> }>}
 */
async function requestOf(scope, input, init = {}) {
  const given = typeof input === "string" || input instanceof URL ? null : input;
  const method = (init.method ?? given?.method ?? "GET").toUpperCase();
  const headers = Object.fromEntries(new Headers(init.headers ?? given?.headers));
  let body = init.body ?? null;
  if (body === null && given && given.body !== null && !["GET", "HEAD"].includes(method)) {
    // As text, so that a question can be read.
    body = /json|text/.test(headers["content-type"] ?? "") ? await given.clone().text() : await given.clone().blob();
  }
  return { url: addressOf(scope, input), method, headers, body, signal: init.signal ?? given?.signal ?? null };
}
