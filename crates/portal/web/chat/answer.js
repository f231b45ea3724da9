// From the frames of `/v3/chat` to what happens on the screen (protocol 6.3). Pure: no network, no DOM.

import { Failure, failureIn } from "./failure.js";

/**
 * @typedef {{ type: "started", chatId: string, conversationId: string }
 *   | { type: "delta", messageId: string, text: string, reasoning: string }
 *   | { type: "answer", messageId: string, text: string, reasoning: string }
 *   | { type: "follow-up", text: string }
 *   | { type: "finished" }} AnswerEvent
 */

/**
 * Yields what an answer's frames mean; throws a {@link Failure} for a chat that failed or a stream that ended early.
 * @param {AsyncIterable<import("../client/event_stream.js").StreamEvent>} frames
 * @param {string | undefined} logId of the response that carries them
 * @returns {AsyncGenerator<AnswerEvent, void, void>}
 */
export async function* answerEvents(frames, logId) {
  for await (const { event, data } of frames) {
    // `"[DONE]"`, with or without its quotes. A chat that was cancelled ends like this, without `completed`.
    if (event === "done") {
      yield { type: "finished" };
      return;
    }
    const body = parse(data);
    switch (event) {
      case "conversation.chat.created":
        yield { type: "started", chatId: String(body?.id ?? ""), conversationId: String(body?.conversation_id ?? "") };
        break;
      case "conversation.message.delta":
        if (isAnswer(body)) yield { type: "delta", ...contentOf(body) };
        break;
      case "conversation.message.completed":
        if (isAnswer(body)) yield { type: "answer", ...contentOf(body) };
        else if (body?.type === "follow_up") yield { type: "follow-up", text: String(body.content ?? "") };
        break;
      case "conversation.chat.completed":
        // `done` may be lost to a proxy; everything has been said here already.
        yield { type: "finished" };
        return;
      case "conversation.chat.failed":
        throw chatFailure(body, logId);
      case "conversation.chat.requires_action":
        throw new Failure("action", { logId });
      case "error":
        throw errorFrame(body, data, logId);
      default: {
        const failure = event === "" ? failureIn(body) : null;
        if (failure) throw withLogId(failure, logId);
      }
    }
  }
  throw new Failure("interrupted", { logId });
}

/**
 * Returns the failure of an `error` frame; its shape is not promised (protocol 6.3), so anything in it counts as one.
 * @param {any} body
 * @param {string} data
 * @param {string | undefined} logId
 */
export function errorFrame(body, data, logId) {
  return withLogId(failureIn(body) ?? new Failure("upstream", { reason: body ? "" : data }), logId);
}

/**
 * @param {any} body a Chat with `last_error`, or a bare `{code, msg}`
 * @param {string | undefined} logId
 */
function chatFailure(body, logId) {
  return withLogId(failureIn(body?.last_error) ?? failureIn(body) ?? new Failure("upstream"), logId);
}

/**
 * @param {Failure} failure
 * @param {string | undefined} logId
 */
function withLogId(failure, logId) {
  failure.logId ??= logId;
  return failure;
}

/** @param {any} message */
function isAnswer(message) {
  return message?.type === "answer" && message.role !== "user";
}

/** @param {any} message */
function contentOf(message) {
  return {
    messageId: String(message.id ?? ""),
    text: String(message.content ?? ""),
    reasoning: String(message.reasoning_content ?? ""),
  };
}

/**
 * @param {string} data
 * @returns {any} null when it is no JSON
 */
export function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
