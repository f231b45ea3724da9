// An answer that a page shows while it is written. The emulator holds each next delta until the page has shown the last
// one, so what is seen does not depend on how busy the machine is.

/**
 * Runs in the page: the text of the bot's last message, once it is another one than `before`. The message is one of the
 * SDK's stand-in or of our own window, in a shadow root or not.
 */
async function otherAnswerThan(before) {
  for (;;) {
    const root = document.querySelector("cozegate-window")?.shadowRoot ?? document;
    const message = [...root.querySelectorAll('[data-role="assistant"]')].at(-1);
    const text = (message?.querySelector(".message-text") ?? message)?.textContent ?? "";
    if (text !== before) return text;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * Asks, and returns what the page showed of the answer after each of its first deltas. The answer goes on afterwards.
 * @param {import("./product.js").Product} platform whose bots are held
 * @param {import("playwright-core").Page} page
 * @param {() => Promise<void>} ask sends a question with a longer answer than that
 * @param {number} [deltas]
 */
export async function shownWhileWritten(platform, page, ask, deltas = 6) {
  const shown = [await page.evaluate(otherAnswerThan, null)];
  try {
    await platform.holdAnswersAfter(1);
    await ask();
    for (let count = 1; count <= deltas; count += 1) {
      shown.push(await page.evaluate(otherAnswerThan, shown.at(-1)));
      await platform.holdAnswersAfter(count + 1);
    }
  } finally {
    await platform.releaseAnswers();
  }
  return shown.slice(1);
}

/**
 * Asks, and waits until the page shows a part of the answer, which stays a part until the answers are released.
 * @param {import("./product.js").Product} platform
 * @param {import("playwright-core").Page} page
 * @param {() => Promise<void>} ask
 */
export async function partlyShown(platform, page, ask) {
  const before = await page.evaluate(otherAnswerThan, null);
  await platform.holdAnswersAfter(3);
  await ask();
  await page.evaluate(otherAnswerThan, before);
}
