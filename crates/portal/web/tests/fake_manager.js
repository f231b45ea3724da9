// Userscript managers as `GM_xmlhttpRequest` sees them, driven by hand: a test says when what arrives.

/**
 * @typedef {Record<string, any>} Details
 */

/** A manager whose requests wait for the test. */
export class FakeManager {
  /** @type {Details[]} */
  asked = [];
  aborted = 0;

  /** To be given to what wants a `GM_xmlhttpRequest`. */
  request = Object.assign((/** @type {Details} */ details) => {
    this.asked.push(details);
    return { abort: () => (this.aborted += 1) };
  }, /** @type {{ RESPONSE_TYPE_STREAM?: string }} */ ({}));

  /** The newest request. @returns {Details} */
  get last() {
    const details = this.asked.at(-1);
    if (!details) throw new Error("nothing was asked");
    return details;
  }
}

/** The head of an answer as managers tell it. */
export const HEAD = {
  readyState: 2,
  status: 200,
  statusText: "OK",
  responseHeaders: "content-type: text/event-stream\r\nx-tt-logid: LOG1\r\n",
  finalUrl: "http://127.0.0.1:8080/v3/chat",
};

/** A stream that a test writes into. */
export function writtenStream() {
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  let controller;
  let isLeft = false;
  const stream = new ReadableStream({
    start: (given) => {
      controller = given;
    },
    cancel: () => {
      isLeft = true;
    },
  });
  return {
    stream,
    write: (/** @type {string} */ text) => controller.enqueue(new TextEncoder().encode(text)),
    close: () => controller.close(),
    fail: () => controller.error(new Error("socket closed")),
    isLeft: () => isLeft,
  };
}

/**
 * Reads the next piece of a body as text; null at its end.
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 */
export async function nextText(reader) {
  const { done, value } = await reader.read();
  return done ? null : new TextDecoder().decode(value);
}
