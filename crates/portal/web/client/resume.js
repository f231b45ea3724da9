// An answer of the bot, to its end: whatever breaks on the way, the page reads one event stream as the platform would have
// sent it. What is missing comes from the platform's own records of the chat.

import { frameOf, parsed, wholeFrames } from "./frames.js";
import { arrived } from "./question.js";
import { Said, endOf } from "./said.js";
import { isAbort } from "./transport.js";

/**
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./question.js").Chat} Chat
 * @typedef {import("./question.js").Question} Question
 * @typedef {{ response: Response, trouble: import("./trouble.js").Trouble | null }} Attempt
 *   `response` is the answer unless there is a `trouble`, which may have one as well
 *
 * @typedef {object} Means what is needed of the gateway
 * @property {() => Promise<Attempt>} attempt sends the question once
 * @property {import("./question.js").Ask} ask a request about it, patiently
 * @property {() => import("./patience.js").Patience} patience for one more outage
 * @property {(ms: number) => Promise<void>} sleep ends with the page's interest
 * @property {() => number} sentAt when the question was asked, by the gateway's clock
 * @property {(message: any) => void} onAnswer is told each whole message of the bot
 * @property {Set<string>} known the chats that were seen so far; those of this answer are added
 */

/** Documented as the highest rate (protocol 6.5). */
const POLL_PAUSE_MS = 1_000;
/** As long as the SDK waits for the next piece. */
const LONGEST_CHAT_POLLS = 300;
/** What was sent last may still be on its way into the platform's records. */
const SETTLE_MS = 1_000;
/** The way is not the reason when answers stay empty. */
const LONGEST_ROW = 2;
/** The platform's "this conversation is answering already". */
const OCCUPIED = 4016;

const ENDS = new Set([
  "conversation.chat.completed",
  "conversation.chat.failed",
  "conversation.chat.requires_action",
  "done",
  "error",
]);

/**
 * Sends a question and returns its answer. Rejects when it cannot be known whether the question has arrived, or nobody is
 * there for too long.
 * @param {Question} question
 * @param {Means} means
 * @returns {Promise<Response>}
 */
export async function answerTo(question, means) {
  const answer = new Answer(question, means);
  const source = await answer.begin();
  if (!("frames" in source)) return source.response;
  return new Response(answer.body(source.frames), {
    status: 200,
    headers: source.headers ?? { "Content-Type": "text/event-stream" },
  });
}

/** @typedef {{ frames: AsyncGenerator<Frame[]>, headers?: Headers } | { response: Response }} Source */

/** One answer and how far it has come. */
class Answer {
  #question;
  #means;
  /** The chats from before the question. */
  #known;
  /** @type {Chat | null} */
  #chat = null;
  #isOver = false;
  #isLeft = false;
  /** Whether the platform may have got the question already. */
  #mayHaveArrived = false;
  /** @type {ReadableStreamDefaultReader<Uint8Array> | null} */
  #reader = null;
  #said = new Said();

  /**
   * @param {Question} question
   * @param {Means} means
   */
  constructor(question, means) {
    this.#question = question;
    this.#means = means;
    this.#known = new Set(means.known);
  }

  /**
   * Sends until there is an answer.
   * @returns {Promise<Source>}
   */
  async begin() {
    const patience = this.#means.patience();
    for (;;) {
      const { response, trouble } = await this.#means.attempt();
      if (!trouble) {
        const source = this.#sourceOf(response);
        // Where the platform is answering in this conversation already, that may be this very question: sent by us before, or
        // twice by the browser itself, which does so when a kept connection breaks (chat-sdk 3.5).
        if ("frames" in source || !(await isOccupied(response))) return source;
      }
      const isUnknown = !trouble?.isUnheard;
      this.#mayHaveArrived ||= isUnknown && trouble !== null;
      const isWorthIt = trouble?.isPassing ?? true;
      const pauseMs = Math.max(trouble?.retryAfterMs ?? 0, isUnknown ? SETTLE_MS : 0);
      if (!isWorthIt || !(await patience.wait(pauseMs))) return given(response, trouble);
      if (!isUnknown) continue;
      const chat = await this.#arrived();
      if (chat) return this.#question.isStream ? { frames: this.#follow(chat) } : { response: await this.#whole(chat) };
      if (chat === undefined || !this.#mayHaveArrived) return given(response, trouble);
    }
  }

  #arrived() {
    return arrived(this.#question, { ask: this.#means.ask, sentAt: this.#means.sentAt(), known: this.#known });
  }

  /**
   * The body that the page reads.
   * @param {AsyncGenerator<Frame[]>} frames
   * @returns {ReadableStream<Uint8Array>}
   */
  body(frames) {
    const encoder = new TextEncoder();
    const all = this.#toItsEnd(frames);
    return new ReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = await all.next();
          if (done) controller.close();
          // Errors arrive in one piece: the SDK reads each piece as JSON to find them.
          else controller.enqueue(encoder.encode(value.map(({ raw }) => raw).join("")));
        },
        cancel: () => {
          this.#isLeft = true;
          this.#reader?.cancel().catch(() => undefined);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /**
   * @param {AsyncGenerator<Frame[]>} frames
   * @returns {AsyncGenerator<Frame[]>}
   */
  async *#toItsEnd(frames) {
    let source = frames;
    for (let beginnings = 1; ; beginnings += 1) {
      /** @type {unknown} */
      let reason = new TypeError("the answer broke off");
      try {
        yield* source;
      } catch (error) {
        if (isAbort(error)) throw error;
        reason = error;
      }
      if (this.#isOver || this.#isLeft) return;
      if (this.#chat) {
        yield* this.#follow(this.#chat);
        return;
      }
      if (beginnings > LONGEST_ROW) throw reason;
      source = await this.#again(reason);
    }
  }

  /**
   * Goes on after a stream that ended before it said which chat it is.
   * @param {unknown} reason
   * @returns {Promise<AsyncGenerator<Frame[]>>}
   */
  async #again(reason) {
    await this.#means.sleep(SETTLE_MS);
    this.#mayHaveArrived = true;
    const chat = await this.#arrived();
    if (chat === undefined) throw reason;
    if (chat) return this.#follow(chat);
    const source = await this.begin();
    if ("frames" in source) return source.frames;
    this.#isOver = true;
    return only({ raw: await source.response.text(), event: "error", data: null });
  }

  /**
   * @param {Response} response
   * @returns {Source}
   */
  #sourceOf(response) {
    const isStream = (response.headers.get("content-type") ?? "").includes("event-stream");
    if (!response.ok || !isStream || !response.body) return { response };
    this.#reader = response.body.getReader();
    return { frames: this.#read(wholeFrames(this.#reader)), headers: response.headers };
  }

  /**
   * Passes frames on and remembers what they say; ends before one by which the gateway says that the platform broke off.
   * @param {AsyncGenerator<Frame[]>} source
   * @returns {AsyncGenerator<Frame[]>}
   */
  async *#read(source) {
    for await (const frames of source) {
      const broken = frames.findIndex(({ event, data }) => event === "error" && isOfTheGateway(data));
      const good = broken < 0 ? frames : frames.slice(0, broken);
      good.forEach((frame) => this.#note(frame));
      if (good.length > 0) yield good;
      if (broken >= 0) return;
    }
  }

  /** @param {Frame} frame */
  #note({ event, data }) {
    this.#isOver ||= ENDS.has(event);
    if (event === "conversation.chat.created" && data?.id) this.#found(data.id, data.conversation_id);
    this.#said.note(event, data);
    if (event === "conversation.message.completed" && data?.type === "answer") this.#means.onAnswer(data);
  }

  /**
   * @param {unknown} id
   * @param {unknown} conversationId
   */
  #found(id, conversationId) {
    this.#chat = { id: String(id), conversationId: String(conversationId) };
    this.#means.known.add(this.#chat.id);
  }

  /**
   * Waits for the end of a chat that goes on without us, and tells what has not been told.
   * @param {Chat} chat
   * @returns {AsyncGenerator<Frame[]>}
   */
  async *#follow(chat) {
    if (!this.#chat) {
      this.#found(chat.id, chat.conversationId);
      const begun = { id: chat.id, conversation_id: chat.conversationId, bot_id: this.#question.botId ?? "" };
      yield [
        frameOf("conversation.chat.created", { ...begun, status: "created" }),
        frameOf("conversation.chat.in_progress", { ...begun, status: "in_progress" }),
      ];
    }
    const ended = await this.#ended(chat);
    if (this.#isLeft) return;
    const { data: messages } = await this.#means.ask(`/v3/chat/message/list?${queryOf(chat)}`);
    const missing = this.#said.missingOf(messages ?? []);
    missing.forEach((frame) => this.#note(frame));
    yield [...missing, ...endOf(ended)];
    this.#isOver = true;
  }

  /** @param {Chat} chat */
  async #ended(chat) {
    for (let polls = 0; polls < LONGEST_CHAT_POLLS && !this.#isLeft; polls += 1) {
      const { data } = await this.#means.ask(`/v3/chat/retrieve?${queryOf(chat)}`);
      if (!["created", "in_progress"].includes(data?.status)) return data;
      await this.#means.sleep(POLL_PAUSE_MS);
    }
    throw new TypeError("the answer broke off");
  }

  /** The answer to a question that did not ask for a stream. @param {Chat} chat */
  async #whole(chat) {
    this.#found(chat.id, chat.conversationId);
    const answer = await this.#means.ask(`/v3/chat/retrieve?${queryOf(chat)}`);
    return new Response(JSON.stringify(answer), { headers: { "Content-Type": "application/json" } });
  }
}

/** Whether an error is the gateway's word for a platform that broke off (docs/reference/upstream-faults.md). @param {any} data */
function isOfTheGateway(data) {
  return Math.floor(Number(data?.code) / 1000) === 990;
}

/** @param {Response} response */
async function isOccupied(response) {
  return parsed(await response.clone().text())?.code === OCCUPIED;
}

/**
 * @param {Response | undefined} response
 * @param {import("./trouble.js").Trouble | null} trouble
 * @returns {Source}
 */
function given(response, trouble) {
  const answer = trouble ? trouble.response : response;
  if (!answer) throw trouble?.cause ?? trouble;
  return { response: answer };
}

/** @param {Chat} chat */
function queryOf({ id, conversationId }) {
  return new URLSearchParams({ conversation_id: conversationId, chat_id: id }).toString();
}

/**
 * @param {Frame} frame
 * @returns {AsyncGenerator<Frame[]>}
 */
async function* only(frame) {
  yield [frame];
}
