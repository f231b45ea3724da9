// The token page: fetches a token when asked, shows it masked, counts down to its end. The token stands in this module's
// memory and, while "Reveal" is pressed, on the screen; nowhere else.

import { finder, readBlock, speaker } from "./page_data.js";
import { clockTime, masked, readTokenAnswer } from "./token_answer.js";

const element = finder(document);
const say = speaker(readBlock("texts"));
const status = element("token-status");
const reveal = element("token-reveal");

/** @type {import("./token_answer.js").TokenAnswer | null} */
let current = null;
let isRevealed = false;

/** Asks for a token; the same address without the header is this page. */
async function ask() {
  const address = new URL("/callback", location.href);
  const asked = new URLSearchParams(location.search);
  for (const name of ["app", "session_name"]) {
    const value = asked.get(name);
    if (value !== null) address.searchParams.set(name, value);
  }
  status.textContent = say("callback-fetching");
  element("token-failure").hidden = true;
  try {
    const response = await fetch(address, {
      headers: { "X-Requested-With": "XMLHttpRequest", Accept: "application/json" },
      cache: "no-store",
    });
    const body = await response.json().catch(() => null);
    if (!response.ok) throw new Refusal(body?.details ?? body?.error ?? `HTTP ${response.status}`);
    const answer = readTokenAnswer(body);
    const before = current;
    current = answer;
    status.textContent = before ? say(before.token === answer.token ? "callback-same" : "callback-renewed") : "";
    show();
  } catch (error) {
    status.textContent = "";
    element("token-failure-why").textContent =
      error instanceof Refusal
        ? say("callback-failed-why", { reason: error.message })
        : say("callback-failed-unreachable");
    element("token-failure").hidden = false;
  }
}

/** cozegate answered, but with a reason instead of a token. */
class Refusal extends Error {}

function show() {
  if (!current) return;
  const isFirst = element("token").hidden;
  element("token").hidden = false;
  element("token-ask").hidden = true;
  element("token-value").textContent = isRevealed ? current.token : masked(current.token);
  reveal.textContent = say(isRevealed ? "callback-hide" : "callback-reveal");
  reveal.setAttribute("aria-pressed", String(isRevealed));
  countDown();
  if (isFirst) reveal.focus();
}

function countDown() {
  if (!current) return;
  const expiry = element("token-expiry");
  const until = element("token-until");
  if (current.endsAt === null) {
    expiry.textContent = say("callback-no-end");
    until.textContent = "";
    return;
  }
  const left = current.endsAt - Date.now() / 1000;
  expiry.textContent = left > 0 ? say("callback-expires", { time: clockTime(left) }) : say("callback-expired");
  const date = new Date(current.endsAt * 1000).toLocaleString(document.documentElement.lang);
  until.textContent = `(${say("callback-until", { date })})`;
}

element("token-ask").hidden = false;
element("token-show").addEventListener("click", ask);
element("token-renew").addEventListener("click", ask);
reveal.addEventListener("click", () => {
  isRevealed = !isRevealed;
  show();
});
element("token-copy").addEventListener("click", async () => {
  if (!current) return;
  try {
    await navigator.clipboard.writeText(current.token);
    status.textContent = say("site-copied");
  } catch {
    status.textContent = say("site-copy-failed");
  }
});
setInterval(countDown, 1000);
