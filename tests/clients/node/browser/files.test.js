// A site of somebody else loads a script through the proxy, as userscripts load the Chat SDK: by both forms of the URL, from
// an origin that is not listed - and goes on when the host of the script has gone.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { Product } from "../harness/product.js";

const SDK = "globalThis.CozeWebSDK = { WebChatClient: class {}, from: document.currentScript.src };";
const PATH = "/obj/unpkg/flow-platform/chat-app-sdk/1.2.0-beta.10/libs/cn/index.js";

let cdn;
let site;
let folder;
let product;
let browser;
before(async () => {
  // Kept for no time at all: without its host the file is stale at once.
  cdn = await serve((request, answer) => {
    if (request.url !== PATH) return answer.writeHead(404).end();
    return answer.writeHead(200, { "content-type": "application/javascript", "cache-control": "max-age=0" }).end(SDK);
  });
  site = await serve((request, answer) => {
    const script = decodeURIComponent(new URL(request.url, site.origin).searchParams.get("script") ?? "");
    const page = `<!doctype html><title>A shop</title><link rel="icon" href="data:,"><script src="${script}"></script>`;
    answer.writeHead(200, { "content-type": "text/html" }).end(page);
  });
  folder = mkdtempSync(path.join(tmpdir(), "cozegate-files-"));
  product = await Product.start({
    COZEGATE__FILES__PRIVATE_HOSTS: cdn.origin,
    COZEGATE__FILES__CACHE_DIR: path.join(folder, "files"),
  });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await product?.stop();
  site?.server.close();
  cdn?.server.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const forms = () => {
  const url = `${cdn.origin}${PATH}`;
  return [
    `${product.proxy}/${url}`,
    `${product.proxy}/${encodeURIComponent(url)}`,
    `${product.proxy}/?url=${encodeURIComponent(url)}`,
  ];
};

/** What a new visitor's browser makes of the script. */
async function load(script) {
  const { page, errors, context } = await Visitor.arrive(browser);
  await page.goto(`${site.origin}/?script=${encodeURIComponent(encodeURIComponent(script))}`);
  const found = await page.evaluate(() => ({
    kind: typeof globalThis.CozeWebSDK?.WebChatClient,
    from: globalThis.CozeWebSDK?.from,
  }));
  await context.close();
  return { ...found, errors };
}

test("a page of any site loads the script by every form of its URL", async () => {
  for (const script of forms()) {
    assert.deepEqual(await load(script), { kind: "function", from: script, errors: [] });
  }
});

test("a page cannot read the text of a file unless its origin is listed", async () => {
  const { page, context } = await Visitor.arrive(browser);
  await page.goto(`${site.origin}/`);
  const outcome = await page.evaluate(
    (url) => fetch(url).then((answer) => answer.text(), () => "unreadable"),
    forms()[0],
  );
  assert.equal(outcome, "unreadable");
  await context.close();
});

test("a script opened as a page has no power", async () => {
  const { page, context } = await Visitor.arrive(browser);
  const answer = await page.goto(forms()[0]);
  assert.equal(answer.headers()["content-security-policy"], "default-src 'none'; frame-ancestors 'none'; sandbox");
  assert.equal(await page.evaluate(() => globalThis.origin), "null");
  await context.close();
});

test("a script is loaded although its host has gone", async () => {
  await load(forms()[0]);
  cdn.server.close();
  cdn.server.closeAllConnections();

  for (const script of forms()) {
    assert.deepEqual(await load(script), { kind: "function", from: script, errors: [] });
    const answer = await fetch(script);
    assert.equal(answer.headers.get("x-cozegate-cache"), "stale");
    assert.equal(await answer.text(), SDK);
  }
});

async function serve(answerTo) {
  const server = http.createServer(answerTo);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}
