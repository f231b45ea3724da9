// Reads a chat's stream as bytes, over a bare HTTP connection: no SDK, no fetch, nothing that buffers or repairs.

import http from "node:http";

/** Microseconds since the epoch, from the clock that does not jump. */
export const nowMicros = () => (performance.timeOrigin + performance.now()) * 1000;

/**
 * Sends a streamed chat and notes every piece as it arrives.
 * @param {{ base: string, bearer: string, botId: string, text: string, onPiece?: (text: string) => void }} chat
 * @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, text: string, pieces: Piece[] }>}
 *
 * @typedef {{ arrivedAt: number, text: string }} Piece what one read brought; `arrivedAt` in microseconds
 */
export function streamChat({ base, bearer, botId, text, onPiece = () => {} }) {
  const body = JSON.stringify({
    bot_id: botId,
    user_id: "raw",
    stream: true,
    additional_messages: [{ role: "user", content: text, content_type: "text" }],
  });
  const headers = {
    authorization: `Bearer ${bearer}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const request = http.request(`${base}/v3/chat`, { method: "POST", headers }, (answer) => {
      const pieces = [];
      answer.on("data", (bytes) => {
        pieces.push({ arrivedAt: nowMicros(), bytes });
        onPiece(bytes.toString("utf8"));
      });
      answer.on("error", reject);
      answer.on("end", () => {
        // Decoded as a whole: a piece may end inside a character.
        const text = Buffer.concat(pieces.map(({ bytes }) => bytes)).toString("utf8");
        const decoded = pieces.map(({ arrivedAt, bytes }) => ({ arrivedAt, text: bytes.toString("utf8") }));
        resolve({ status: answer.statusCode, headers: answer.headers, text, pieces: decoded });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** One frame exactly as protocol 6.3 writes it: no space after the colon, one LF per line, one blank line. */
const FRAME = /event:([a-z_.]+)\ndata:([^\n\r]+)\n\n/y;

/**
 * Splits a stream into frames, strictly; throws at the first byte that is not as documented.
 * @param {string} text
 * @returns {{ event: string, data: unknown }[]}
 */
export function frames(text) {
  const found = [];
  FRAME.lastIndex = 0;
  while (FRAME.lastIndex < text.length) {
    const at = FRAME.lastIndex;
    const match = FRAME.exec(text);
    if (!match) throw new Error(`no frame at byte ${at}: ${JSON.stringify(text.slice(at, at + 80))}`);
    found.push({ event: match[1], data: JSON.parse(match[2]) });
  }
  return found;
}
