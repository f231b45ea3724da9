// A chat request is the one that must neither be lost nor sent twice. Here: which requests are such, and whether one that
// nobody answered has reached the platform all the same, which the conversation's newest messages tell.

import { parsed } from "./frames.js";

/**
 * @typedef {object} Question
 * @property {string | null} conversationId null lets the platform make a conversation
 * @property {string | null} botId
 * @property {string | null} connectorId
 * @property {boolean} isStream
 * @property {{ content: string, content_type: string } | null} message the last one of the user
 *
 * @typedef {{ id: string, conversationId: string }} Chat
 *
 * @typedef {(path: string, init?: { method: string, body?: object }) => Promise<any>} Ask gives the JSON of an answer;
 *   rejects when there is none or it says no
 */

/** How far the clocks of platform and gateway may be apart. */
const CLOCKS_APART_MS = 60_000;

/**
 * Reads a chat request; null when it is another one.
 * @param {string} method
 * @param {string} path with its query
 * @param {unknown} body
 * @returns {Question | null}
 */
export function questionIn(method, path, body) {
  const url = new URL(path, "http://x");
  if (method !== "POST" || !["/v3/chat", "/v1/workflows/chat"].includes(url.pathname)) return null;
  const asked = typeof body === "string" ? parsed(body) : null;
  if (!asked) return null;
  // What is not kept in the history cannot be found there.
  const isKept = Array.isArray(asked.additional_messages) && asked.auto_save_history !== false;
  const messages = isKept ? asked.additional_messages : [];
  const message = messages.filter((/** @type {any} */ one) => one?.role === "user").at(-1) ?? null;
  return {
    conversationId: url.searchParams.get("conversation_id") ?? textOf(asked.conversation_id),
    botId: textOf(asked.bot_id),
    connectorId: textOf(asked.connector_id),
    // A chat flow always streams.
    isStream: asked.stream === true || url.pathname !== "/v3/chat",
    message,
  };
}

/**
 * Looks for the question in the conversation that it belongs to. Returns the chat that answers it, null when it has not
 * arrived, undefined when that cannot be known.
 * @param {Question} question
 * @param {{ ask: Ask, sentAt: number, known: Set<string> }} before when it was sent, by the gateway's clock, and the chats
 *   that were known by then
 * @returns {Promise<Chat | null | undefined>}
 */
export async function arrived(question, { ask, sentAt, known }) {
  const { message } = question;
  if (!message) return undefined;
  const isLater = (/** @type {any} */ thing) => !(Number(thing?.created_at) * 1000 < sentAt - CLOCKS_APART_MS);
  const conversations = question.conversationId ? [question.conversationId] : await newest(question, ask, isLater);
  if (!conversations) return undefined;
  for (const conversationId of conversations) {
    const path = `/v1/conversation/message/list?conversation_id=${encodeURIComponent(conversationId)}`;
    const { data } = await ask(path, { method: "POST", body: { order: "desc", limit: 10 } });
    const found = (data ?? []).find(
      (/** @type {any} */ one) =>
        one.role === "user" && one.chat_id && !known.has(one.chat_id) && isLater(one) && isSame(one, message),
    );
    if (found) return { id: String(found.chat_id), conversationId };
  }
  return null;
}

/**
 * The conversations that the platform may have made for a question without one.
 * @param {Question} question
 * @param {Ask} ask
 * @param {(conversation: any) => boolean} isLater
 * @returns {Promise<string[] | null>}
 */
async function newest({ botId, connectorId }, ask, isLater) {
  if (!botId) return null;
  const query = new URLSearchParams({ bot_id: botId, page_num: "1", page_size: "5", sort_order: "DESC" });
  if (connectorId) query.set("connector_id", connectorId);
  const { data } = await ask(`/v1/conversations?${query}`);
  return (data?.conversations ?? []).filter(isLater).map((/** @type {any} */ one) => String(one.id));
}

/**
 * Whether a message of the list is the one that was sent. The parts of a composed one may come back with other addresses of
 * their files.
 * @param {any} found
 * @param {any} sent
 */
function isSame(found, sent) {
  if (sent.content_type !== "object_string") return found.content === sent.content;
  return partsOf(found.content) === partsOf(sent.content);
}

/** @param {unknown} content */
function partsOf(content) {
  const parts = typeof content === "string" ? parsed(content) : content;
  return JSON.stringify(Array.isArray(parts) ? parts.map(({ type, text = "" }) => [type, text]) : parts);
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === "string" && value ? value : null;
}
