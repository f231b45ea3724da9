// The page of a login on another device: looks again every few seconds, and leaves when there is something else to see. A
// page that loads itself anew all the time would take the reader's place in it away (WCAG 2.2.2); without scripts it has to.

const PAUSE_MS = 5000;

async function look() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" }).catch(() => null);
  // How it went is told once: the next look would begin another login. So what has come is what is shown.
  if (answer?.redirected) location.replace(answer.url);
  else if (answer && !answer.ok) {
    const told = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.replaceChild(document.adoptNode(told.documentElement), document.documentElement);
  } else setTimeout(look, PAUSE_MS);
}

setTimeout(look, PAUSE_MS);
