// Reads `text/event-stream` (WHATWG HTML 9.2.6) from bytes that are cut anywhere. The only reader of event streams in `web/`.
//
// Two deviations, both seen at Coze (protocol 6.3): an error may come as a bare JSON line, and the last event may lack its blank
// line. Both are returned instead of dropped. Blocks end at the same bytes as in the proxy
// (`crates/gateway/src/proxy/body/events.rs`); `tests/recorded/event-streams.json` is the corpus of both.

/**
 * @typedef {{ event: string, data: string }} StreamEvent `event` is empty where the stream names none
 * @typedef {{ raw: string, event: string, data: string | null, isWhole: boolean }} Block
 *   Everything up to an empty line. `data` is null where there is none; `isWhole` is false where the stream ended before the empty line.
 */

/** Cuts text into blocks. The blocks' `raw` texts joined are the stream, without its byte order mark. */
export class EventStream {
  #rest = "";
  /** Up to here `#rest` holds no end of a block. */
  #searched = 0;
  #decoder = new TextDecoder();

  /**
   * Takes the next bytes; returns the blocks that they complete.
   * @param {Uint8Array} bytes
   * @returns {Block[]}
   */
  push(bytes) {
    return this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  /**
   * Ends the stream; returns what was left without an empty line.
   * @returns {Block[]}
   */
  end() {
    const blocks = this.#take(this.#decoder.decode());
    if (this.#rest) blocks.push(blockOf(this.#rest, false));
    this.#rest = "";
    return blocks;
  }

  /** @param {string} text */
  #take(text) {
    this.#rest += text;
    /** @type {Block[]} */
    const blocks = [];
    for (;;) {
      // A CR that follows LF may be the first half of CRLF: it ends a block once the next character is known.
      const blankLine = /\n\n|\r\r|\n\r(?:\n|(?!$))/g;
      blankLine.lastIndex = this.#searched;
      if (!blankLine.test(this.#rest)) break;
      blocks.push(blockOf(this.#rest.slice(0, blankLine.lastIndex), true));
      this.#rest = this.#rest.slice(blankLine.lastIndex);
      this.#searched = 0;
    }
    this.#searched = Math.max(0, this.#rest.length - 2);
    return blocks;
  }
}

/**
 * Yields the blocks that each piece of a body completes. Leaving the loop early closes the connection.
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @returns {AsyncGenerator<Block[], void, void>}
 */
export async function* readBlocks(reader) {
  const stream = new EventStream();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const blocks = done ? stream.end() : stream.push(value);
      if (blocks.length > 0) yield blocks;
      if (done) return;
    }
  } finally {
    // The other side need not agree.
    reader.cancel().catch(() => undefined);
  }
}

/**
 * Yields the events of a response body. Leaving the loop early closes the connection.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<StreamEvent, void, void>}
 */
export async function* readEvents(body) {
  for await (const blocks of readBlocks(body.getReader())) {
    for (const { event, data } of blocks) {
      if (data !== null) yield { event, data };
    }
  }
}

/**
 * @param {string} raw
 * @param {boolean} isWhole
 * @returns {Block}
 */
function blockOf(raw, isWhole) {
  let event = "";
  /** @type {string[]} */
  const data = [];
  for (const line of raw.split(/\r\n|\n|\r/)) {
    if (line.startsWith("{")) return { raw, event: "error", data: line, isWhole };
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") event = value;
    if (field === "data") data.push(value);
    // `id`, `retry` and comments carry nothing for us.
  }
  return { raw, event, data: data.length > 0 ? data.join("\n") : null, isWhole };
}
