// A stream on the wire: the proxy changes no byte of it, and holds none back.

import assert from "node:assert/strict";
import { after, before, test } from "../harness/test.js";
import { Product } from "../harness/product.js";
import { frames, streamChat } from "../harness/sse.js";

let product;
before(async () => {
  product = await Product.start();
});
after(() => product?.stop());

/** A chat through the proxy, as a new visitor. */
async function proxied(bot, text, onPiece) {
  const { handle } = await product.openSession();
  return streamChat({ base: product.proxy, bearer: handle, botId: product.bot(bot), text, onPiece });
}

/** The same straight at the emulator, with a token of its own. */
async function direct(bot, text) {
  const answer = await fetch(`${product.auth}/callback?session_name=direct-${process.hrtime.bigint()}`, {
    headers: { accept: "application/json" },
  });
  const { access_token } = await answer.json();
  return streamChat({ base: product.emulator.api_base, bearer: access_token, botId: product.bot(bot), text });
}

/** Ids, instants and log ids differ from chat to chat; everything else may not. */
const withoutNumbers = (text) => text.replace(/\d{9,}/g, "N");

test("the proxied stream is byte for byte what the platform sends", async () => {
  const text = "逐字 byte for byte: \"quotes\", \\ and 🚪.";

  const through = await proxied("Echo", text);
  const straight = await direct("Echo", text);

  assert.equal(through.status, 200);
  assert.equal(withoutNumbers(through.text), withoutNumbers(straight.text));
});

test("the proxied stream keeps to the documented grammar to its last byte", async () => {
  const answer = await proxied("Echo", "grammar");

  assert.match(answer.headers["content-type"], /^text\/event-stream/);
  assert.equal(answer.headers["content-encoding"], undefined);
  assert.ok(answer.headers["x-tt-logid"]);
  const events = frames(answer.text);
  assert.deepEqual(events.at(-1), { event: "done", data: "[DONE]" });
  assert.equal(events.filter(({ event }) => event === "done").length, 1);
});

test("deltas arrive while later ones have not been sent yet", async (t) => {
  t.after(() => product.releaseAnswers());
  await product.holdAnswersAfter(1);
  const release = (piece) => piece.includes("conversation.message.delta") && product.releaseAnswers();
  // Without the first delta at the caller the second one is never sent, and the test ends at its limit.
  const answer = await proxied("Clock", "go", release);

  const delays = arrivals(answer.pieces);

  assert.ok(delays.length > 2);
  const sorted = delays.map(({ arrivedAt, sentAt }) => arrivedAt - sentAt).sort((a, b) => a - b);
  const quantile = (q) => (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] / 1000).toFixed(2);
  // A number for people; how fast is asked by the benchmark, not here, where other tests share the machine.
  t.diagnostic(`arrival - sending over ${sorted.length} deltas: median ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`);
});

test("a caller who leaves in the middle leaves the next one undisturbed", async () => {
  const { handle } = await product.openSession();
  const leaving = new AbortController();
  const answer = await fetch(`${product.proxy}/v3/chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${handle}`, "content-type": "application/json" },
    body: JSON.stringify({
      bot_id: product.bot("Clock"),
      user_id: "u",
      stream: true,
      additional_messages: [{ role: "user", content: "go", content_type: "text" }],
    }),
    signal: leaving.signal,
  });
  await answer.body.getReader().read();

  leaving.abort();
  const next = await proxied("Echo", "still there");

  assert.equal(frames(next.text).at(-1).event, "done");
});

/** For every delta of the Clock bot: when it was sent (its content says so) and when its last byte arrived. */
function arrivals(pieces) {
  const found = [];
  let pending = "";
  for (const { arrivedAt, text } of pieces) {
    pending += text;
    const end = pending.lastIndexOf("\n\n") + 2;
    if (end < 2) continue;
    for (const { event, data } of frames(pending.slice(0, end))) {
      const sentAt = event === "conversation.message.delta" ? Number.parseInt(data.content.trim(), 10) : Number.NaN;
      if (!Number.isNaN(sentAt)) found.push({ sentAt, arrivedAt });
    }
    pending = pending.slice(end);
  }
  return found;
}
