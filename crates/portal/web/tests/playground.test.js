// What the playground makes of the choices: the tag that people copy.

import assert from "node:assert/strict";
import test from "node:test";
import { attributesFor, choicesIn, queryFor, snippetFor } from "../pages/playground_options.js";

const SRC = "https://chat.example.com/embed.js";

/** @param {Record<string, string>} values */
function chosen(values) {
  return choicesIn(new URLSearchParams(values));
}

test("a tag without choices is as short as it can be", () => {
  assert.equal(snippetFor(SRC, chosen({})), `<script src="${SRC}" data-bot-id="BOT_ID" async></script>`);
  assert.equal(snippetFor(SRC, chosen({ bot_id: "7" })), `<script src="${SRC}" data-bot-id="7" async></script>`);
});

test("what is as usual is not written", () => {
  const usual = chosen({ bot_id: "7", ui: "sdk", open: "0", header: "1", conversations: "0", sdk_from: "proxy", title: "" });

  assert.deepEqual([...usual.keys()], ["bot_id"]);
});

test("a long tag has one attribute on each line, and the SDK's options as JSON", () => {
  const snippet = snippetFor(SRC, chosen({ bot_id: "7", title: "Ask us", open: "1", header: "0", footer_text: "By {{us}}" }));

  assert.equal(
    snippet,
    [
      `<script src="${SRC}"`,
      '  data-bot-id="7"',
      '  data-title="Ask us"',
      "  data-open",
      `  data-options='{"ui":{"header":{"isShow":false},"footer":{"expressionText":"By {{us}}"}}}'`,
      "  async></script>",
    ].join("\n"),
  );
});

test("nothing that is typed can leave its attribute", () => {
  const hostile = `"'><script>alert(1)</script>&amp;`;
  const snippet = snippetFor(SRC, chosen({ bot_id: "7", title: hostile, footer_text: hostile }));

  assert.ok(!snippet.slice(1, -"></script>".length).includes("<"), snippet);
  assert.ok(snippet.includes(`data-title='"&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;'`), snippet);
  const options = new Map(attributesFor(chosen({ footer_text: hostile }))).get("data-options");
  assert.equal(JSON.parse(options ?? "").ui.footer.expressionText, hostile);
});

test("what does not fit is left out, wherever it comes from", () => {
  const wrong = {
    bot_id: "7; drop",
    ui: "none",
    chat_lang: "fr",
    width: "99999",
    z_index: "1e9",
    icon: "javascript:alert(1)",
    avatar: "//elsewhere.example/x.png",
    title: "x".repeat(301),
    nickname: "a\u0000b",
    header: "maybe",
    sdk: "https://elsewhere.example/evil.js",
    options: "{}",
  };

  assert.deepEqual([...chosen(wrong)], []);
});

test("options of the Chat SDK are not written for our own window", () => {
  const own = chosen({ bot_id: "7", ui: "cozegate", header: "0", icon: "https://a.example/i.png", width: "400" });

  assert.deepEqual([...own.keys()], ["bot_id", "ui", "width"]);
});

test("a choice survives its own address", () => {
  const first = chosen({ bot_id: "7", title: "Fragen & Antworten", conversations: "1", width: "500" });

  assert.deepEqual(choicesIn(new URLSearchParams(queryFor(first))), first);
});
