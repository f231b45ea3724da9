// The reader of event streams, against the corpus that the proxy's scanner reads as well.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { EventStream, readEvents } from "../client/event_stream.js";

const CORPUS = JSON.parse(readFileSync(new URL("../../../../tests/recorded/event-streams.json", import.meta.url), "utf8"));
const BOM_BYTES = 3;

/** @param {(string | number[])[]} chunks */
const bytesOf = (chunks) => chunks.map((chunk) => new Uint8Array(typeof chunk === "string" ? Buffer.from(chunk) : chunk));

/** @param {Uint8Array[]} chunks */
function read(chunks) {
  const stream = new EventStream();
  const blocks = [...chunks.flatMap((chunk) => stream.push(chunk)), ...stream.end()];
  const events = blocks.flatMap(({ event, data }) => (data === null ? [] : [{ event, data }]));
  let at = Buffer.concat(chunks).indexOf(Buffer.from([0xef, 0xbb, 0xbf])) === 0 ? BOM_BYTES : 0;
  const borders = blocks.filter(({ isWhole }) => isWhole).map(({ raw }) => (at += Buffer.byteLength(raw)));
  return { events, borders };
}

for (const { name, chunks, events, borders } of CORPUS) {
  test(`${name}: events and borders do not depend on where the bytes are cut`, () => {
    const pieces = bytesOf(chunks);
    const bytes = new Uint8Array(Buffer.concat(pieces));

    assert.deepEqual(read(pieces), { events, borders });
    assert.deepEqual(read(Array.from(bytes, (byte) => Uint8Array.of(byte))), { events, borders });
    for (let cut = 0; cut <= bytes.length; cut++) {
      assert.deepEqual(read([bytes.slice(0, cut), bytes.slice(cut)]), { events, borders }, `cut at ${cut}`);
    }
  });
}

test("leaving early closes the connection", async () => {
  let isCancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("data:1\n\n")),
    cancel: () => {
      isCancelled = true;
    },
  });

  for await (const _ of readEvents(endless)) break;

  assert.equal(isCancelled, true);
});
