// The userscript starts here.

import { Companion } from "./companion.js";
import { foundGm } from "./gm.js";
import { isFirst } from "./presence.js";

/** @param {import("./companion.js").Served} served what the gateway says */
export function start(served) {
  // @noframes says so too; a manager may not know it. Its `window` may be a double, the document's is not.
  const real = document.defaultView;
  if (real?.top !== real) return;
  if (!isFirst(document)) return;
  new Companion(served, foundGm(), window).begin();
}
