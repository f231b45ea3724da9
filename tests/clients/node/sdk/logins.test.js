// The official JavaScript SDK logs people in at the emulator, through web and public apps (protocol 3.1 to 3.3).

import assert from "node:assert/strict";
import { after, before, describe, test } from "../harness/test.js";
import {
  getPKCEAuthenticationUrl,
  getPKCEOAuthToken,
  getWebAuthenticationUrl,
  getWebOAuthToken,
  refreshOAuthToken,
} from "@coze/api";
import { Person } from "../harness/person.js";
import { Emulator } from "../harness/product.js";
import { assertWorks, cozeWith, invalidToken, refused } from "../harness/verdicts.js";

let emulator;
let person;
before(async () => {
  emulator = await Emulator.start();
  person = new Person(emulator.wwwBase);
});
after(() => emulator?.stop());

/** What each call of the SDK wants to know of an app. */
function settings(kind) {
  const app = emulator.app(kind);
  return { baseURL: emulator.apiBase, clientId: app.client_id, redirectUrl: app.redirect_uris[0] };
}

describe("a web app", () => {
  const web = () => ({ ...settings("web"), clientSecret: emulator.app("web").client_secret });

  async function getCode() {
    return (await person.approve(getWebAuthenticationUrl(web()))).code;
  }

  async function logIn() {
    return getWebOAuthToken({ ...web(), code: await getCode() });
  }

  test("may act for a person who agrees", async () => {
    const { code, state } = await person.approve(getWebAuthenticationUrl({ ...web(), state: "a b&c=d#状态" }));

    const token = await getWebOAuthToken({ ...web(), code });

    assert.ok(person.address.href.startsWith(web().redirectUrl));
    assert.equal(state, "a b&c=d#状态");
    assert.match(code, /^code_/);
    assert.match(token.access_token, /^czu_/);
    // Protocol 2.3: an instant, not a duration.
    assert.ok(Math.abs(token.expires_in - (Date.now() / 1000 + 15 * 60)) < 30);
    await assertWorks(emulator, token);
  });

  test("learns an error and no code from a person who refuses", async () => {
    const back = await person.deny(getWebAuthenticationUrl(web()));

    assert.ok(person.address.href.startsWith(web().redirectUrl));
    assert.equal(back.error, "access_denied");
    // The SDK sends an empty one where it was given none.
    assert.equal(back.state, "");
    assert.equal(back.code, undefined);
  });

  test("may ask in a workspace, if it is the person's", async () => {
    const ours = { ...web(), workspaceId: emulator.workspaceId };

    const { code } = await person.approve(getWebAuthenticationUrl(ours));
    const token = await getWebOAuthToken({ ...web(), code });
    await person.open(getWebAuthenticationUrl({ ...web(), workspaceId: "1" }));

    await assertWorks(emulator, token);
    assert.equal(person.page.status, 400);
    assert.match(person.page.text, /invalid request: workspace_id/);
  });

  test("is sent nothing at an address that it has not registered", async () => {
    await person.open(getWebAuthenticationUrl({ ...web(), redirectUrl: `${web().redirectUrl}/` }));

    assert.equal(person.page.status, 400);
    assert.match(person.page.text, /invalid request: redirect_uri/);
  });

  test("is given a new pair for the old one, once", async () => {
    const old = await logIn();

    const token = await refreshOAuthToken({ ...web(), refreshToken: old.refresh_token });

    assert.notEqual(token.access_token, old.access_token);
    await assertWorks(emulator, token);
    const reuse = refreshOAuthToken({ ...web(), refreshToken: old.refresh_token });
    await assert.rejects(reuse, refused(400, "invalid_request", "invalid request: refresh_token"));
    const next = await refreshOAuthToken({ ...web(), refreshToken: token.refresh_token });
    await assertWorks(emulator, next);
  });

  test("is refused a code that it has used", async () => {
    const code = await getCode();
    await getWebOAuthToken({ ...web(), code });

    const again = getWebOAuthToken({ ...web(), code });

    await assert.rejects(again, refused(400, "invalid_request", "invalid request: code"));
  });

  test("is refused a code with another redirect URI", async () => {
    const strayed = getWebOAuthToken({ ...web(), redirectUrl: `${web().redirectUrl}/`, code: await getCode() });

    await assert.rejects(strayed, refused(400, "invalid_request", "invalid request: redirect_uri"));
  });

  test("buys and refreshes nothing with a wrong secret", async () => {
    const { refresh_token: refreshToken } = await logIn();
    const stranger = { ...web(), clientSecret: "not-the-secret" };

    const bought = getWebOAuthToken({ ...stranger, code: await getCode() });
    // What the platform says here is unknown; the text is the emulator's own.
    await assert.rejects(bought, refused(401, "invalid_client", "invalid client_secret"));
    const refreshed = refreshOAuthToken({ ...stranger, refreshToken });
    await assert.rejects(refreshed, refused(401, "invalid_client", "invalid client_secret"));
  });

  test("can not refresh as if it were a public one", async () => {
    const { refresh_token: refreshToken } = await logIn();

    // Without a secret this SDK sends `Bearer ` and nothing behind it (protocol 3.2).
    const refreshed = refreshOAuthToken({ ...settings("web"), refreshToken });

    await assert.rejects(refreshed, refused(400, "invalid_request", "invalid request: client_secret"));
  });

  test("gets nothing while its owner has it deactivated", async () => {
    const [code, token] = [await getCode(), await logIn()];
    const app = emulator.app("web");
    const deactivated = refused(400, "access_deny", `app: ${app.name} is currently deactivated by the owner`);

    await emulator.deactivated(app, async () => {
      await assert.rejects(getWebOAuthToken({ ...web(), code }), deactivated);
      await assert.rejects(refreshOAuthToken({ ...web(), refreshToken: token.refresh_token }), deactivated);
      await assert.rejects(cozeWith(emulator, token).users.me(), invalidToken);
    });

    await assertWorks(emulator, token);
    assert.ok(await getWebOAuthToken({ ...web(), code }));
  });
});

describe("a public app", () => {
  const pkce = () => settings("pkce");

  /** Sends a person to the consent page, where they agree; returns the code and what proves whose it is. */
  async function getCode(options = {}) {
    const { url, codeVerifier } = await getPKCEAuthenticationUrl({ ...pkce(), ...options });
    const { code } = await person.approve(url);
    return { code, codeVerifier };
  }

  test("may act for a person who agrees", async () => {
    const token = await getPKCEOAuthToken({ ...pkce(), ...(await getCode()) });

    assert.match(token.access_token, /^czu_/);
    await assertWorks(emulator, token);
  });

  test("sends an S256 challenge unless told otherwise", async () => {
    const { url, codeVerifier } = await getPKCEAuthenticationUrl(pkce());
    const sent = new URL(url).searchParams;

    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(codeVerifier));
    assert.equal(sent.get("code_challenge_method"), "S256");
    assert.equal(sent.get("code_challenge"), Buffer.from(digest).toString("base64url"));
  });

  test("can not use the method plain by way of this SDK, which sends the hash all the same", async () => {
    const claim = await getCode({ code_challenge_method: "plain" });

    const bought = getPKCEOAuthToken({ ...pkce(), ...claim });

    await assert.rejects(bought, refused(400, "invalid_request", "invalid request: code_verifier"));
  });

  test("learns an error and no code from a person who refuses", async () => {
    const { url } = await getPKCEAuthenticationUrl({ ...pkce(), state: "s" });

    const back = await person.deny(url);

    assert.deepEqual([back.error, back.state, back.code], ["access_denied", "s", undefined]);
  });

  test("may ask in a workspace", async () => {
    const claim = await getCode({ workspaceId: emulator.workspaceId });

    await assertWorks(emulator, await getPKCEOAuthToken({ ...pkce(), ...claim }));
  });

  test("is given a new pair for the old one, once and without a secret", async () => {
    const old = await getPKCEOAuthToken({ ...pkce(), ...(await getCode()) });

    const token = await refreshOAuthToken({ ...pkce(), refreshToken: old.refresh_token });

    assert.notEqual(token.access_token, old.access_token);
    await assertWorks(emulator, token);
    const reuse = refreshOAuthToken({ ...pkce(), refreshToken: old.refresh_token });
    await assert.rejects(reuse, refused(400, "invalid_request", "invalid request: refresh_token"));
  });

  test("is refused a wrong verifier", async () => {
    const { code, codeVerifier } = await getCode();

    const bought = getPKCEOAuthToken({ ...pkce(), code, codeVerifier: `${codeVerifier}x` });

    await assert.rejects(bought, refused(400, "invalid_request", "invalid request: code_verifier"));
  });

  test("is refused a code that it has used", async () => {
    const claim = await getCode();
    await getPKCEOAuthToken({ ...pkce(), ...claim });

    const again = getPKCEOAuthToken({ ...pkce(), ...claim });

    await assert.rejects(again, refused(400, "invalid_request", "invalid request: code"));
  });

  test("is not what a web app is", async () => {
    const web = settings("web");
    const { url, codeVerifier } = await getPKCEAuthenticationUrl(web);
    const { code } = await person.approve(url);

    const bought = getPKCEOAuthToken({ ...web, code, codeVerifier });

    await assert.rejects(bought, refused(400, "invalid_request", "invalid request: client_secret"));
  });

  test("gets nothing while its owner has it deactivated", async () => {
    const claim = await getCode();
    const app = emulator.app("pkce");

    await emulator.deactivated(app, async () => {
      const message = `app: ${app.name} is currently deactivated by the owner`;
      await assert.rejects(getPKCEOAuthToken({ ...pkce(), ...claim }), refused(400, "access_deny", message));
    });
  });
});
