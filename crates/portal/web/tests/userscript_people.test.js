// What people see of the userscript and what is kept of them: who somebody is, what is set, what is told, what is written down.

import assert from "node:assert/strict";
import test from "node:test";
import { menuEntries } from "../userscript/commands.js";
import { Identity } from "../userscript/identity.js";
import { DebugLog } from "../userscript/log.js";
import { Menu } from "../userscript/menu.js";
import { Notices } from "../userscript/notices.js";
import { Settings } from "../userscript/settings.js";
import { say, storeWith } from "./fake_store.js";

test("a user is made once: the time of the first use and something nobody guesses", () => {
  const store = storeWith();
  const now = () => Date.parse("2026-01-02T03:04:05Z");

  const id = new Identity(store, { now }).id;

  assert.match(id, /^session_[0-9a-z]{8}_[0-9a-z]{20}$/);
  assert.equal(parseInt(id.split("_")[1] ?? "", 36), now());
  assert.equal(new Identity(store).id, id);
  assert.notEqual(new Identity(storeWith(), { now }).id, id);
});

test("every digit of the random part is as likely as another", () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => 255 - byte);
  const fill = (/** @type {Uint8Array} */ room) => room.map(() => bytes.shift() ?? 0);
  const identity = new Identity(storeWith(), { fill, now: () => 0 });

  const digits = Array.from({ length: 12 }, () => identity.renew().split("_")[2]).join("");

  assert.deepEqual(new Set(digits).size, 36);
  assert.equal(digits.slice(0, 3), "zyx", "the four bytes that would be too many are left out");
});

test("who used the older script stays who they are", () => {
  const store = storeWith({ coze_session_name: "session_lx3k9_a1b2c3" });

  assert.equal(new Identity(store).id, "session_lx3k9_a1b2c3");
  assert.equal(store.kept.get("cozegate_user"), "session_lx3k9_a1b2c3");
});

test("what is kept and is no id is replaced", () => {
  for (const kept of ["", "a b", "x".repeat(200), 7, { id: "x" }, "name\n"]) {
    const store = storeWith({ cozegate_user: kept });

    assert.match(new Identity(store).id, /^session_/);
  }
});

test("an id goes to another browser and is the same there; renewing makes another one", () => {
  const one = new Identity(storeWith());
  const other = new Identity(storeWith());

  assert.ok(other.import(`  ${one.export()}\n`));
  assert.equal(other.id, one.id);
  assert.ok(other.import("session_abc_123456"));
  assert.equal(other.id, "session_abc_123456");
  assert.notEqual(one.renew(), other.id);
});

test("what names nobody is not taken over", () => {
  const identity = new Identity(storeWith());
  const { id } = identity;

  for (const text of [
    "",
    "two words",
    "{",
    "{}",
    '{"kind":"other","id":"x"}',
    '{"kind":"cozegate-user","id":7}',
    "x\u0000",
  ]) {
    assert.equal(identity.import(text), false, text);
  }
  assert.equal(identity.id, id);
});

const CONFIG = {
  bots: [
    { id: "11", name: "Echo" },
    { id: "22", name: "Poet" },
  ],
  title: "Help",
  width: 500,
  ui: "sdk",
};

test("a browser begins with the configuration, and keeps only what it changed", () => {
  const store = storeWith();
  const settings = new Settings(store, CONFIG, ["fr", "zh-TW", "en"]);

  assert.deepEqual(settings.values, {
    botId: "11",
    title: "Help",
    width: 500,
    lang: "zh-CN",
    ui: "auto",
    debug: false,
  });
  assert.ok(settings.change("botId", "22"));
  assert.equal(settings.botName, "Poet");
  assert.deepEqual(store.kept.get("cozegate_settings"), { botId: "22" });
  assert.ok(settings.change("botId", null));
  assert.equal(settings.values.botId, "11");
  assert.equal(store.kept.size, 0);
});

test("a setting that cannot be is refused, whether it is typed or was kept", () => {
  const wrong = { botId: "a b", title: "x".repeat(99), width: "wide", lang: "fr", ui: "other", debug: "yes" };
  const settings = new Settings(storeWith({ cozegate_settings: wrong }), CONFIG, []);

  for (const [name, value] of Object.entries(wrong)) {
    assert.equal(settings.change(/** @type {any} */ (name), value), false, name);
  }
  assert.deepEqual(settings.values, { botId: "11", title: "Help", width: 500, lang: "en", ui: "auto", debug: false });
  assert.equal(settings.change("width", 12), false);
  assert.equal(settings.change("width", "640"), true);
  assert.equal(settings.values.width, 640);
});

test("an empty configuration is one", () => {
  const { values, bots } = new Settings(storeWith({ cozegate_settings: "[]" }), {}, []);

  assert.deepEqual([values.botId, values.title, values.width, bots], ["", "", 460, []]);
});

test("the log keeps the newest lines and nothing secret", () => {
  /** @type {string[]} */
  const echoed = [];
  const log = new DebugLog({ secrets: ["pair/secret+1"], now: () => 0, echo: (line) => echoed.push(line) });
  const secrets = [
    "cgh_0123456789ab",
    "cgv_abcdefgh",
    "czs_0123456789",
    "pat_0123456789",
    "eyJhbGciOi.eyJzdWIi.c2ln",
    "pair/secret+1",
  ];

  for (const secret of secrets)
    log.add(`seen ${secret}`, new Error(`wss://g/v1/chat?authorization=Bearer%20${secret}&x=1`));
  log.add("an answer", { access_token: "opaque-token-of-somebody", fine: 1 });
  log.add("a header", "Authorization: Bearer opaque-token-of-somebody");

  for (const secret of [...secrets, "opaque-token-of-somebody"]) assert.ok(!log.text().includes(secret), secret);
  assert.match(log.text(), /"fine":1/);
  for (let index = 0; index < 1000; index += 1) log.add(`line ${index}\n${"x".repeat(2000)}`);
  assert.equal(log.text().split("\n").length, 400);
  assert.match(log.text(), /line 999 x/);
  assert.ok(log.text().length < 400 * 601);
  assert.equal(echoed.length, 1008);
});

test("the menu is registered anew when a label changes, and only then", async () => {
  /** @type {Map<number, { label: string, act: () => void }>} */
  const shown = new Map();
  let count = 0;
  /** @type {unknown[]} */
  const failures = [];
  const menu = new Menu(
    {
      registerMenu: (label, act) => {
        shown.set((count += 1), { label, act });
        return count;
      },
      unregisterMenu: (id) => void shown.delete(/** @type {number} */ (id)),
    },
    (error) => failures.push(error),
  );
  const fail = () => {
    throw new Error("no");
  };

  menu.show([
    { label: "a", act: fail },
    { label: "b", act: fail },
  ]);
  menu.show([
    { label: "a", act: fail },
    { label: "b", act: fail },
  ]);
  assert.equal(count, 2);
  menu.show([
    { label: "a", act: fail },
    { label: "c", act: fail },
  ]);
  assert.deepEqual(
    [...shown.values()].map(({ label }) => label),
    ["a", "c"],
  );
  shown.get(3)?.act();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(failures.length, 1, "a command that fails does not become an unhandled rejection");
});

/** @param {{ typed?: string | null, sure?: boolean }} [person] */
function menuFor({ typed = null, sure = true } = {}) {
  /** @type {string[]} */
  const done = [];
  const settings = new Settings(storeWith(), CONFIG, ["en"]);
  const identity = new Identity(storeWith());
  const act = (/** @type {string} */ name) => async () => void done.push(name);
  const entries = menuEntries({
    companion: {
      isShown: false,
      toggle: act("toggle"),
      rebuild: act("rebuild"),
      becomeSomebodyElse: act("become"),
      status: async () => ({ reachable: "yes" }),
    },
    settings,
    identity,
    log: new DebugLog({}),
    dialogs: { prompt: () => typed, confirm: () => sure, alert: (text) => void done.push(`alert ${text}`) },
    copy: async (text) => Boolean(done.push(`copy ${text}`)),
    tell: (text) => void done.push(`tell ${text}`),
    open: (address) => void done.push(`open ${address}`),
    say,
    authBase: "http://127.0.0.1:8081",
  });
  const press = async (/** @type {string} */ label) => {
    const entry = entries.find((entry) => entry.label.startsWith(`userscript-menu-${label}`));
    assert.ok(entry, label);
    await entry.act();
    return done;
  };
  return { settings, identity, press };
}

test("a bot is chosen by its place in the list or by its id", async () => {
  for (const [typed, botId] of [
    ["2", "22"],
    ["7400000000000000001", "7400000000000000001"],
    ["", "11"],
  ]) {
    const { settings, press } = menuFor({ typed: typed ?? "" });

    assert.deepEqual(await press("bot"), ["rebuild"]);
    assert.equal(settings.values.botId, botId);
  }
  assert.deepEqual(await menuFor({ typed: "3" }).press("bot"), ["tell userscript-wrong-value"]);
  assert.deepEqual(await menuFor({ typed: null }).press("bot"), []);
});

test("somebody becomes another user only when they are sure", async () => {
  const unsure = menuFor({ sure: false });
  const { id } = unsure.identity;
  assert.deepEqual(await unsure.press("user-renew"), []);
  assert.equal(unsure.identity.id, id);

  const sure = menuFor();
  const before = sure.identity.id;
  assert.deepEqual(await sure.press("user-renew"), ["become", "tell userscript-renewed"]);
  assert.notEqual(sure.identity.id, before);
});

test("an id that is none is not imported, and somebody is told", async () => {
  assert.deepEqual(await menuFor({ typed: "what is this?" }).press("user-import"), ["tell userscript-import-wrong"]);
  assert.deepEqual(await menuFor({ typed: "me" }).press("user-import"), ["become", "tell userscript-imported"]);
});

test("the other entries do what they say", async () => {
  const { settings, identity, press } = menuFor({ typed: "700" });
  await press("language");
  await press("ui");
  await press("debug");
  await press("width");
  await press("user-copy");
  await press("user-export");
  await press("status");
  const done = await press("reinstall");

  assert.deepEqual(settings.values, { botId: "11", title: "Help", width: 700, lang: "zh-CN", ui: "sdk", debug: true });
  const copied = (/** @type {string} */ text) => [`copy ${text}`, "tell userscript-copied"];
  assert.deepEqual(done.slice(4), [
    ...copied(identity.id),
    ...copied(identity.export()),
    "alert userscript-status yes",
    "open http://127.0.0.1:8081/cozegate.user.js",
  ]);
});

test("what is wrong is told once, on one page, until it was well in between", () => {
  const store = storeWith();
  const clock = { now: 1_000_000 };
  /** @type {string[]} */
  const shown = [];
  const page = () =>
    new Notices({
      voice: { say: (text) => void shown.push(text), hush: () => undefined },
      store,
      now: () => clock.now,
    });
  const [one, two] = [page(), page()];

  one.tell("away", "1");
  one.tell("away", "2");
  two.tell("away", "3");
  two.tell("pairing", "4");
  assert.deepEqual(shown, ["1", "4"]);
  one.clear();
  two.clear();
  two.tell("away", "5");
  clock.now += 11 * 60_000;
  page().tell("away", "6");
  assert.deepEqual(shown, ["1", "4", "5", "6"]);
});
