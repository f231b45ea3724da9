// How a request leaves: in a page by its own fetch, in a userscript by its manager. Everything above knows `Send` only.

/**
 * @typedef {object} Call
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {BodyInit | null} [body]
 * @property {RequestCredentials} [credentials] `omit` when absent
 * @property {AbortSignal | null} [signal]
 * @property {(loaded: number, total: number) => void} [onUpload] is told how much of the body has left
 */

/**
 * Rejects with a TypeError when nobody answered, with an AbortError when `signal` ended it. The response's body streams.
 * @typedef {(call: Call) => Promise<Response>} Send
 */

/**
 * Returns the transport of a page: its fetch and its XMLHttpRequest as they are now, whatever is patched later.
 * @param {Window & typeof globalThis} scope
 * @returns {Send}
 */
export function pageTransport(scope) {
  const fetch = scope.fetch.bind(scope);
  const Xhr = scope.XMLHttpRequest;
  return (call) => {
    // A fetch does not tell how much of a body has left.
    if (call.onUpload && call.body && Xhr) return sendByXhr(Xhr, call);
    const { method, url, headers, body = null, credentials = "omit", signal = null } = call;
    return fetch(url, { method, headers, body, credentials, signal, cache: "no-store" });
  };
}

/**
 * @param {typeof XMLHttpRequest} Xhr
 * @param {Call} call
 * @returns {Promise<Response>}
 */
function sendByXhr(Xhr, { method, url, headers, body, credentials, signal, onUpload }) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const xhr = new Xhr();
    xhr.open(method, url);
    xhr.responseType = "arraybuffer";
    xhr.withCredentials = credentials === "include";
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    const stop = () => xhr.abort();
    signal?.addEventListener("abort", stop);
    xhr.onloadend = () => signal?.removeEventListener("abort", stop);
    xhr.onload = () => resolve(answerOf(xhr));
    xhr.onerror = () => reject(new TypeError("nobody answered"));
    xhr.onabort = () => reject(signal?.reason ?? new DOMException("aborted", "AbortError"));
    xhr.upload.onprogress = ({ loaded, total }) => onUpload?.(loaded, total);
    xhr.send(/** @type {XMLHttpRequestBodyInit} */ (body));
  });
}

/** @param {XMLHttpRequest} xhr */
function answerOf(xhr) {
  const { status, statusText, response } = xhr;
  const headers = new Headers();
  for (const line of xhr.getAllResponseHeaders().split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return new Response(hasNoBody(status) ? null : response, { status, statusText, headers });
}

/**
 * Whether an answer of this status has no body by its nature; `Response` refuses one.
 * @param {number} status
 */
export function hasNoBody(status) {
  return status === 204 || status === 205 || status === 304;
}

/**
 * Whether something ended because we, or the page, wanted it to.
 * @param {unknown} error
 */
export function isAbort(error) {
  return error instanceof Error && error.name === "AbortError";
}
