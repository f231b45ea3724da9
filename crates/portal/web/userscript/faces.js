// In which window people chat on this page: the Chat SDK's or our own.

import { sdkFace } from "./sdk_face.js";
import { windowFace } from "./window_face.js";

/**
 * Opens the one that is wanted, or what comes after it: a chat there is in any case.
 * @param {import("./window_face.js").FaceParts} parts
 * @returns {Promise<import("./window_face.js").Face>}
 */
export async function openFace(parts) {
  const { values, scope, log } = parts;
  if (values.ui === "cozegate") return windowFace(parts);
  if (values.ui === "auto" && !takesStyles(scope.document)) {
    log.add(
      "the page's policy forbids styles that the Chat SDK brings: our own window is used, unless the menu says otherwise",
    );
    return windowFace(parts);
  }
  const sdk = await sdkFace(parts);
  if (sdk) return sdk;
  log.add("the Chat SDK cannot be had on this page: our own window is used");
  return windowFace(parts);
}

/**
 * Whether the page lets scripts bring style elements. With `style-src 'self'` the Chat SDK works, but looks like a page
 * without styles.
 * @param {Document} document
 */
export function takesStyles(document) {
  const style = document.createElement("style");
  style.textContent = "cozegate-probe { display: none }";
  (document.head ?? document.documentElement).append(style);
  const takes = style.sheet !== null;
  style.remove();
  return takes;
}
