// The official JavaScript SDK's own way to tokens for a service: `getJWTToken`, straight at the emulator (protocol 2).

import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { after, before, test } from "../harness/test.js";
import { getJWTToken, RoleType } from "@coze/api";
import { Emulator } from "../harness/product.js";
import { SharedTime } from "../harness/shared-time.js";
import { assertWorks, cozeWith, invalidToken, refused } from "../harness/verdicts.js";

let emulator;
before(async () => {
  emulator = await Emulator.start();
});
after(() => emulator?.stop());


function service() {
  const app = emulator.jwtApp();
  return {
    baseURL: emulator.apiBase,
    appId: app.client_id,
    // The one SDK that leaves this to its caller (protocol 1.2).
    aud: new URL(emulator.apiBase).host,
    keyid: app.public_key_id,
    privateKey: app.private_key,
  };
}

/** The newest token request. */
async function lastExchange() {
  return (await emulator.journal()).filter(({ path }) => path.endsWith("/token")).at(-1);
}

const lifeOf = ({ expires_in }) => expires_in - Date.now() / 1000;

test("a token lives for a quarter of an hour unless another life is ordered", async (t) => {
  const usual = await getJWTToken(service());
  const brief = await getJWTToken({ ...service(), durationSeconds: 60 });

  assert.match(usual.access_token, /^czs_/);
  assert.equal(usual.refresh_token, undefined);
  assert.ok(Math.abs(lifeOf(usual) - 900) < 30);
  assert.ok(Math.abs(lifeOf(brief) - 60) < 30);
  await new SharedTime(t, emulator).advance(61);
  await assert.rejects(cozeWith(emulator, brief).users.me(), invalidToken);
  await assertWorks(emulator, usual);
});

test("a life beyond a day or of nothing can not be ordered", async () => {
  const tooMuch = refused(400, "invalid_request", "invalid request: duration_seconds");

  await assert.rejects(getJWTToken({ ...service(), durationSeconds: 86400 }), tooMuch);
  await assert.rejects(getJWTToken({ ...service(), durationSeconds: 0 }), tooMuch);
  assert.ok(await getJWTToken({ ...service(), durationSeconds: 86399 }));
});

test("a session name has conversations of its own", async () => {
  const as = async (sessionName) => cozeWith(emulator, await getJWTToken({ ...service(), sessionName }));
  const [mine, yours] = [await as("mine"), await as("yours")];
  const bot_id = emulator.bot("Echo");
  const messages = [{ role: RoleType.User, content: "mine", content_type: "text" }];

  const { id } = await mine.conversations.create({ bot_id, messages });

  const seenBy = async (coze) => (await coze.conversations.list({ bot_id })).conversations.map(({ id }) => id);
  assert.deepEqual(await seenBy(await as("mine")), [id], "a new token of the same name sees the same");
  assert.deepEqual(await seenBy(yours), []);
});

test("a token may be in the name of another account", async () => {
  const token = await getJWTToken({ ...service(), accountId: "7511000000000000001" });

  assert.equal((await cozeWith(emulator, token).users.me()).user_id, "7511000000000000001");
  assert.equal((await lastExchange()).path, "/api/permission/oauth2/account/7511000000000000001/token");
});

test("a scope arrives as it was given", async () => {
  const bots = [emulator.bot("Echo")];
  const scope = {
    account_permission: { permission_list: ["Connector.botChat"] },
    attribute_constraint: { connector_bot_chat_attribute: { bot_id_list: bots } },
  };

  await getJWTToken({ ...service(), scope });

  const { oauth } = await lastExchange();
  assert.deepEqual([oauth.permissions, oauth.bot_ids], [["Connector.botChat"], bots]);
});

test("the older form of a private key is the same key", async () => {
  const pkcs1 = createPrivateKey(service().privateKey).export({ type: "pkcs1", format: "pem" });

  const token = await getJWTToken({ ...service(), privateKey: pkcs1 });

  assert.match(pkcs1, /BEGIN RSA PRIVATE KEY/);
  await assertWorks(emulator, token);
});

test("an audience that is no host of the platform's is refused", async () => {
  // What the platform says here is known to hold the word; the text is the emulator's own.
  const foreign = refused(401, "invalid_client", "invalid jwt: invalid aud");

  for (const aud of [emulator.apiBase, "www.example.com"]) {
    await assert.rejects(getJWTToken({ ...service(), aud }), foreign);
  }
});

test("a key that is not registered is refused", async () => {
  const strange = getJWTToken({ ...service(), keyid: "no-such-key" });

  // The platform's own spelling.
  await assert.rejects(strange, refused(401, "invalid_client", "invalid jwt: kid not been registred"));
});

test("a deactivated app gets nothing until it is active again", async () => {
  const token = await getJWTToken(service());
  const app = emulator.app("jwt");
  const deactivated = refused(400, "access_deny", `app: ${app.name} is currently deactivated by the owner`);

  await emulator.deactivated(app, async () => {
    await assert.rejects(getJWTToken(service()), deactivated);
    await assert.rejects(cozeWith(emulator, token).users.me(), invalidToken);
  });

  await assertWorks(emulator, token);
});
