// Makes one `Response` with a streaming body of what a manager tells about an answer, in whatever order it tells it.
//
// Tampermonkey gave the stream before the status in some versions (its issue 1278), Violentmonkey gives a text that grows,
// and some give all of it at the end. The status, the header fields and the body are therefore taken from any event.
//
// The end is taken from any event, too: the end of the stream, `load`, `loadend`, or ready state 4. ScriptCat 1.5 sends `load`
// and never closes its stream.

import { GrowingText } from "./growing_text.js";
import { hasNoBody } from "../client/transport.js";

/**
 * @typedef {import("./gm_transport.js").GmEvent} GmEvent
 *
 * @typedef {object} Outcome
 * @property {(response: Response) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {(streamed: boolean) => void} learn
 * @property {() => void} leave ends the request at the manager
 */

/** `XMLHttpRequest.DONE`, which a sandbox need not have. */
const READY_STATE_DONE = 4;
/** After `load`, a stream without a piece for this long has none left: a manager enqueues every piece before `load`. */
const QUIET_MS = 50;
/** `load` or `error` follows ready state 4 within this time, and tells more. */
const LOAD_GRACE_MS = 1_000;

/** One answer. */
export class GmAnswer {
  #form;
  #outcome;
  #status = 0;
  #statusText = "";
  #headers = "";
  #url = "";
  /** @type {ReadableStreamDefaultReader<Uint8Array> | null} */
  #reader = null;
  /** @type {ReadableStreamDefaultController<Uint8Array> | null} */
  #controller = null;
  #text = new GrowingText();
  #encoder = new TextEncoder();
  #isBegun = false;
  #isEnded = false;
  /** The manager has said that the answer is complete. */
  #isComplete = false;
  /** No piece has come since this was set. */
  #isQuiet = false;
  /** @type {() => void} */
  #tellBegun = () => undefined;
  /** @type {() => void} */
  #tellEnded = () => undefined;

  /**
   * @param {import("./gm_transport.js").Form} form how the body was asked for
   * @param {Outcome} outcome
   */
  constructor(form, outcome) {
    this.#form = form;
    this.#outcome = outcome;
    /** The head of the answer has come. @type {Promise<void>} */
    this.begun = new Promise((resolve) => (this.#tellBegun = resolve));
    /** Nothing more comes. @type {Promise<void>} */
    this.ended = new Promise((resolve) => (this.#tellEnded = resolve));
  }

  /**
   * Takes what an event tells.
   * @param {GmEvent | undefined} event
   */
  hear(event) {
    if (!event || this.#isEnded || this.#isComplete) return;
    this.#take(event);
    if (event.readyState === READY_STATE_DONE) setTimeout(() => this.end(event), LOAD_GRACE_MS);
  }

  /** @param {GmEvent} event */
  #take(event) {
    this.#readHead(event);
    if (this.#form === "stream" && !this.#reader && isStream(event.response)) this.#takeStream(event.response);
    if (this.#form === "text") {
      if (this.#status > 0) this.#begin();
      this.#enqueueText(this.#text.grow(event.responseText));
    } else if (this.#reader && this.#status > 0) {
      this.#begin();
    }
  }

  /**
   * The answer is complete. Only the first call counts.
   * @param {GmEvent} [event]
   */
  end(event = {}) {
    if (this.#isEnded || this.#isComplete) return;
    this.#take(event);
    if (this.#status === 0) return this.fail(new TypeError("no answer"));
    this.#isComplete = true;
    this.#outcome.learn(this.#reader !== null);
    this.#begin();
    if (this.#reader) this.#endStream(this.#reader);
    else if (this.#form === "text") this.#endText(event.responseText);
    else this.#enqueueWhole(event);
  }

  /**
   * The answer does not come, or not to its end.
   * @param {unknown} error
   * @param {{ leave?: boolean }} [how] `leave` ends the request
   */
  fail(error, { leave = false } = {}) {
    if (this.#isEnded) return;
    this.#finish();
    if (this.#isBegun) this.#controller?.error(error);
    else this.#outcome.reject(error);
    if (!leave) return;
    this.#reader?.cancel().catch(() => undefined);
    this.#outcome.leave();
  }

  /** @param {GmEvent} event */
  #readHead({ status, statusText, responseHeaders, finalUrl }) {
    // Zero stands for "not yet".
    if (status) this.#status = status;
    if (statusText) this.#statusText = statusText;
    if (responseHeaders) this.#headers = responseHeaders;
    if (finalUrl) this.#url = finalUrl;
  }

  /** @param {ReadableStream<Uint8Array>} stream */
  #takeStream(stream) {
    const reader = stream.getReader();
    this.#reader = reader;
    this.#outcome.learn(true);
    this.#pump(reader);
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
  async #pump(reader) {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (this.#isEnded) return;
        if (done) break;
        this.#isQuiet = false;
        // Bytes without a status: a manager that tells it at the end. What is wrong with such an answer says its body.
        if (this.#status === 0) this.#status = 200;
        this.#begin();
        this.#controller?.enqueue(new Uint8Array(value));
      }
      if (this.#status === 0) return;
      this.#begin();
      this.#close();
    } catch (error) {
      this.fail(new TypeError("the answer broke off", { cause: error }));
    }
  }

  /**
   * Closes the body when the stream has no piece left, whether the manager closes the stream or not.
   * @param {ReadableStreamDefaultReader<Uint8Array>} reader
   */
  async #endStream(reader) {
    while (!this.#isQuiet) {
      this.#isQuiet = true;
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    }
    if (this.#isEnded) return;
    this.#close();
    reader.cancel().catch(() => undefined);
  }

  /** Hands out the response; its body follows. */
  #begin() {
    if (this.#isBegun) return;
    this.#isBegun = true;
    /** @type {ReadableStream<Uint8Array>} */
    const body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => this.#leaveEarly(),
    });
    const init = { status: this.#status, statusText: this.#statusText, headers: headersOf(this.#headers) };
    const response = new Response(hasNoBody(this.#status) ? null : body, init);
    if (this.#url) Object.defineProperty(response, "url", { value: this.#url });
    this.#tellBegun();
    this.#outcome.resolve(response);
  }

  #leaveEarly() {
    if (this.#isEnded) return;
    this.#finish();
    this.#reader?.cancel().catch(() => undefined);
    this.#outcome.leave();
  }

  /** @param {string} text */
  #enqueueText(text) {
    if (text) this.#controller?.enqueue(this.#encoder.encode(text));
  }

  /** @param {string | undefined} text */
  #endText(text) {
    const rest = this.#text.end(text);
    if (rest === null) return this.fail(new TypeError("the answer came damaged"));
    this.#enqueueText(rest);
    this.#close();
  }

  /** @param {GmEvent} event */
  async #enqueueWhole({ response, responseText }) {
    try {
      const bytes = await bytesOf(response ?? responseText ?? "");
      if (this.#isEnded) return;
      if (bytes.length > 0) this.#controller?.enqueue(bytes);
      this.#close();
    } catch (error) {
      this.fail(new TypeError("the answer could not be read", { cause: error }));
    }
  }

  #close() {
    if (this.#isEnded) return;
    this.#finish();
    this.#controller?.close();
  }

  #finish() {
    this.#isEnded = true;
    this.#tellEnded();
  }
}

/**
 * Whether a manager gave a stream; it may come from another realm.
 * @param {unknown} value
 * @returns {value is ReadableStream<Uint8Array>}
 */
function isStream(value) {
  return typeof (/** @type {any} */ (value)?.getReader) === "function";
}

/**
 * @param {unknown} whole an ArrayBuffer, a Blob or a text, maybe of another realm
 * @returns {Promise<Uint8Array>}
 */
async function bytesOf(whole) {
  if (typeof whole === "string") return new TextEncoder().encode(whole);
  const blob = /** @type {Blob} */ (whole);
  if (typeof blob.arrayBuffer === "function") return new Uint8Array(await blob.arrayBuffer());
  if (typeof whole === "object" && whole !== null && "byteLength" in whole) {
    return new Uint8Array(/** @type {ArrayBuffer} */ (whole));
  }
  // Some parse JSON although nobody asked.
  return new TextEncoder().encode(JSON.stringify(whole));
}

/** @param {string} block `name: value` lines */
function headersOf(block) {
  const headers = new Headers();
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    try {
      headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    } catch {
      // A field that no page may see, in a form of the manager's own.
    }
  }
  return headers;
}
