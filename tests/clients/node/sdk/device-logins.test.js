// The official JavaScript SDK logs people in on devices without a browser: they approve them elsewhere (protocol 3.4).

import assert from "node:assert/strict";
import { after, before, test } from "../harness/test.js";
import { APIError, getDeviceCode, getDeviceToken, PKCEAuthErrorType, refreshOAuthToken } from "@coze/api";
import { Person } from "../harness/person.js";
import { Emulator } from "../harness/product.js";
import { SharedTime } from "../harness/shared-time.js";
import { assertWorks, refused } from "../harness/verdicts.js";

const { AUTHORIZATION_PENDING, SLOW_DOWN, ACCESS_DENIED, EXPIRED_TOKEN } = PKCEAuthErrorType;

let emulator;
let person;
before(async () => {
  emulator = await Emulator.start();
  person = new Person(emulator.wwwBase);
});
after(() => emulator?.stop());

const device = () => ({ baseURL: emulator.apiBase, clientId: emulator.app("device").client_id });
/** The Python, Go and Java SDKs have this address ready; here it is left to the caller (protocol 3.4). */
const pageFor = ({ verification_uri, user_code }) => `${verification_uri}?user_code=${user_code}`;
/** One poll, or with `poll` as many as it takes. */
const ask = ({ device_code }, options) => getDeviceToken({ ...device(), deviceCode: device_code, ...options });

/** The outcome of a poll that brings no token, where the SDK itself looks for it. */
const outcome = (wanted) => (error) => {
  assert.ok(error instanceof APIError, String(error));
  assert.equal(error.status, 400);
  assert.equal(error.rawError.error, wanted);
  return true;
};

test("a device waits until a person approves it", async () => {
  const begun = await getDeviceCode(device());
  await assert.rejects(ask(begun), outcome(AUTHORIZATION_PENDING));
  await person.approve(pageFor(begun));

  const token = await ask(begun);

  assert.match(begun.device_code, /^dc_/);
  // Here a duration, unlike a token's (protocol 3.4).
  assert.deepEqual([begun.expires_in, begun.interval], [300, 5]);
  assert.equal(person.page.status, 200);
  assert.match(token.access_token, /^czu_/);
  await assertWorks(emulator, token);
});

test("the code may be typed by hand", async () => {
  const begun = await getDeviceCode(device());

  await person.open(begun.verification_uri);
  person.type("user_code", begun.user_code);
  await person.press("Continue");
  await person.press("Approve");

  await assertWorks(emulator, await ask(begun));
});

test("the SDK polls by itself until the person approves", async (t) => {
  const time = new SharedTime(t, emulator);
  const begun = await getDeviceCode(device());
  const nothing = () => {};

  const token = await time.during(() => ask(begun, { poll: true }), nothing, () => person.approve(pageFor(begun)));

  assert.deepEqual(time.waits, [5, 5]);
  await assertWorks(emulator, token);
});

test("the SDK slows down when it is told to", async (t) => {
  const time = new SharedTime(t, emulator);
  const begun = await getDeviceCode(device());
  await assert.rejects(ask(begun), outcome(AUTHORIZATION_PENDING));
  const seen = (await emulator.journal()).at(-1).seq;
  const nothing = () => {};

  await time.during(() => ask(begun, { poll: true }), nothing, () => person.approve(pageFor(begun)));

  assert.deepEqual(time.waits, [10, 10]);
  const steps = (await emulator.journal(seen)).flatMap(({ oauth }) => oauth?.outcome ?? []);
  assert.deepEqual(steps, [SLOW_DOWN, AUTHORIZATION_PENDING, "approved", "issued"]);
});

test("an impatient device is told to slow down", async () => {
  const begun = await getDeviceCode(device());

  await assert.rejects(ask(begun), outcome(AUTHORIZATION_PENDING));
  await assert.rejects(ask(begun), outcome(SLOW_DOWN));
});

test("polling ends when the person refuses", async (t) => {
  const time = new SharedTime(t, emulator);
  const begun = await getDeviceCode(device());

  const polling = time.during(() => ask(begun, { poll: true }), () => person.deny(pageFor(begun)));

  await assert.rejects(polling, outcome(ACCESS_DENIED));
  assert.deepEqual(time.waits, [5]);
});

test("a device code waits for five minutes only", async (t) => {
  const begun = await getDeviceCode(device());
  await new SharedTime(t, emulator).advance(begun.expires_in + 1);

  await person.open(pageFor(begun));

  assert.equal(person.page.status, 404);
  await assert.rejects(ask(begun), outcome(EXPIRED_TOKEN));
});

test("an approval is collected once", async () => {
  const begun = await getDeviceCode(device());
  await person.approve(pageFor(begun));
  await ask(begun);

  await assert.rejects(ask(begun), refused(400, "invalid_request", "invalid request: device_code"));
});

test("a device may be bound to a workspace, if it is the person's", async () => {
  const begun = await getDeviceCode({ ...device(), workspaceId: emulator.workspaceId });
  await person.approve(pageFor(begun));

  await assertWorks(emulator, await ask(begun));
  const strange = getDeviceCode({ ...device(), workspaceId: "1" });
  await assert.rejects(strange, refused(400, "invalid_request", "invalid request: workspace_id"));
});

test("a refreshed pair replaces the old one without any secret", async () => {
  const begun = await getDeviceCode(device());
  await person.approve(pageFor(begun));
  const old = await ask(begun);

  const token = await refreshOAuthToken({ ...device(), refreshToken: old.refresh_token });

  assert.notEqual(token.access_token, old.access_token);
  await assertWorks(emulator, token);
  const reuse = refreshOAuthToken({ ...device(), refreshToken: old.refresh_token });
  await assert.rejects(reuse, refused(400, "invalid_request", "invalid request: refresh_token"));
});

test("an app of another kind can not start it", async () => {
  const begun = getDeviceCode({ ...device(), clientId: emulator.app("web").client_id });

  await assert.rejects(begun, refused(400, "access_deny", "invalid app type"));
});

test("a deactivated app gets nothing", async () => {
  const begun = await getDeviceCode(device());
  await person.approve(pageFor(begun));
  const app = emulator.app("device");
  const deactivated = refused(400, "access_deny", `app: ${app.name} is currently deactivated by the owner`);

  await emulator.deactivated(app, async () => {
    await assert.rejects(getDeviceCode(device()), deactivated);
    await assert.rejects(ask(begun), deactivated);
  });

  assert.ok(await ask(begun));
});
