// What a person does to log in on our pages, by clicking.

import assert from "node:assert/strict";

/** Presses a button of the consent page of `emulator`, which is open. */
export async function decide(emulator, page, label) {
  assert.equal(new URL(page.url()).origin, emulator.wwwBase);
  await page.getByRole("button", { name: label }).click();
}

/** Logs in to an app of `served`. */
export async function logIn(served, emulator, page, app) {
  await page.goto(`${served.auth}/`);
  await page.locator(`a[href="/login?app=${app}"]`).click();
  await decide(emulator, page, "Approve");
  await page.waitForURL(`${served.auth}/login?app=${app}`);
}
