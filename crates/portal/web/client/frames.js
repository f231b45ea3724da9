// Cuts an event stream (WHATWG HTML 9.2.6) into whole frames and leaves their text as it is: what is passed on is what the
// platform sent, but never half a frame, so that another source can go on where one broke off.

/**
 * @typedef {{ raw: string, event: string, data: any }} Frame `data` is the parsed JSON, or null when it is none
 */

/** Yields the whole frames of a body. @param {ReadableStreamDefaultReader<Uint8Array>} reader */
export async function* wholeFrames(reader) {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    /** @type {Frame[]} */
    const frames = [];
    for (;;) {
      const blankLine = /\r?\n\r?\n/.exec(rest);
      if (!blankLine) break;
      const end = blankLine.index + blankLine[0].length;
      frames.push(readFrame(rest.slice(0, end)));
      rest = rest.slice(end);
    }
    if (done) {
      // An error may come as a bare line, and the last frame without its blank line (protocol 6.3).
      const last = readFrame(rest);
      if (last.data !== null || last.event === "done") frames.push(last);
    }
    if (frames.length > 0) yield frames;
    if (done) return;
  }
}

/**
 * @param {string} raw
 * @returns {Frame}
 */
function readFrame(raw) {
  let event = "";
  /** @type {string[]} */
  const data = [];
  for (const line of raw.split(/\r?\n/)) {
    if (line.startsWith("{")) return { raw, event: "error", data: parsed(line) };
    if (line.startsWith("event:")) event = line.slice(6).trim();
    if (line.startsWith("data:")) data.push(line.slice(5));
  }
  return { raw, event, data: parsed(data.join("\n")) };
}

/**
 * @param {string} event
 * @param {any} data
 * @returns {Frame}
 */
export function frameOf(event, data) {
  return { raw: `event:${event}\ndata:${JSON.stringify(data)}\n\n`, event, data };
}

/**
 * @param {string} text
 * @returns {any} null when it is no JSON
 */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
