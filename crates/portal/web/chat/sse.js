// Reads `text/event-stream` (WHATWG HTML 9.2.6) from bytes that may be cut anywhere.
//
// Two deviations, both seen at Coze (protocol 6.3): an error may come as a bare JSON line inside an event stream, and the
// last frame may lack its blank line. Both are given out instead of dropped.

/**
 * @typedef {{ event: string, data: string }} Frame `event` is empty when the stream named none
 */

/** Cuts text into frames. */
export class FrameParser {
  #rest = "";
  #event = "";
  /** @type {string[]} */
  #data = [];

  /**
   * Takes the next piece of text; returns the frames that it completes.
   * @param {string} text
   * @returns {Frame[]}
   */
  push(text) {
    this.#rest += text;
    /** @type {Frame[]} */
    const frames = [];
    for (;;) {
      const end = this.#rest.search(/[\r\n]/);
      // A CR at the very end may be the first half of CRLF: wait for what follows.
      if (end < 0 || (this.#rest[end] === "\r" && end === this.#rest.length - 1)) return frames;
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(this.#rest.startsWith("\r\n", end) ? end + 2 : end + 1);
      this.#takeLine(line, frames);
    }
  }

  /**
   * Ends the stream; returns what was left without an end of its own.
   * @returns {Frame[]}
   */
  end() {
    /** @type {Frame[]} */
    const frames = [];
    if (this.#rest) this.#takeLine(this.#rest.replace(/\r$/, ""), frames);
    this.#rest = "";
    this.#takeLine("", frames);
    return frames;
  }

  /**
   * @param {string} line
   * @param {Frame[]} frames
   */
  #takeLine(line, frames) {
    if (line === "") {
      if (this.#data.length > 0) frames.push({ event: this.#event, data: this.#data.join("\n") });
      this.#event = "";
      this.#data = [];
      return;
    }
    if (line.startsWith("{")) {
      frames.push({ event: "error", data: line });
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    // `id`, `retry` and comments carry nothing for us.
  }
}

/**
 * Yields the frames of a response body. Leaving the loop early closes the connection.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<Frame, void, void>}
 */
export async function* readFrames(body) {
  const parser = new FrameParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      yield* parser.push(done ? decoder.decode() : decoder.decode(value, { stream: true }));
      if (done) break;
    }
    yield* parser.end();
  } finally {
    // Nobody waits for the other side's consent to our leaving.
    reader.cancel().catch(() => undefined);
  }
}
