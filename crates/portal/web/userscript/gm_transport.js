// Requests through the userscript manager: they pass the page's CSP and the browser's local network permission, and carry
// no origin. Managers differ in how an answer's bytes arrive (chat-sdk 4.4); what works is seen from the answers, and only
// an answer teaches: a request that failed says nothing about its manager.

import { GmAnswer } from "./gm_answer.js";

/**
 * @typedef {object} GmEvent what a manager hands to its callbacks; which fields are filled differs
 * @property {number} [readyState]
 * @property {number} [status]
 * @property {string} [statusText]
 * @property {string} [responseHeaders]
 * @property {string} [finalUrl]
 * @property {unknown} [response]
 * @property {string} [responseText]
 * @property {unknown} [error]
 * @property {number} [loaded]
 * @property {number} [total]
 *
 * @typedef {(details: Record<string, unknown>) => { abort?: () => void } | undefined | void} GmRequest
 *
 * @typedef {"stream" | "text" | "arraybuffer"} Form how an answer's body is asked for: as a stream, as a text that grows, or
 *   whole at its end
 */

/** Paths whose answers are told bit by bit; besides those, a JSON body says so itself. */
const TOLD_BIT_BY_BIT = /\/v3\/chat(?:\?|$)|\/v1\/workflows?\/(?:chat|stream_run|stream_resume)(?:\?|$)/;

/** How managers word that a script may not talk to a host. */
const CONNECT_REFUSED = /@connect|refused to connect|blocked by the user|not permitted/i;

/** A request that nobody answered. */
export class Unanswered extends TypeError {
  /**
   * @param {"unreachable" | "connect-refused"} kind `connect-refused`: the manager did not even try
   * @param {string} [detail] the manager's own words
   */
  constructor(kind, detail = "") {
    super(detail || "nobody answered");
    this.kind = kind;
  }
}

/**
 * @param {GmRequest} request the manager's `GM_xmlhttpRequest`
 * @param {string} [manager] its name, as `GM_info.scriptHandler` tells it
 * @returns {import("../client/transport.js").Send}
 */
export function gmTransport(request, manager = "") {
  const known = { streams: streamsAtFirst(request, manager) };
  return (call) => {
    const form = formFor(call, known.streams);
    return exchange(request, call, form, (streamed) => {
      if (form === "stream") known.streams = streamed;
    });
  };
}

/**
 * What is known of a manager before its first answer; null is nothing.
 * @param {GmRequest} request
 * @param {string} manager
 * @returns {boolean | null}
 */
function streamsAtFirst(request, manager) {
  if (/** @type {any} */ (request).RESPONSE_TYPE_STREAM === "stream") return true;
  // It would fall back to text and warn in the console.
  return manager === "Violentmonkey" ? false : null;
}

/**
 * @param {import("../client/transport.js").Call} call
 * @param {boolean | null} streams
 * @returns {Form}
 */
export function formFor({ url, body }, streams) {
  if (streams !== false) return "stream";
  const isTold = TOLD_BIT_BY_BIT.test(url) || (typeof body === "string" && /"stream"\s*:\s*true/.test(body));
  // Everything else may be a picture or a sound, which no text can carry.
  return isTold ? "text" : "arraybuffer";
}

/**
 * Makes one request.
 * @param {GmRequest} request
 * @param {import("../client/transport.js").Call} call
 * @param {Form} form
 * @param {(streamed: boolean) => void} learn is told once how the answer came, when there was one
 * @returns {Promise<Response>}
 */
function exchange(request, { method, url, headers, body = null, credentials, signal = null, onUpload }, form, learn) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(reasonOf(signal));
    /** @type {{ abort?: () => void } | undefined | void} */
    let control;
    const answer = new GmAnswer(form, { resolve, reject, learn, leave: () => control?.abort?.() });
    const stop = () => answer.fail(reasonOf(signal), { leave: true });
    signal?.addEventListener("abort", stop, { once: true });
    answer.ended.then(() => signal?.removeEventListener("abort", stop));
    if (onUpload && body) answer.begun.then(() => onUpload(sizeOf(body), sizeOf(body)));

    /** @param {GmEvent} event */
    const failed = (event) => answer.fail(unanswered(event));
    const { data, extra } = asData(body, headers);
    try {
      control = request({
        method,
        url,
        headers: { ...extra, ...headers },
        ...(data === null ? {} : { data }),
        responseType: form,
        anonymous: credentials !== "include",
        ...(onUpload ? { upload: { onprogress: (/** @type {GmEvent} */ event) => tellUpload(event, onUpload) } } : {}),
        onloadstart: (/** @type {GmEvent} */ event) => answer.hear(event),
        onreadystatechange: (/** @type {GmEvent} */ event) => answer.hear(event),
        onprogress: (/** @type {GmEvent} */ event) => answer.hear(event),
        onload: (/** @type {GmEvent} */ event) => answer.end(event),
        // Behind `load`, `error` or `abort` it changes nothing; alone it is the only sign of an end.
        onloadend: (/** @type {GmEvent} */ event) => answer.end(event),
        onerror: failed,
        ontimeout: failed,
        onabort: () => answer.fail(signal?.aborted ? reasonOf(signal) : new DOMException("aborted", "AbortError")),
      });
    } catch (error) {
      answer.fail(unanswered({ error }));
    }
  });
}

/** @param {GmEvent | undefined} event */
function unanswered(event) {
  const words = [event?.error, event?.statusText].map((word) => (word ? String(word) : ""));
  const detail = words.find(Boolean) ?? "";
  return new Unanswered(CONNECT_REFUSED.test(detail) ? "connect-refused" : "unreachable", detail);
}

/** @param {AbortSignal | null} signal */
function reasonOf(signal) {
  return signal?.reason ?? new DOMException("aborted", "AbortError");
}

/**
 * Returns a body as managers take it, and the header fields that a fetch would have added.
 * @param {BodyInit | null} body
 * @param {Record<string, string>} headers
 * @returns {{ data: unknown, extra: Record<string, string> }}
 */
function asData(body, headers) {
  if (body instanceof URLSearchParams) {
    const isTyped = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
    return {
      data: String(body),
      extra: isTyped ? {} : { "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8" },
    };
  }
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
    return { data: new Blob([/** @type {BlobPart} */ (body)]), extra: {} };
  }
  return { data: body, extra: {} };
}

/**
 * @param {GmEvent} event
 * @param {(loaded: number, total: number) => void} onUpload
 */
function tellUpload({ loaded, total }, onUpload) {
  if (typeof loaded === "number" && typeof total === "number" && total > 0) onUpload(loaded, total);
}

/**
 * @param {BodyInit} body
 * @returns {number} in bytes, roughly where it is a form
 */
function sizeOf(body) {
  if (typeof body === "string") return body.length;
  if (body instanceof Blob) return body.size;
  if (body instanceof FormData) {
    return [...body.values()].reduce((sum, value) => sum + (typeof value === "string" ? value.length : value.size), 0);
  }
  return /** @type {{ byteLength?: number }} */ (body).byteLength ?? 0;
}
