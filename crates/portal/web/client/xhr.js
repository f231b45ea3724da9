// An XMLHttpRequest whose requests to the platform go through the gateway, with the patience that it has.
//
// It extends the page's own class and keeps out of the way for every other address. For ours the native object is never
// opened: it holds the listeners and settings, and this class tells them what happens.

import { parsed } from "./frames.js";
import { hasNoBody, isAbort } from "./transport.js";

/**
 * @typedef {(url: string, request: import("./gateway.js").Request) => Promise<Response>} Through sends a request for one of
 *   the platform's addresses
 */

const [UNSENT, OPENED, HEADERS_RECEIVED, LOADING, DONE] = [0, 1, 2, 3, 4];

/** What a page reads off a request. */
const READ = /** @type {const} */ ([
  "readyState",
  "status",
  "statusText",
  "responseURL",
  "responseXML",
  "responseText",
  "response",
]);

/** One request on its way through the gateway. */
class Exchange {
  readyState = OPENED;
  status = 0;
  statusText = "";
  responseURL = "";
  responseXML = null;
  /** @type {Headers | null} */
  headers = null;
  bytes = new Uint8Array();
  isSent = false;
  isTimedOut = false;
  abort = new AbortController();
  /** @type {Record<string, string>} */
  fields = {};
  /** The response when it is no text; the same object each time. @type {unknown} */
  #made;

  /**
   * @param {XMLHttpRequest} xhr whose settings count
   * @param {string} method
   * @param {string} url
   */
  constructor(xhr, method, url) {
    this.xhr = xhr;
    this.method = method;
    this.url = url;
  }

  get responseText() {
    if (!["", "text"].includes(this.xhr.responseType)) throw wrongState();
    return new TextDecoder().decode(this.bytes);
  }

  get response() {
    const { responseType } = this.xhr;
    if (!responseType || responseType === "text") return this.responseText;
    if (this.readyState !== DONE || this.status === 0) return null;
    return (this.#made ??= madeOf(this, responseType));
  }
}

/**
 * Returns such a class over the one that `scope` has.
 * @param {Window & typeof globalThis} scope
 * @param {{ isOurs: (url: string) => boolean, call: Through, takes?: (url: string, authorization: string) => boolean }} ways
 *   `takes` may leave a request alone for its credential
 * @returns {typeof XMLHttpRequest}
 */
export function emulatedXhr(scope, { isOurs, call, takes = () => true }) {
  const Native = scope.XMLHttpRequest;

  class Led extends Native {
    /** @type {Exchange | null} */
    exchange = null;

    /**
     * @param {string} method
     * @param {string | URL} url
     * @param {boolean} [isAsync]
     * @param {string | null} [user]
     * @param {string | null} [password]
     */
    open(method, url, isAsync = true, user = null, password = null) {
      this.exchange?.abort.abort();
      this.exchange = null;
      const address = new URL(String(url), scope.document?.baseURI ?? scope.location?.href).href;
      if (!isOurs(address)) return super.open(method, url, isAsync, user, password);
      // Nobody could wait for the gateway then.
      if (!isAsync) throw wrongState();
      this.exchange = new Exchange(this, method.toUpperCase(), address);
      this.dispatchEvent(new Event("readystatechange"));
    }

    /**
     * @param {string} name
     * @param {string} value
     */
    setRequestHeader(name, value) {
      if (!this.exchange) return super.setRequestHeader(name, value);
      const { fields } = this.exchange;
      const known = Object.keys(fields).find((field) => field.toLowerCase() === name.toLowerCase());
      if (known) fields[known] += `, ${value}`;
      else fields[name] = String(value);
    }

    /** @param {Document | XMLHttpRequestBodyInit | null} [body] */
    send(body = null) {
      const exchange = this.exchange;
      if (!exchange) return super.send(body);
      if (exchange.isSent) throw wrongState();
      const { method, url, fields } = exchange;
      if (!takes(url, new Headers(fields).get("authorization") ?? "")) {
        this.exchange = null;
        super.open(method, url, true);
        for (const [name, value] of Object.entries(fields)) super.setRequestHeader(name, value);
        return super.send(body);
      }
      exchange.isSent = true;
      this.#run(exchange, /** @type {XMLHttpRequestBodyInit | null} */ (body));
    }

    abort() {
      const exchange = this.exchange;
      if (!exchange) return super.abort();
      exchange.abort.abort();
      if (exchange.isSent && exchange.readyState !== DONE) this.#fail(exchange, "abort");
      exchange.readyState = UNSENT;
    }

    /** @param {string} name */
    getResponseHeader(name) {
      return this.exchange ? (this.exchange.headers?.get(name) ?? null) : super.getResponseHeader(name);
    }

    getAllResponseHeaders() {
      if (!this.exchange) return super.getAllResponseHeaders();
      return [...(this.exchange.headers ?? [])].map(([name, value]) => `${name}: ${value}\r\n`).join("");
    }

    /** @param {string} type */
    overrideMimeType(type) {
      if (!this.exchange) super.overrideMimeType(type);
    }

    /**
     * @param {Exchange} exchange
     * @param {XMLHttpRequestBodyInit | null} body
     */
    async #run(exchange, body) {
      this.#tell("loadstart");
      const timer = this.timeout
        ? setTimeout(() => {
            exchange.isTimedOut = true;
            exchange.abort.abort();
          }, this.timeout)
        : undefined;
      try {
        // Only bodies that take a while have somebody who watches them leave.
        const isWatched = body !== null && typeof body !== "string";
        const response = await call(exchange.url, {
          method: exchange.method,
          headers: exchange.fields,
          body,
          signal: exchange.abort.signal,
          ...(isWatched ? { onUpload: (loaded, total) => this.#tell("progress", loaded, total, this.upload) } : {}),
        });
        if (isWatched) for (const type of ["load", "loadend"]) this.#tell(type, 0, 0, this.upload);
        this.#head(exchange, response);
        const bytes = new Uint8Array(hasNoBody(response.status) ? new ArrayBuffer(0) : await response.arrayBuffer());
        exchange.abort.signal.throwIfAborted();
        exchange.bytes = bytes;
        this.#enter(exchange, LOADING);
        this.#tell("progress", bytes.length, bytes.length);
        this.#enter(exchange, DONE);
        for (const type of ["load", "loadend"]) this.#tell(type, bytes.length, bytes.length);
      } catch (error) {
        if (exchange.isTimedOut) this.#fail(exchange, "timeout");
        // Who aborts has told so already.
        else if (!exchange.abort.signal.aborted && !isAbort(error)) this.#fail(exchange, "error");
      } finally {
        clearTimeout(timer);
      }
    }

    /**
     * @param {Exchange} exchange
     * @param {Response} response
     */
    #head(exchange, response) {
      exchange.abort.signal.throwIfAborted();
      exchange.status = response.status;
      exchange.statusText = response.statusText;
      exchange.headers = response.headers;
      exchange.responseURL = exchange.url.replace(/#.*/s, "");
      this.#enter(exchange, HEADERS_RECEIVED);
    }

    /**
     * @param {Exchange} exchange
     * @param {"abort" | "error" | "timeout"} how
     */
    #fail(exchange, how) {
      Object.assign(exchange, { status: 0, statusText: "", headers: null, bytes: new Uint8Array(), responseURL: "" });
      this.#enter(exchange, DONE);
      this.#tell(how);
      this.#tell("loadend");
    }

    /**
     * @param {Exchange} exchange
     * @param {number} readyState
     */
    #enter(exchange, readyState) {
      exchange.readyState = readyState;
      this.dispatchEvent(new Event("readystatechange"));
    }

    /**
     * @param {string} type
     * @param {number} [loaded]
     * @param {number} [total]
     * @param {EventTarget} [target]
     */
    #tell(type, loaded = 0, total = 0, target = this) {
      target.dispatchEvent(new ProgressEvent(type, { lengthComputable: total > 0, loaded, total }));
    }
  }

  for (const name of READ) {
    Object.defineProperty(Led.prototype, name, {
      configurable: true,
      /** @this {Led} */
      get() {
        return this.exchange ? this.exchange[name] : Reflect.get(Native.prototype, name, this);
      },
    });
  }
  return Led;
}

function wrongState() {
  return new DOMException("not now", "InvalidStateError");
}

/**
 * @param {Exchange} exchange
 * @param {XMLHttpRequestResponseType} type
 */
function madeOf({ bytes, headers }, type) {
  if (type === "arraybuffer") return bytes.buffer;
  if (type === "blob") return new Blob([bytes], { type: headers?.get("content-type") ?? "" });
  return type === "json" ? parsed(new TextDecoder().decode(bytes)) : null;
}
