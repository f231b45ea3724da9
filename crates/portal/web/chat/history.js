// What of a stored message people see (protocol 6.7). Pure.

import { parse } from "./answer.js";

/**
 * @typedef {{ id: string, role: "user" | "assistant", text: string, reasoning: string }} Shown
 */

/** Steps between question and answer (tools, knowledge, bookkeeping) are not part of the talk. */
const TALK = new Set(["", "question", "answer"]);

/**
 * Returns a message as it is shown, or null when it is none that people see.
 * @param {import("./api.js").Message} message
 * @param {import("../pages/page_data.js").Say} say
 * @returns {Shown | null}
 */
export function shownMessage(message, say) {
  if (!TALK.has(message.type ?? "")) return null;
  return {
    id: String(message.id),
    role: message.role === "user" ? "user" : "assistant",
    text: message.content_type === "object_string" ? mixedText(message.content, say) : String(message.content ?? ""),
    reasoning: String(message.reasoning_content ?? ""),
  };
}

/**
 * @param {string} content `[{"type":"text","text":"…"},{"type":"image","file_id":"…"}]`
 * @param {import("../pages/page_data.js").Say} say
 */
function mixedText(content, say) {
  const items = parse(content);
  if (!Array.isArray(items)) return content;
  return items
    .map((item) => (item?.type === "text" ? String(item.text ?? "") : say("chat-attachment", { kind: String(item?.type) })))
    .join("\n");
}

/**
 * Returns the name that a conversation gets from its first question.
 * @param {string} question
 */
export function nameFor(question) {
  const line = question.trim().split("\n", 1)[0]?.replace(/\s+/g, " ") ?? "";
  const letters = [...line];
  return letters.length <= 40 ? line : `${letters.slice(0, 39).join("").trimEnd()}…`;
}
