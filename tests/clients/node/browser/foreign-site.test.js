// A site of somebody else: with the official SDK in its page it chats through the proxy when its origin is listed, and
// gets nothing when it is not.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, test } from "../harness/test.js";
import { build } from "esbuild";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { Product } from "../harness/product.js";

let listed;
let unlisted;
let product;
let browser;
before(async () => {
  const script = await bundle();
  [listed, unlisted] = [await serve(script), await serve(script)];
  product = await Product.start({ COZEGATE__CORS__ORIGINS: JSON.stringify([listed.origin]) });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await product?.stop();
  listed?.server.close();
  unlisted?.server.close();
});

test("the SDK in a page of a listed origin chats with a handle", async () => {
  const { page, errors, context } = await Visitor.arrive(browser);
  await page.goto(listed.origin);

  const answer = await page.evaluate(chatInPage, addresses());

  assert.ok(answer.text.includes("from a page"));
  assert.ok(answer.deltas > 1);
  assert.match(answer.logId, /\S/);
  assert.deepEqual(errors, []);
  await context.close();
});

test("a page of another origin can neither open a session nor read an answer", async () => {
  const { page, context } = await Visitor.arrive(browser);
  const seen = (await product.journal()).length;
  await page.goto(unlisted.origin);

  const outcome = await page.evaluate(
    async ({ auth, proxy }) => {
      const tries = {
        session: () => fetch(`${auth}/auth/session`, { method: "POST", body: "{}" }),
        callback: () => fetch(`${auth}/callback`, { headers: { "x-requested-with": "XMLHttpRequest" } }),
        proxy: () => fetch(`${proxy}/v1/users/me`, { headers: { authorization: "Bearer x" } }),
      };
      const outcome = {};
      for (const [name, attempt] of Object.entries(tries)) {
        outcome[name] = await attempt().then(() => "readable", () => "unreadable");
      }
      return outcome;
    },
    addresses(),
  );

  assert.deepEqual(outcome, { session: "unreadable", callback: "unreadable", proxy: "unreadable" });
  assert.equal((await product.journal()).length, seen);
  await context.close();
});

function addresses() {
  return { auth: product.auth, proxy: product.proxy, botId: product.bot("Echo") };
}

/** Runs inside the page: a session, then the SDK with its handle. */
async function chatInPage({ auth, proxy, botId }) {
  const opened = await fetch(`${auth}/auth/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  if (!opened.ok) throw new Error(`no session: ${await opened.text()}`);
  const { handle, user } = await opened.json();
  const client = new globalThis.Coze.CozeAPI({ token: handle, baseURL: proxy });
  const question = { role: "user", content: "from a page", content_type: "text" };
  let text = "";
  let deltas = 0;
  for await (const { event, data } of client.chat.stream({
    bot_id: botId,
    user_id: user.id,
    additional_messages: [question],
  })) {
    if (event !== "conversation.message.delta") continue;
    text += data.content;
    deltas += 1;
  }
  // A page may read the log id only where it is exposed (protocol 8.2).
  const bot = await fetch(`${proxy}/v1/bots/${botId}`, { headers: { authorization: `Bearer ${handle}` } });
  return { text, deltas, logId: bot.headers.get("x-tt-logid") };
}

/** The SDK as a site's bundler would make it. */
async function bundle() {
  const result = await build({
    stdin: { contents: 'export * from "@coze/api";', resolveDir: import.meta.dirname },
    bundle: true,
    format: "iife",
    globalName: "Coze",
    platform: "browser",
    write: false,
    logLevel: "silent",
  });
  return result.outputFiles[0].text;
}

/** Serves one page with `script` on a port of its own. */
async function serve(script) {
  const server = http.createServer((request, answer) => {
    if (request.url === "/sdk.js") {
      answer.writeHead(200, { "content-type": "text/javascript" }).end(script);
    } else if (request.url === "/") {
      const page = '<!doctype html><title>A site</title><link rel="icon" href="data:,"><script src="/sdk.js"></script>';
      answer.writeHead(200, { "content-type": "text/html" }).end(page);
    } else {
      answer.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}
