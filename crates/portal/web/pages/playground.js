// The playground: while somebody clicks the options, it writes the tag, keeps the choice in the address and shows what the
// tag brings.

import { Api } from "../chat/api.js";
import { GatewayLine } from "../chat/gateway_line.js";
import { ownGateway } from "../chat/own_gateway.js";
import { finder, readBlock } from "./page_data.js";
import { CHOICES, choicesIn, queryFor, snippetFor } from "./playground_options.js";

/** Whoever types has stopped for this long: the preview may begin anew. */
const PAUSE_MS = 600;

/**
 * @type {{ auth_url: string, bot_id: string | null, bots: { id: string, name: string }[] | null }}
 */
const config = readBlock("config");
const find = finder(document);
/** @type {HTMLFormElement} */
const form = find("options");
/** @type {HTMLIFrameElement} */
const preview = find("preview");
/** @type {HTMLInputElement} */
const botId = find("bot-id");

let shown = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

/** Puts what an address says into the form. @param {URLSearchParams} said */
function fill(said) {
  const chosen = choicesIn(said);
  for (const { name, usual } of CHOICES) {
    const field = form.elements.namedItem(name);
    const value = chosen.get(name) ?? usual;
    if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = value === "1";
    else if (field instanceof RadioNodeList) field.value = value;
    else if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = value;
  }
  botId.value ||= config.bot_id ?? "";
}

/** What the form says: a box that is not ticked says "0". */
function chosenNow() {
  const data = new FormData(form);
  return choicesIn({
    get: (name) => {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLInputElement && field.type === "checkbox") return field.checked ? "1" : "0";
      return data.get(name);
    },
  });
}

function write() {
  const chosen = chosenNow();
  const ui = chosen.get("ui") ?? "sdk";
  for (const group of form.querySelectorAll("[data-only]")) {
    if (group instanceof HTMLElement) group.hidden = group.dataset.only !== ui;
  }
  find("snippet").textContent = snippetFor(`${config.auth_url}/embed.js`, chosen);
  const query = queryFor(chosen);
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  clearTimeout(pause);
  pause = setTimeout(() => show(query), shown ? PAUSE_MS : 0);
}

/** @param {string} query */
function show(query) {
  const src = `/playground/preview?${query}`;
  if (src === shown) return;
  shown = src;
  // Not by `src`: each choice would become a step of the browser's history.
  preview.contentWindow?.location.replace(src);
}

/** Offers the bots by name; without a list one types the id. */
async function offerBots() {
  const bots = config.bots ?? (await botsAtCoze().catch(() => []));
  find("bots").replaceChildren(...bots.map(({ id, name }) => Object.assign(document.createElement("option"), { value: id, label: name })));
  const first = bots[0];
  if (!botId.value && first) {
    botId.value = first.id;
    write();
  }
}

function botsAtCoze() {
  return new Api(new GatewayLine(ownGateway())).bots();
}

fill(new URLSearchParams(location.search));
form.addEventListener("input", write);
form.addEventListener("submit", (event) => event.preventDefault());
find("reload").addEventListener("click", () => preview.contentWindow?.location.reload());
write();
await offerBots();
