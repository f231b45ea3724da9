// The playground's preview: a page that has our tag with what its address says, and nothing else.

import { attributesFor, choicesIn } from "./playground_options.js";

const chosen = choicesIn(new URLSearchParams(location.search));
if (chosen.has("bot_id")) {
  const tag = document.createElement("script");
  tag.src = "/embed.js";
  tag.async = true;
  for (const [name, value] of attributesFor(chosen)) tag.setAttribute(name, value);
  document.head.append(tag);
} else {
  const hint = document.getElementById("no-bot");
  if (hint) hint.hidden = false;
}
