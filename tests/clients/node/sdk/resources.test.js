// The other calls of the official JavaScript SDK, through the proxy.

import assert from "node:assert/strict";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "../harness/test.js";
import { CozeAPI, RoleType } from "@coze/api";
import { Product } from "../harness/product.js";

let product;
let client;
before(async () => {
  product = await Product.start();
  const { handle } = await product.openSession();
  client = new CozeAPI({ token: handle, baseURL: product.proxy });
});
after(() => product?.stop());

test("a conversation is created, listed and read", async () => {
  const bot_id = product.bot("Echo");

  const created = await client.conversations.create({
    bot_id,
    messages: [{ role: RoleType.User, content: "kept", content_type: "text" }],
  });
  const listed = await client.conversations.list({ bot_id });
  const messages = await client.conversations.messages.list(created.id, {});

  assert.ok(listed.conversations.some(({ id }) => id === created.id));
  assert.deepEqual(messages.data.map(({ content }) => content), ["kept"]);
});

test("a file is uploaded whole", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cozegate-upload-"));
  try {
    const content = Buffer.alloc(1_000_003, "coze");
    const file = path.join(folder, "data.bin");
    writeFileSync(file, content);

    const uploaded = await client.files.upload({ file: createReadStream(file) });

    assert.ok(uploaded.id);
    assert.equal(uploaded.bytes, content.length);
    assert.equal(uploaded.file_name, "data.bin");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the bot, the account and the workspaces are described", async () => {
  const bot = await client.bots.retrieve({ bot_id: product.bot("Echo") });
  const me = await client.users.me();
  const { workspaces } = await client.workspaces.list();

  assert.ok(bot.name.includes("Echo"));
  assert.equal(me.user_id, product.emulator.user_id);
  assert.ok(workspaces.some(({ id }) => id === product.emulator.workspace_id));
});
