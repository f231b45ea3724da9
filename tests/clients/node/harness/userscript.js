// A userscript manager in a real Chromium: installs a script as it is served, and gives it what a manager of that kind would.
//
// The script runs in a world apart from the page: Violentmonkey's in an isolated world, those of Tampermonkey and ScriptCat
// in the page's own with a window of their own, where the page's policy reaches `eval` (chat-sdk 4.4). `GM_xmlhttpRequest`
// is made by this process: without origin and referrer, past the page's CSP and past the browser's permission for local
// networks. Values, menu, notifications and clipboard are the manager's, so they are here.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { World } from "./userscript-world.js";

/** Those whose semantics are emulated. */
export const MANAGERS = ["Tampermonkey", "ScriptCat", "Violentmonkey"];

const IN_PAGE = readFileSync(new URL("./userscript-in-page.js", import.meta.url), "utf8");

/** Reads a script's metadata block: key to values. */
export function readMetadata(source) {
  const [, block] = /^\/\/ ==UserScript==\n(.*?)^\/\/ ==\/UserScript==$/ms.exec(source) ?? [];
  if (block === undefined) throw new Error(`no metadata block in ${source.slice(0, 80)}`);
  const metadata = {};
  for (const line of block.trim().split("\n")) {
    const [, key, value = ""] = /^\/\/ @(\S+)(?:\s+(.*\S))?\s*$/.exec(line) ?? [];
    if (!key) throw new Error(`no line of metadata: ${line}`);
    (metadata[key] ??= []).push(value);
  }
  return metadata;
}

/** One browser's userscript manager with one script in it. */
export class Manager {
  /** What `GM_setValue` has kept, as JSON by name. */
  values = new Map();
  /** Texts of the notifications, oldest first. */
  notifications = [];
  clipboard = "";
  /** Hosts that the person has blocked. */
  blocked = new Set();
  /** Requests that were made: `{ method, url, headers, chunks, isAborted }`. */
  requests = [];
  #kind;
  #source = "";
  #metadata = {};
  #cookies = new Map();
  /** By page: the worlds that run the script. */
  #worlds = new Map();
  #watchers = new Set();

  /** @param {string} kind one of {@link MANAGERS} */
  constructor(kind) {
    this.#kind = kind;
  }

  /** Installs a script, or another version of it. */
  install(source) {
    this.#source = source;
    this.#metadata = readMetadata(source);
  }

  /** Fetches the script as somebody does who clicks on its address, and installs it. */
  async installFrom(address) {
    const answer = await fetch(address, { headers: { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" } });
    if (!answer.ok) throw new Error(`${address} answered ${answer.status}: ${await answer.text()}`);
    this.install(await answer.text());
    return this.#source;
  }

  /** Runs the script in this page, now and after every navigation. */
  async watch(page) {
    const cdp = await page.context().newCDPSession(page);
    const isIsolated = this.#kind === "Violentmonkey";
    const binding = `gm_${randomBytes(6).toString("hex")}`;
    const worldName = isIsolated ? { worldName: "userscripts" } : {};
    const worlds = new Map();
    this.#worlds.set(page, worlds);
    cdp.on("Runtime.bindingCalled", ({ name, payload, executionContextId }) => {
      if (name !== binding) return;
      const message = JSON.parse(payload);
      if (message.type === "hello") {
        if (!this.#isMeant(message)) return;
        const world = new World(this, this.#kind, cdp, executionContextId);
        worlds.set(executionContextId, world);
        world.run(this.#wrapped(binding, isIsolated));
      } else {
        worlds.get(executionContextId)?.take(message);
        this.#tell();
      }
    });
    cdp.on("Runtime.executionContextDestroyed", ({ executionContextId }) => {
      worlds.get(executionContextId)?.end();
      worlds.delete(executionContextId);
    });
    await cdp.send("Page.enable");
    await cdp.send("Runtime.enable");
    await cdp.send("Runtime.addBinding", {
      name: binding,
      ...(isIsolated ? { executionContextName: "userscripts" } : {}),
    });
    const hello = `{ const say = globalThis.${binding};
      const hello = () => say(JSON.stringify({ type: "hello", url: location.href, isTop: top === self }));
      if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", hello, { once: true }); else hello(); }`;
    await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: hello, ...worldName });
  }

  /** The menu of the script in this page: labels in their order. */
  menu(page) {
    return [...(this.#world(page)?.menu.values() ?? [])];
  }

  /** Waits until the menu has an entry that begins so, and chooses it. */
  async choose(page, label) {
    const id = await this.until(() => {
      const entries = [...(this.#world(page)?.menu ?? [])];
      return entries.find(([, text]) => text.startsWith(label))?.[0];
    }, `a menu entry ${label}`);
    await this.#world(page).call("choose", id);
  }

  /** Chooses an entry whose question is answered with `typed` (null: cancelled); returns the question. */
  async answer(page, label, typed) {
    const asked = page.waitForEvent("dialog").then(async (dialog) => {
      if (typed === null) await dialog.dismiss();
      else await dialog.accept(typed);
      return dialog.message();
    });
    const [question] = await Promise.all([asked, this.choose(page, label)]);
    return question;
  }

  /** Waits until a notification matches. */
  notified(form) {
    return this.until(() => this.notifications.find((text) => form.test(text)), `a notification ${form}`);
  }

  /** Waits until `find` finds something; it is asked after everything that the script tells its manager. */
  until(find, what = "it") {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`waited in vain for ${what}; told: ${JSON.stringify(this.notifications)}`));
      }, 100_000);
      const look = () => {
        const found = find();
        if (found === undefined || found === false || found === null) return;
        clearTimeout(deadline);
        this.#watchers.delete(look);
        resolve(found);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** For the worlds: something has happened. */
  told() {
    this.#tell();
  }

  /** Whether the script may talk to the host of this address. */
  mayConnect(url) {
    const { hostname } = new URL(url);
    if (this.blocked.has(hostname)) return false;
    return this.#kind === "Violentmonkey" || (this.#metadata.connect ?? []).includes(hostname);
  }

  /** The cookies of a host, which a manager sends unless a request is anonymous. */
  cookies(hostname) {
    const jar = this.#cookies.get(hostname) ?? new Map();
    this.#cookies.set(hostname, jar);
    return jar;
  }

  #world(page) {
    return [...(this.#worlds.get(page)?.values() ?? [])].at(-1);
  }

  #tell() {
    for (const look of [...this.#watchers]) look();
  }

  #isMeant({ url, isTop }) {
    if (!isTop && this.#metadata.noframes) return false;
    return (this.#metadata.match ?? []).some((pattern) => matches(pattern, url));
  }

  /** The script as the manager runs it. */
  #wrapped(binding, isIsolated) {
    const config = {
      kind: this.#kind,
      binding,
      isIsolated,
      grants: this.#metadata.grant ?? [],
      values: Object.fromEntries(this.values),
      info: {
        scriptHandler: this.#kind,
        version: "1.0",
        script: { name: this.#metadata.name[0], version: this.#metadata.version[0] },
      },
    };
    return `{ const sandbox = (${IN_PAGE})(${JSON.stringify(config)});
      (function () { with (sandbox.scope) { (function () {\n${this.#source}\n}).call(window); } })(); }`;
  }
}

/** Whether a match pattern covers an address. */
function matches(pattern, url) {
  const form = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${form}$`).test(url);
}
