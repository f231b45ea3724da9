// The frames of a chat: blocks of an event stream whose data is JSON. Their text is passed on as the platform sent it, but never half
// a frame, so that another source can go on where one broke off.

import { readBlocks } from "./event_stream.js";

/**
 * @typedef {{ raw: string, event: string, data: any }} Frame `data` is the parsed JSON, or null when it is none
 */

/** Yields the whole frames of a body. @param {ReadableStreamDefaultReader<Uint8Array>} reader */
export async function* wholeFrames(reader) {
  for await (const blocks of readBlocks(reader)) {
    /** @type {Frame[]} */
    const frames = [];
    for (const { raw, event, data, isWhole } of blocks) {
      const value = parsed(data ?? "");
      // The last frame may come without its empty line (protocol 6.3); whether it is complete shows in its JSON.
      if (isWhole || value !== null || event === "done") frames.push({ raw, event, data: value });
    }
    if (frames.length > 0) yield frames;
  }
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
