// The other calls of the official JavaScript SDK, through the proxy, and its own way to a token at the emulator.

import assert from "node:assert/strict";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { AuthenticationError, CozeAPI, getJWTToken, RoleType } from "@coze/api";
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

test("the SDK's own assertion is taken straight at the emulator", async () => {
  const token = await getJWTToken(assertion());
  const direct = new CozeAPI({ token: token.access_token, baseURL: product.emulator.api_base });

  const me = await direct.users.me();

  assert.match(token.access_token, /^czs_/);
  // Protocol 2.3: an instant, not a duration.
  assert.ok(token.expires_in > Date.now() / 1000);
  assert.equal(me.user_id, product.emulator.user_id);
});

test("the SDK's assertion with a wrong key id is refused as the platform does", async () => {
  await assert.rejects(getJWTToken({ ...assertion(), keyid: "no-such-key" }), (error) => {
    assert.ok(error instanceof AuthenticationError, String(error));
    assert.equal(error.rawError.error_message, "invalid jwt: kid not been registred");
    return true;
  });
});

function assertion() {
  const app = product.jwtApp();
  return {
    baseURL: product.emulator.api_base,
    appId: app.client_id,
    // The one SDK that leaves this to its caller (protocol 1.2).
    aud: new URL(product.emulator.api_base).host,
    keyid: app.public_key_id,
    privateKey: app.private_key,
    sessionName: "node",
  };
}
