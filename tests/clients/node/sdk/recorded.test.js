// The recorded requests are fit to be replayed: enough of them, of each client, with placeholders for all that differs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "../harness/test.js";

const FOLDER = path.join(import.meta.dirname, "../../../recorded");
const read = (name) => readFileSync(path.join(FOLDER, name), "utf8");
const text = read("visitor-requests.jsonl") + read("visitor-requests-coze-go.jsonl");
const requests = text.trimEnd().split("\n").map((line) => JSON.parse(line));
/** Of the emulator's bots and voices, and of the workflow and the message that were made up. */
const FIXED_ID = /^(?:75000000000000000\d\d|750000000000000\d{4}|760000000000000000\d|7426725529589596187)$/;

test("there are 300 different requests at least, of every kind of client", () => {
  const clients = new Set(requests.map(({ client }) => client.replace(/ \((?!app).*/, "")));

  assert.ok(new Set(text.split("\n")).size > 300, String(requests.length));
  assert.deepEqual([...clients].sort(), ["@coze/api", "@coze/api in a page", "@coze/chat-sdk", "chat-sdk", "chat-sdk (app)", "coze-go", "cozepy", "own window", "userscript"]);
});

test("each is whole, and holds no secret, no address and no id of its run", () => {
  for (const { client, method, target, headers, body } of requests) {
    assert.match(`${client} ${method}`, /^.+ (?:GET|POST|PUT|DELETE)$/);
    assert.match(target, /^\/v[13]\//);
    assert.equal(typeof body, "string");
    assert.equal(headers.authorization, "Bearer {{handle}}");
  }
  assert.doesNotMatch(text, /c(?:gh|zs|zu|gv)_|127\.0\.0\.1|localhost/);
  assert.deepEqual([...text.matchAll(/\d{15,}/g)].map(([id]) => id).filter((id) => !FIXED_ID.test(id)), []);
});

test("each user in them is the session's", () => {
  const users = requests.filter(({ body }) => body.startsWith("{")).flatMap(({ body }) => {
    const { user_id, ext } = JSON.parse(body);
    return [user_id, ext?.user_id].filter((user) => user !== undefined);
  });

  assert.ok(users.length > 200);
  assert.deepEqual([...new Set(users)], ["{{user_id}}"]);
});
