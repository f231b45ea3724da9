// WebSockets of pages: nothing asks the proxy before a page opens one, so what it says to the handshake is all that stands
// between a foreign page and somebody's conversations.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { Product } from "../harness/product.js";

let listed;
let unlisted;
let product;
let browser;
before(async () => {
  [listed, unlisted] = [await serve(), await serve()];
  product = await Product.start({ COZEGATE__CORS__ORIGINS: JSON.stringify([listed.origin]) });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await product?.stop();
  listed?.server.close();
  unlisted?.server.close();
});

/** Opens a page at `origin`, and in it the WebSocket of a chat; returns its events, or how it ended without one. */
async function talkFrom(origin) {
  const { handle } = await product.openSession();
  const { page, context } = await Visitor.arrive(browser);
  await page.goto(origin);
  const bot = product.bot("Echo");
  const address = `${product.proxy.replace("http", "ws")}/v1/chat?bot_id=${bot}&authorization=Bearer ${handle}`;
  const outcome = await page.evaluate(talkInPage, address);
  await context.close();
  return outcome;
}

/** Runs inside the page. */
function talkInPage(address) {
  const question = { role: "user", content_type: "text", content: "from a page" };
  return new Promise((resolve) => {
    const events = [];
    const socket = new WebSocket(address);
    socket.onopen = () =>
      socket.send(JSON.stringify({ event_type: "conversation.message.create", data: question }));
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      events.push(event);
      if (event.event_type === "conversation.chat.completed") socket.close(4000, "heard enough");
    };
    socket.onclose = ({ code, reason, wasClean }) => resolve({ events, code, reason, wasClean });
  });
}

test("a page of a listed origin talks, with the handle in the address", async () => {
  const seen = (await product.journal()).at(-1)?.seq ?? 0;

  const { events, code, reason, wasClean } = await talkFrom(listed.origin);

  const deltas = events.filter(({ event_type }) => event_type === "conversation.message.delta");
  assert.equal(deltas.map(({ data }) => data.content).join(""), "from a page");
  assert.deepEqual({ code, reason, wasClean }, { code: 4000, reason: "heard enough", wasClean: true });
  const [opened] = (await product.journal(seen)).filter(({ path }) => path === "/v1/chat");
  assert.equal(opened.query, `bot_id=${product.bot("Echo")}`);
  assert.equal(opened.authorization_kind, "czs");
});

test("a page of another origin gets nothing, even with a handle that is good", async () => {
  const seen = (await product.journal()).length;

  const { events, code } = await talkFrom(unlisted.origin);

  assert.deepEqual({ events, code }, { events: [], code: 1006 });
  const later = await product.journal();
  assert.deepEqual(later.slice(seen).filter(({ path }) => path === "/v1/chat"), []);
});

/** Serves one empty page on a port of its own. */
async function serve() {
  const server = http.createServer((_, answer) => {
    answer.writeHead(200, { "content-type": "text/html" });
    answer.end('<!doctype html><title>A site</title><link rel="icon" href="data:,">');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}
