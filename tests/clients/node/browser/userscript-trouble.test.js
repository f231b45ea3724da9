// The userscript when something is in its way: the gateway, the manager, the browser. People are told what, why and what to
// do, and what was only away comes back by itself.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "../harness/test.js";
import { launchBrowser, Visitor } from "../harness/browser.js";
import { Emulator, Served } from "../harness/product.js";
import { page, Site } from "../harness/site.js";
import { Manager, MANAGERS } from "../harness/userscript.js";

/** What a browser says of requests that fail, which nobody can keep from its console. */
const NETWORK_REMARK = /net::ERR_|has been blocked by CORS policy|Failed to load resource/;
/** Above what waiting for a gateway takes: requests are tried for a minute, with pauses of seconds. */
const PATIENT = { timeout: 100_000 };

let site;
let emulator;
let home;
/** The gateway's class on the ports that it got first. */
let Again;
let gateway;
let browser;
let visitors = [];
before(async () => {
  site = await Site.start(() => ({ body: page("") }));
  emulator = await Emulator.start();
  home = mkdtempSync(path.join(tmpdir(), "cozegate-userscript-"));
  gateway = await start(Served);
  const [proxy, auth] = [gateway.proxy, gateway.auth].map((base) => new URL(base).host);
  Again = class extends Served {
    static command = ["serve", `--proxy-addr=${proxy}`, `--auth-addr=${auth}`];
  };
  browser = await launchBrowser([`--ip-address-space-overrides=${new URL(site.origin).host}=public`]);
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
  await emulator?.stop();
  site?.stop();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(async () => {
  gateway ??= await start(Again);
});
afterEach(async () => {
  const errors = visitors.flatMap((visitor) => visitor.errors).filter((error) => !NETWORK_REMARK.test(error));
  await Promise.all(visitors.map(({ context }) => context.close()));
  visitors = [];
  assert.deepEqual(errors, [], "no errors and no unhandled rejections");
});

/** A gateway that keeps its secret over restarts, and its sessions not. */
function start(kind) {
  const { client_id, public_key_id, private_key } = emulator.jwtApp();
  const toml = `
    [apps.jwt]
    kind = "jwt"
    api_base = "${emulator.apiBase}"
    client_id = "${client_id}"
    public_key_id = "${public_key_id}"
    private_key_file = "private_key.pem"
    [chat]
    bot_id = "${emulator.bot("Echo")}"
    [userscript]
    sites = ["${site.origin}/*"]
    ui = "cozegate"
    [cors]
    origins = ["${site.origin}"]
    [visitors]
    secret_file = "${path.join(home, "secret")}"
    [store]
    kind = "memory"`;
  return kind.start({}, { "cozegate.toml": toml, "private_key.pem": private_key });
}

async function stopGateway() {
  await gateway.stop();
  gateway = undefined;
}

/** Somebody with the script, as it is served or as `changed` leaves it. */
async function arrive({ manager = new Manager("Tampermonkey"), changed = (source) => source } = {}) {
  const visitor = await Visitor.arrive(browser);
  visitors.push(visitor);
  const source = await manager.installFrom(`${gateway.auth}/cozegate.user.js`);
  manager.install(changed(source));
  await manager.watch(visitor.page);
  return { visitor, manager, page: visitor.page, source, open: () => visitor.page.goto(site.origin) };
}

const launcher = (visitor) => visitor.part("launcher");

async function chats() {
  return (await emulator.journal()).filter(({ method, path }) => method === "POST" && path === "/v3/chat");
}

test("where no gateway runs somebody is told once, and the chat comes when it does", async () => {
  const { visitor, manager, page, open } = await arrive();
  const address = gateway.auth;
  await stopGateway();

  await open();
  const told = await manager.notified(/Nobody answers/);
  assert.ok(told.includes(address) && told.includes("cozegate serve"), told);
  await page.goto(`${site.origin}/other`);
  await manager.choose(page, "Open the chat");
  await manager.notified(/waits for cozegate/);
  assert.match(await manager.answer(page, "Status", ""), /reachable: no/);
  gateway = await start(Again);

  await launcher(visitor).waitFor(PATIENT);
  assert.equal(manager.notifications.filter((text) => text === told).length, 1, "told on one page only");
  assert.equal(await page.locator('[data-cozegate="notice"]').count(), 0);
});

for (const kind of MANAGERS) {
  test(`${kind}: a question that is asked while the gateway restarts is answered once, and nobody notices`, async () => {
    const { visitor, manager, open } = await arrive({ manager: new Manager(kind) });
    await open();
    await launcher(visitor).click();
    await visitor.ready();
    await visitor.ask("before");
    const [seen, user] = [(await chats()).length, manager.values.get("cozegate_user")];

    await stopGateway();
    await visitor.send("meanwhile");
    gateway = await start(Again);
    await visitor.messages("assistant").nth(1).waitFor(PATIENT);
    await visitor.ready();

    assert.deepEqual(await visitor.texts("user"), ["before", "meanwhile"]);
    assert.ok((await visitor.texts("assistant")).at(-1).includes("meanwhile"));
    assert.equal((await chats()).length, seen + 1, "the platform got it once");
    assert.equal(manager.values.get("cozegate_user"), user);
    const names = new Set((await chats()).slice(-2).map(({ session_name }) => session_name));
    assert.equal(names.size, 1, "and as the same person");
  });

  test(`${kind}: a script of another gateway is not let in, says so, and is good again when it is installed anew`, async () => {
    const changed = (source) => source.replace(/"pairing":"[^"]+"/, '"pairing":"of-another-gateway"');
    const { visitor, manager, page, source, open } = await arrive({ manager: new Manager(kind), changed });
    const seen = (await emulator.journal()).length;

    await open();
    const told = await manager.notified(/does not belong/);

    assert.ok(told.includes(`${gateway.auth}/cozegate.user.js`), told);
    assert.equal(await page.locator("cozegate-window").count(), 0);
    assert.equal((await emulator.journal()).length, seen, "the platform hears nothing of it");
    assert.match(await manager.answer(page, "Status", ""), /reachable: yes.*\n.*let in: no/);
    manager.install(source);
    await page.reload();
    await launcher(visitor).waitFor();
  });
}

test("a manager that does not let the script through is named", async () => {
  const manager = new Manager("ScriptCat");
  manager.blocked.add("127.0.0.1");
  const { open } = await arrive({ manager });

  await open();

  assert.match(await manager.notified(/does not let this script talk/), /127\.0\.0\.1/);
});

/** Answers for this visitor what the browser would ask: may the site talk to programs on this machine? */
async function allowLoopback(page, setting) {
  const ofPage = await page.context().newCDPSession(page);
  const { browserContextId } = (await ofPage.send("Target.getTargetInfo")).targetInfo;
  const permission = { name: "loopback-network" };
  const ofBrowser = await browser.newBrowserCDPSession();
  await ofBrowser.send("Browser.setPermission", { permission, setting, origin: site.origin, browserContextId });
}

/** The script in a manager that grants no requests. */
const withoutRequests = (source) => source.replace(/^\/\/ @grant\s+GM_xmlhttpRequest\n/m, "");

test("without the manager's requests the page's own are used, once the browser allows them", async () => {
  const { visitor, manager, page, open } = await arrive({ changed: withoutRequests });
  await allowLoopback(page, "denied");

  await open();
  await manager.notified(/local network access/);
  assert.match(await manager.answer(page, "Status", ""), /reachable: no.*\n.*\n.*requests: by the page/);
  await allowLoopback(page, "granted");

  await launcher(visitor).waitFor(PATIENT);
  await launcher(visitor).click();
  await visitor.ready();
  await visitor.ask("by the page");
  assert.ok((await visitor.texts("assistant")).at(-1).includes("by the page"));
  assert.equal(manager.requests.length, 0);
});

test("where the manager shows no notifications the message stands in the page", async () => {
  const changed = (source) => withoutRequests(source).replace(/^\/\/ @grant\s+GM_notification\n/m, "");
  const { manager, page, open } = await arrive({ changed });
  await stopGateway();

  await open();
  const notice = page.locator('[data-cozegate="notice"]');
  await notice.locator("p").waitFor();
  assert.match(await notice.locator("p").innerText(), /local network access|Nobody answers/);
  await notice.getByRole("button", { name: "Close this message" }).click();
  await notice.waitFor({ state: "detached" });

  assert.deepEqual(manager.notifications, []);
});
