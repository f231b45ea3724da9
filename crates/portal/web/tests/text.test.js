// Pure parts around text: links, names, stored messages, texts with holes, the token page's numbers.

import assert from "node:assert/strict";
import test from "node:test";
import { nameFor, shownMessage } from "../chat/history.js";
import { splitLinks } from "../chat/links.js";
import { speaker } from "../pages/page_data.js";
import { clockTime, masked, readTokenAnswer } from "../pages/token_answer.js";

const links = (/** @type {string} */ text) => splitLinks(text).flatMap(({ href }) => href ?? []);

test("an address ends where the sentence goes on", () => {
  assert.deepEqual(links("见 https://coze.cn/docs。再看（http://a.example/b?c=1）！"), [
    "https://coze.cn/docs",
    "http://a.example/b?c=1",
  ]);
  assert.deepEqual(links("See https://a.example/x, https://a.example/y."), ["https://a.example/x", "https://a.example/y"]);
  assert.deepEqual(links("(https://a.example/Tea_(drink))"), ["https://a.example/Tea_(drink)"]);
  assert.deepEqual(links("(https://a.example/x)"), ["https://a.example/x"]);
});

test("only web addresses become links", () => {
  assert.deepEqual(links("javascript:alert(1) data:text/html,x file:///etc/passwd https:// http://[bad"), []);
});

test("the parts joined are the text", () => {
  const text = "a https://x.example/1 b http://y.example, c https:// d";

  assert.equal(
    splitLinks(text)
      .map((part) => part.text)
      .join(""),
    text,
  );
});

test("a conversation is named after the first line of its question", () => {
  assert.equal(nameFor("  What is\tthis?\nMore"), "What is this?");
  assert.equal([...nameFor("门".repeat(60))].length, 40);
  assert.equal([...nameFor("🚪".repeat(60))].length, 40);
});

test("steps between question and answer are not shown", () => {
  const say = (/** @type {string} */ _id, values = {}) => `[${Object.values(values).join()}]`;
  const message = { id: "1", role: "assistant", type: "verbose", content: "{}", content_type: "text" };

  assert.equal(shownMessage(message, say), null);
  assert.equal(shownMessage({ ...message, type: "answer" }, say)?.text, "{}");
  const mixed = '[{"type":"text","text":"look"},{"type":"image","file_id":"7"}]';
  assert.equal(
    shownMessage({ ...message, role: "user", type: "", content: mixed, content_type: "object_string" }, say)?.text,
    "look\n[image]",
  );
});

test("holes in a text are filled by name, unknown ones stay", () => {
  const say = speaker({ hello: "{a} and {b}" });

  assert.equal(say("hello", { a: "{b}" }), "{b} and {b}");
  assert.equal(say("missing"), "missing");
});

test("the historic expires_in is read as an instant", () => {
  const body = { access_token: "czs_0123456789", expires_in: "1800000000 (2027-01-15 16:00:00)" };

  assert.deepEqual(readTokenAnswer(body), { token: "czs_0123456789", endsAt: 1_800_000_000 });
  assert.equal(readTokenAnswer({ ...body, expires_in: "" }).endsAt, null);
  assert.throws(() => readTokenAnswer({ error: "no" }), TypeError);
});

test("a masked token shows its ends, a short one nothing", () => {
  assert.equal(masked("czs_abcdEFGHIJKLwxyz"), "czs_abcd••••••••••••wxyz");
  assert.equal(masked("short"), "••••••••••••");
});

test("spans of time read like a clock", () => {
  assert.deepEqual([0, 59, 899, 3600, -5].map(clockTime), ["0:00", "0:59", "14:59", "1:00:00", "0:00"]);
});
