// The pages of a login in both languages, light and dark, on a desk and on a phone.

import assert from "node:assert/strict";
import { after, before, test } from "../harness/test.js";
import { launchBrowser } from "../harness/browser.js";
import { decide, logIn } from "../harness/logins.js";
import { LANGUAGES, lookAt } from "../harness/look.js";
import { Emulator, Served } from "../harness/product.js";

let emulator;
let served;
let browser;
before(async () => {
  emulator = await Emulator.start();
  served = await Served.before(emulator);
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await served?.stop();
  await emulator?.stop();
});

/** Ends the login of an app, as a program of this machine may. */
async function endLogin(app) {
  const answer = await fetch(`${served.auth}/logout`, { method: "POST", body: `app=${app}` });
  assert.equal(answer.status, 200);
}

/** How to come to each page, and the status that the browser may complain about. */
const PAGES = {
  "login-nobody": {
    open: async ({ page }) => {
      await endLogin("web");
      await page.goto(`${served.auth}/logout?app=web`);
    },
  },
  "login-refused": {
    status: 403,
    open: async ({ page }) => {
      await endLogin("web");
      await page.goto(`${served.auth}/login?app=web`);
      await decide(emulator, page, "Deny");
      await page.waitForURL(`${served.auth}/callback?*`);
    },
  },
  login: {
    open: async ({ page }) => {
      await endLogin("web");
      await logIn(served, emulator, page, "web");
    },
  },
  device: {
    open: async ({ page }) => {
      await page.goto(`${served.auth}/device?app=device`);
    },
  },
  "chat-nobody": {
    status: 502,
    open: async ({ page }) => {
      await endLogin("web");
      await page.goto(`${served.auth}/chat?bot_id=${served.bot("Echo")}`);
      await page.locator("#log-in").waitFor();
    },
  },
};

for (const [name, { open, status }] of Object.entries(PAGES)) {
  for (const language of LANGUAGES) {
    test(`${name} fits and is quiet in ${language}, light and dark, on a desk and on a phone`, async () => {
      await lookAt(browser, { name, open, language, status });
    });
  }
}
