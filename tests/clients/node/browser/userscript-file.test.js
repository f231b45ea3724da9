// The file `cozegate.user.js` as it is served: what it asks its manager for, what it holds, and who gets it.

import assert from "node:assert/strict";
import vm from "node:vm";
import { after, before, test } from "../harness/test.js";
import { Product } from "../harness/product.js";
import { readMetadata } from "../harness/userscript.js";

const SITES = ["https://www.coze.cn/*", "https://shop.example/a/*"];

let product;
let source;
let metadata;
before(async () => {
  product = await Product.start({
    COZEGATE__USERSCRIPT__SITES: JSON.stringify(SITES),
    COZEGATE__CHAT__SDK_URL: "https://cdn.example/sdk.js",
  });
  source = await (await fetch(`${product.auth}/cozegate.user.js`)).text();
  metadata = readMetadata(source);
});
after(() => product?.stop());

/** Where the bundle calls its entry, in its last line but one. */
const callOfEntry = () => source.lastIndexOf("\n  start({");

/** What the gateway says to the script. */
function served() {
  const [, json] = /^\s*start\((\{.*\})\);\s*\}\)\(\);\s*$/s.exec(source.slice(callOfEntry()));
  return JSON.parse(json);
}

test("a manager learns where it runs, with whom it talks and where it is updated, exactly", () => {
  assert.deepEqual(metadata.match, SITES);
  assert.deepEqual(metadata.connect, ["127.0.0.1", "cdn.example"]);
  assert.deepEqual(metadata.updateURL, [`${product.auth}/cozegate.user.js`]);
  assert.deepEqual(metadata.downloadURL, metadata.updateURL);
  assert.deepEqual(metadata["run-at"], ["document-end"]);
  assert.deepEqual(metadata.noframes, [""]);
  assert.match(metadata.version[0], /^\d+\.\d+\.\d+$/);
  for (const key of ["name", "name:zh-CN", "namespace", "description", "description:zh-CN", "icon"]) {
    assert.match(metadata[key]?.join() ?? "", /\S/, key);
  }
  for (const key of ["include", "require", "resource"]) assert.equal(metadata[key], undefined, key);
});

test("it is granted what its code uses, and nothing else", () => {
  const code = source.slice(source.indexOf("==/UserScript=="));
  const used = new Set(code.match(/\b(?:GM_\w+|unsafeWindow)\b/g));
  used.delete("GM_info");

  assert.deepEqual([...used].sort(), metadata.grant);
});

test("it is one classic script that any engine reads", () => {
  assert.doesNotThrow(() => new vm.Script(source, { filename: "cozegate.user.js" }));
  assert.doesNotMatch(source, /^(?:import|export)\b/m);
});

test("it holds the pairing secret and no token, no handle, no key", () => {
  assert.equal(served().pairing.length, 43);
  assert.doesNotMatch(source, /\b(?:cg[hv]|cz[su]|pat|sat)_[\w-]{8,}|PRIVATE KEY|eyJ[\w-]{10,}\./);
});

test("it knows this machine's addresses from the gateway only, and talks to them through one place", () => {
  const { auth_base } = served();
  const code = source.slice(source.indexOf("==/UserScript=="), callOfEntry());

  assert.equal(auth_base, product.auth);
  assert.doesNotMatch(code, /127\.0\.0\.1:|localhost:/);
});

test("every text that it says is there in both languages", () => {
  const { texts, windows } = served();
  // Those of the menu are put together; the tests that use it read them.
  const code = source.slice(0, callOfEntry());
  const said = code.match(/"userscript-[a-z-]+"/g).map((id) => JSON.parse(id));

  for (const language of ["en", "zh-CN"]) {
    assert.ok(said.length > 20, `${said.length} texts`);
    for (const id of said) assert.ok(texts[language][id], `${id} in ${language}`);
    assert.ok(windows[language].html.length > 500, "our own window comes along");
  }
  assert.deepEqual(Object.keys(texts.en), Object.keys(texts["zh-CN"]));
});

test("people and their managers get it, pages of other sites do not", async () => {
  const ask = (headers) => fetch(`${product.auth}/cozegate.user.js`, { headers });
  const typed = await ask({ "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" });
  const clicked = await ask({
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
  });
  const included = await ask({
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "no-cors",
    "sec-fetch-dest": "script",
  });
  const fetched = await ask({
    origin: "https://evil.example",
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "cors",
  });

  assert.deepEqual([typed.status, clicked.status], [200, 200]);
  assert.match(typed.headers.get("content-type"), /^text\/javascript/);
  assert.match(typed.headers.get("cache-control"), /no-cache|no-store/);
  for (const answer of [included, fetched]) {
    assert.equal(answer.status, 403);
    assert.ok(!(await answer.text()).includes(served().pairing));
  }
});
