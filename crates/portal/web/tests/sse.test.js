// The stream parser: bytes may be cut anywhere, and Coze deviates from the standard in two ways (protocol 6.3).

import assert from "node:assert/strict";
import test from "node:test";
import { FrameParser, readFrames } from "../chat/sse.js";
import { collect } from "./fake_gateway.js";

const STREAM =
  'event:conversation.message.delta\ndata:{"content":"你好，世界"}\n\nevent: done\r\ndata: "[DONE]"\r\n\r\n';
const FRAMES = [
  { event: "conversation.message.delta", data: '{"content":"你好，世界"}' },
  { event: "done", data: '"[DONE]"' },
];

/**
 * @param {Uint8Array[]} chunks
 * @param {() => void} [onCancel]
 */
function body(chunks, onCancel) {
  return new ReadableStream({
    pull(controller) {
      const next = chunks.shift();
      if (next) controller.enqueue(next);
      else controller.close();
    },
    cancel: onCancel,
  });
}

test("frames do not depend on where the bytes are cut", async () => {
  const bytes = new TextEncoder().encode(STREAM);

  for (let cut = 0; cut <= bytes.length; cut++) {
    const frames = await collect(readFrames(body([bytes.slice(0, cut), bytes.slice(cut)])));
    assert.deepEqual(frames, FRAMES, `cut at ${cut}`);
  }
  const oneByOne = Array.from(bytes, (byte) => Uint8Array.of(byte));
  assert.deepEqual(await collect(readFrames(body(oneByOne))), FRAMES);
});

test("a space after the colon belongs to the format, a second one to the value", () => {
  assert.deepEqual(new FrameParser().push("data: a\n\ndata:  b\n\ndata:c\n\n"), [
    { event: "", data: "a" },
    { event: "", data: " b" },
    { event: "", data: "c" },
  ]);
});

test("several data lines are one value", () => {
  assert.deepEqual(new FrameParser().push("event:x\ndata:a\ndata:b\n\n"), [{ event: "x", data: "a\nb" }]);
});

test("comments, ids and frames without data give nothing", () => {
  assert.deepEqual(new FrameParser().push(": ping\n\nid:7\nretry:3\nevent:x\n\n"), []);
});

test("an event's name does not leak into the next frame", () => {
  assert.deepEqual(new FrameParser().push("event:x\ndata:1\n\ndata:2\n\n")[1], { event: "", data: "2" });
});

test("a bare JSON line is an error", () => {
  const parser = new FrameParser();
  const frames = [...parser.push('{"code":4101,"msg":"no"}'), ...parser.end()];

  assert.deepEqual(frames, [{ event: "error", data: '{"code":4101,"msg":"no"}' }]);
});

test("the last frame needs no blank line", () => {
  const parser = new FrameParser();

  assert.deepEqual([...parser.push("event:done\ndata:x"), ...parser.end()], [{ event: "done", data: "x" }]);
});

test("leaving early closes the connection", async () => {
  let isCancelled = false;
  const endless = body([new TextEncoder().encode(STREAM), new Uint8Array(1), new Uint8Array(1)], () => {
    isCancelled = true;
  });

  for await (const _ of readFrames(endless)) break;

  assert.equal(isCancelled, true);
});
