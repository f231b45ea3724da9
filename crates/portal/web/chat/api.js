// The requests that the chat makes at the proxy: Coze's own paths (protocol 6), with the session's handle.

import { allows } from "../client/rights.js";
import { answerEvents, errorFrame, parse } from "./answer.js";
import { Failure, failureIn, logIdOf, unreachable } from "./failure.js";
import { readEvents } from "../client/event_stream.js";

/**
 * @typedef {{ id: string, name: string, description: string, prologue: string, questions: string[] }} Bot
 * @typedef {{ id: string, name: string, updatedAt: number }} Conversation `updatedAt` in Unix seconds, 0 when unknown
 * @typedef {{ id: string, role: string, type: string, content: string, content_type: string, reasoning_content?: string }} Message
 * `conversationId`: empty lets Coze make a conversation
 * @typedef {{ conversationId: string, botId: string, text: string, signal?: AbortSignal }} Question
 */

const PAGE_SIZE = 50;

/**
 * How requests get to Coze (`gateway_line.js`).
 * @typedef {object} Line
 * @property {<T>(attempt: (visitor: Visitor) => Promise<T>) => Promise<T>} use runs `attempt` when there is a session
 * @property {number} callTimeoutMs a plain call that takes longer is lost. Answers that stream have no such end.
 *
 * @typedef {object} Visitor
 * @property {string} userId
 * @property {import("../client/rights.js").Rights} rights
 * @property {(path: string, init: LineInit) => Promise<Response>} send a fetch with the visitor's handle
 *
 * @typedef {{ method: string, headers: Record<string, string>, body?: string, signal?: AbortSignal }} LineInit
 */

/** Coze, as the visitor of one session may use it. */
export class Api {
  #line;

  /** @param {Line} line */
  constructor(line) {
    this.#line = line;
  }

  /** What the visitor may do. @returns {Promise<import("../client/rights.js").Rights>} */
  rights() {
    return this.#line.use(async ({ rights }) => rights);
  }

  /**
   * Returns the bots that a visitor can choose from: those of the session, or, where it may list them, all that the app can
   * reach over all of its workspaces.
   * @returns {Promise<{ id: string, name: string }[]>}
   */
  async bots() {
    const rights = await this.rights();
    if (rights.bots) return Promise.all(rights.bots.map((id) => this.#named(id, rights)));
    if (!allows(rights, "workspaces", "bots_list")) return [];
    const { data } = await this.#call("GET", `/v1/workspaces?page_num=1&page_size=${PAGE_SIZE}`);
    const perWorkspace = await Promise.all(
      (data?.workspaces ?? []).map((/** @type {any} */ workspace) =>
        this.#call("GET", `/v1/bots?${query({ workspace_id: workspace.id, page_num: 1, page_size: PAGE_SIZE })}`),
      ),
    );
    return perWorkspace
      .flatMap(({ data }) => data?.items ?? [])
      .filter((/** @type {any} */ bot) => bot.is_published !== false)
      .map((/** @type {any} */ bot) => ({ id: String(bot.id), name: String(bot.name || bot.id) }));
  }

  /**
   * @param {string} id
   * @param {import("../client/rights.js").Rights} rights
   */
  async #named(id, rights) {
    const name = allows(rights, "bot_info") ? await this.bot(id).then((bot) => bot.name, () => "") : "";
    return { id, name: name || id };
  }

  /**
   * @param {string} botId
   * @returns {Promise<Bot>}
   */
  async bot(botId) {
    const { data } = await this.#call("GET", `/v1/bots/${encodeURIComponent(botId)}`);
    return {
      id: botId,
      name: String(data?.name ?? ""),
      description: String(data?.description ?? ""),
      prologue: String(data?.onboarding_info?.prologue ?? ""),
      questions: (data?.onboarding_info?.suggested_questions ?? []).map(String),
    };
  }

  /**
   * Returns one page of the visitor's conversations with a bot, the newest first.
   * @param {string} botId
   * @param {number} page from 1
   * @returns {Promise<{ conversations: Conversation[], hasMore: boolean }>}
   */
  async conversations(botId, page) {
    const search = query({ bot_id: botId, page_num: page, page_size: 20, sort_order: "DESC", sort_field: "updated_at" });
    const { data } = await this.#call("GET", `/v1/conversations?${search}`);
    return { conversations: (data?.conversations ?? []).map(toConversation), hasMore: data?.has_more === true };
  }

  /**
   * @param {string} botId
   * @param {string} name
   * @returns {Promise<Conversation>}
   */
  async createConversation(botId, name) {
    const { data } = await this.#call("POST", "/v1/conversation/create", { bot_id: botId, name });
    return toConversation({ name, ...data });
  }

  /**
   * @param {string} conversationId
   * @param {string} name
   */
  async renameConversation(conversationId, name) {
    await this.#call("PUT", `/v1/conversations/${encodeURIComponent(conversationId)}`, { name });
  }

  /** @param {string} conversationId */
  async deleteConversation(conversationId) {
    await this.#call("DELETE", `/v1/conversations/${encodeURIComponent(conversationId)}`);
  }

  /**
   * Returns a page of messages, oldest first.
   * @param {string} conversationId
   * @param {string} [olderThan] the id of the oldest message known. The list runs from new to old and `after_id` goes on
   *   behind it, which is how Coze's own chat pages back (chat-sdk 3.3).
   * @returns {Promise<{ messages: Message[], oldestId: string, hasMore: boolean }>}
   */
  async messages(conversationId, olderThan) {
    const body = await this.#call("POST", `/v1/conversation/message/list?${query({ conversation_id: conversationId })}`, {
      order: "desc",
      limit: 30,
      ...(olderThan ? { after_id: olderThan } : {}),
    });
    return {
      messages: [...(body.data ?? [])].reverse(),
      oldestId: String(body.last_id ?? ""),
      hasMore: body.has_more === true,
    };
  }

  /**
   * Sends a question; yields the answer as it is written.
   * @param {Question} question
   * @returns {AsyncGenerator<import("./answer.js").AnswerEvent, void, void>}
   */
  async *ask(question) {
    yield* await this.#line.use((visitor) => this.#openAnswer(visitor, question));
  }

  /**
   * Ends an answer that is being written. Leaving the stream alone does not: the bot would go on (protocol 6.3).
   * @param {string} conversationId
   * @param {string} chatId
   */
  async cancel(conversationId, chatId) {
    await this.#call("POST", "/v3/chat/cancel", { conversation_id: conversationId, chat_id: chatId });
  }

  /**
   * @param {Visitor} visitor
   * @param {Question} question
   */
  async #openAnswer(visitor, { conversationId, botId, text, signal }) {
    const body = {
      bot_id: botId,
      user_id: visitor.userId,
      stream: true,
      additional_messages: [{ role: "user", type: "question", content_type: "text", content: text }],
    };
    const path = conversationId ? `/v3/chat?${query({ conversation_id: conversationId })}` : "/v3/chat";
    const response = await this.#send(visitor, "POST", path, body, signal);
    const isStream = (response.headers.get("content-type") ?? "").includes("event-stream");
    if (!response.ok || !isStream || !response.body) {
      const answer = parse(await response.text());
      throw failureIn(answer, response) ?? errorFrame(answer, "no event stream", logIdOf(answer, response));
    }
    const logId = logIdOf(null, response);
    const frames = unlessCut(readEvents(response.body), logId);
    // The first frame decides whether the handle was good: an error may hide in a stream (protocol 6.3).
    const first = await frames.next();
    if (!first.done && first.value.event === "error") {
      throw errorFrame(parse(first.value.data), first.value.data, logId);
    }
    return answerEvents(resumed(first, frames), logId);
  }

  /**
   * Calls and reads JSON; throws a Failure for any answer that is not a success.
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  #call(method, path, body) {
    return this.#line.use(async (visitor) => {
      const response = await this.#send(visitor, method, path, body, AbortSignal.timeout(this.#line.callTimeoutMs));
      const text = await response.text().catch((cause) => {
        throw unreachable(cause);
      });
      const answer = parse(text);
      const failure = failureIn(answer, response);
      if (failure) throw failure;
      return answer ?? {};
    });
  }

  /**
   * @param {Visitor} visitor
   * @param {string} method
   * @param {string} path
   * @param {object | undefined} body
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<Response>}
   */
  async #send(visitor, method, path, body, signal) {
    /** @type {LineInit} */
    const init = { method, headers: {} };
    if (body) {
      init.headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(body);
    }
    if (signal) init.signal = signal;
    try {
      return await visitor.send(path, init);
    } catch (cause) {
      if (isAbort(cause)) throw cause;
      throw unreachable(cause);
    }
  }
}

/**
 * Yields the frames; a connection that breaks becomes a Failure.
 * @param {AsyncGenerator<import("../client/event_stream.js").StreamEvent, void, void>} frames
 * @param {string | undefined} logId
 * @returns {AsyncGenerator<import("../client/event_stream.js").StreamEvent, void, void>}
 */
async function* unlessCut(frames, logId) {
  try {
    yield* frames;
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    throw new Failure("interrupted", { logId, cause });
  }
}

/**
 * Yields a frame that was read already, then the rest.
 * @param {IteratorResult<import("../client/event_stream.js").StreamEvent, void>} first
 * @param {AsyncGenerator<import("../client/event_stream.js").StreamEvent, void, void>} frames
 */
async function* resumed(first, frames) {
  try {
    if (first.done) return;
    yield first.value;
    yield* frames;
  } finally {
    await frames.return();
  }
}

/**
 * Whether a fetch ended because we wanted it to.
 * @param {unknown} cause
 */
export function isAbort(cause) {
  // By its name: where a userscript runs, errors may come from another world than our classes.
  return /** @type {any} */ (cause)?.name === "AbortError";
}

/** @param {any} data */
function toConversation(data) {
  return {
    id: String(data?.id ?? ""),
    name: String(data?.name ?? ""),
    updatedAt: Number(data?.updated_at || data?.created_at || 0),
  };
}

/** @param {Record<string, string | number>} values */
function query(values) {
  return new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)])).toString();
}
