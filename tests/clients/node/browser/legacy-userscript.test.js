// The hobby userscript that came before (rows R4 and R5): its calls from a page of https://www.coze.cn, unchanged.

import assert from "node:assert/strict";
import { after, before, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { chatSdk } from "../harness/chat-sdk.js";
import { Product } from "../harness/product.js";
import { page, Site } from "../harness/site.js";

const COZE = "https://www.coze.cn";
const SDK_PATH = "/obj/unpkg/flow-platform/chat-app-sdk/1.2.0-beta.10/libs/cn/index.js";

let cdn;
let product;
let browser;
before(async () => {
  cdn = await Site.start(({ pathname }) =>
    pathname === SDK_PATH ? { type: "text/javascript", body: chatSdk(product.emulator.api_base, { isOneFile: true }) } : { body: page("") },
  );
  product = await Product.start({ COZEGATE__FILES__PRIVATE_HOSTS: cdn.origin });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await product?.stop();
  cdn?.stop();
});

/** Somebody on the platform's site, whose browser lets it talk to programs on this machine. */
async function arrive() {
  const visitor = await Visitor.arrive(browser);
  await visitor.page.route(`${COZE}/**`, (route) => route.fulfill({ contentType: "text/html", body: page("") }));
  const ofPage = await visitor.context.newCDPSession(visitor.page);
  const { browserContextId } = (await ofPage.send("Target.getTargetInfo")).targetInfo;
  const ofBrowser = await browser.newBrowserCDPSession();
  await ofBrowser.send("Browser.setPermission", {
    permission: { name: "loopback-network" },
    setting: "granted",
    origin: COZE,
    browserContextId,
  });
  await visitor.page.goto(`${COZE}/store`);
  return visitor;
}

/** The script's way to a token, as it was written. */
const fetchToken = (page, name) =>
  page.evaluate(
    async ({ auth, name }) => {
      const answer = await fetch(`${auth}/callback?session_name=${encodeURIComponent(name)}`, {
        method: "GET",
        headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest", "X-Session-Name": name },
        credentials: "include",
      });
      return { status: answer.status, body: await answer.json() };
    },
    { auth: product.auth, name },
  );

test("it finds the proxy by the SDK's file, runs it, and chats with the token of its session name", async () => {
  const visitor = await arrive();
  const { page } = visitor;
  const file = `${product.proxy}/${encodeURIComponent(cdn.origin + SDK_PATH)}`;

  const found = await page.evaluate(async (file) => (await fetch(file, { method: "GET" })).text(), file);
  assert.match(found, /CozeWebSDK/);
  await page.addScriptTag({ url: file });
  const { status, body } = await fetchToken(page, "session_lx3k9_a1b2c3");
  assert.equal(status, 200);
  assert.equal(body.session_name, "session_lx3k9_a1b2c3");
  assert.match(body.expires_in, /^\d+ \(\d{4}-/);
  await page.evaluate(
    ({ token, botId }) => {
      globalThis.client = new globalThis.CozeWebSDK.WebChatClient({
        config: { bot_id: botId },
        componentProps: { title: "Coze" },
        auth: { type: "token", token, onRefreshToken: () => token },
      });
      globalThis.client.showChatBot();
    },
    { token: body.access_token, botId: product.bot("Echo") },
  );
  await page.locator('[data-testid="sdk-chat"][data-state="ready"]').waitFor();
  await page.getByTestId("sdk-input").fill("as ever");
  await page.getByTestId("sdk-send").click();
  await page.locator('[data-role="assistant"][data-whole]').waitFor();

  assert.equal(await page.locator('[data-role="assistant"]').innerText(), "as ever");
  assert.deepEqual(visitor.errors, []);
  await visitor.context.close();
});

test("one name keeps its token, another name gets another, and a site that is not listed gets none", async () => {
  const visitor = await arrive();
  const one = await fetchToken(visitor.page, "session_a_111111");
  const again = await fetchToken(visitor.page, "session_a_111111");
  const other = await fetchToken(visitor.page, "session_b_222222");

  assert.equal(again.body.access_token, one.body.access_token);
  assert.notEqual(other.body.access_token, one.body.access_token);
  await visitor.page.goto(cdn.origin);
  await assert.rejects(fetchToken(visitor.page, "session_a_111111"), /Failed to fetch/);
  await visitor.context.close();
});
