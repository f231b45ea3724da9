// What a page has been told of an answer, and what it has not: the difference to the platform's records of the chat.

import { frameOf } from "./frames.js";

/** @typedef {import("./frames.js").Frame} Frame */

/** The order in which a stream tells these; others come before them. */
const ORDER = ["answer", "verbose", "follow_up"];

/** What has been said in one answer. */
export class Said {
  /** By the message's id. @type {Map<string, { text: string, reasoning: string, isWhole: boolean }>} */
  #messages = new Map();

  /**
   * Takes note of a frame that was passed on.
   * @param {string} event
   * @param {any} data
   */
  note(event, data) {
    if (!event.startsWith("conversation.message.") || !data?.id) return;
    const { text = "", reasoning = "" } = this.#messages.get(data.id) ?? {};
    this.#messages.set(data.id, {
      text: text + (data.content ?? ""),
      reasoning: reasoning + (data.reasoning_content ?? ""),
      isWhole: event === "conversation.message.completed",
    });
  }

  /**
   * Returns the frames that are missing of a chat's messages.
   * @param {any[]} messages
   * @returns {Frame[]}
   */
  missingOf(messages) {
    return messages
      .filter(({ role, id }) => role !== "user" && !this.#messages.get(id)?.isWhole)
      .sort((one, other) => ORDER.indexOf(one.type) - ORDER.indexOf(other.type))
      .flatMap((message) => [...this.#restOf(message), frameOf("conversation.message.completed", message)]);
  }

  /**
   * @param {any} message
   * @returns {Frame[]}
   */
  #restOf(message) {
    if (message.type !== "answer") return [];
    const { text = "", reasoning = "" } = this.#messages.get(message.id) ?? {};
    const content = behind(message.content, text);
    const thought = behind(message.reasoning_content, reasoning);
    if (!content && !thought) return [];
    const { reasoning_content: _, ...rest } = message;
    const delta = { ...rest, content, ...(thought ? { reasoning_content: thought } : {}) };
    return [frameOf("conversation.message.delta", delta)];
  }
}

/**
 * What follows the messages of a chat, by how it ended.
 * @param {any} chat
 * @returns {Frame[]}
 */
export function endOf(chat) {
  const done = frameOf("done", "[DONE]");
  // A cancelled chat ends with nothing else.
  if (!["completed", "failed", "requires_action"].includes(chat?.status)) return [done];
  return [frameOf(`conversation.chat.${chat.status}`, chat), done];
}

/**
 * @param {unknown} whole
 * @param {string} beginning
 */
function behind(whole, beginning) {
  const text = String(whole ?? "");
  return text.startsWith(beginning) ? text.slice(beginning.length) : "";
}
