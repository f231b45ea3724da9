// A fetch that answers from a list of routes and keeps what it was asked.

/**
 * @typedef {{ method: string, url: URL, headers: Headers, body: any }} Asked
 */

/**
 * @param {Record<string, (asked: Asked) => Response | Promise<Response>>} routes by `METHOD /path`
 */
export function fakeGateway(routes) {
  /** @type {Asked[]} */
  const asked = [];
  const fetch = async (/** @type {string} */ address, /** @type {RequestInit} */ init = {}) => {
    const url = new URL(address, "http://pages.test");
    const request = {
      method: init.method ?? "GET",
      url,
      headers: new Headers(init.headers),
      body: init.body ? JSON.parse(String(init.body)) : undefined,
    };
    asked.push(request);
    const route = routes[`${request.method} ${url.pathname}`];
    if (!route) throw new TypeError(`nobody listens at ${request.method} ${url.pathname}`);
    init.signal?.throwIfAborted();
    return route(request);
  };
  return { fetch: /** @type {typeof globalThis.fetch} */ (/** @type {unknown} */ (fetch)), asked };
}

/**
 * @param {object} body
 * @param {ResponseInit} [init]
 */
export function json(body, init = {}) {
  return new Response(JSON.stringify(body), {
    ...init,
    headers: { "content-type": "application/json", .../** @type {Record<string, string>} */ (init.headers) },
  });
}

/** @param {string} text */
export function stream(text) {
  return new Response(text, { headers: { "content-type": "text/event-stream", "x-tt-logid": "LOG1" } });
}

/**
 * Everything that an async iterable yields.
 * @template T
 * @param {AsyncIterable<T>} source
 */
export async function collect(source) {
  /** @type {T[]} */
  const all = [];
  for await (const item of source) all.push(item);
  return all;
}
