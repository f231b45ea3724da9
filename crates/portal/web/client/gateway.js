// Requests to the platform through the gateway, on behalf of one visitor.
//
// Puts in the session's handle, replaces a refused one, waits for a gateway that is away. A request that may have acted is
// sent again only where that does no harm; a chat question only when it certainly has not arrived (resume.js).

import { parsed } from "./frames.js";
import { Patience, sleepOnClock } from "./patience.js";
import { bodyWithUser, pathWithUser } from "./pinned_user.js";
import { questionIn } from "./question.js";
import { answerTo } from "./resume.js";
import { VisitorSession } from "./session.js";
import { isAbort } from "./transport.js";
import { Trouble, isDeadHandle, isRefusal, nobodyThere, passingTrouble, refusal } from "./trouble.js";

/**
 * @typedef {object} Request
 * @property {string} [method]
 * @property {Record<string, string>} [headers]
 * @property {BodyInit | null} [body]
 * @property {AbortSignal | null} [signal]
 * @property {(loaded: number, total: number) => void} [onUpload]
 *
 * @typedef {import("./resume.js").Attempt} Attempt
 * @typedef {{ role: "user" | "assistant", content: string, contentType: string }} Message
 */

/** The SDK gives a question up after a minute. */
const CALL_BUDGET_MS = 60_000;
/** What is asked about an answer that broke off may take longer: there are five minutes between two pieces. */
const FOLLOW_BUDGET_MS = 120_000;
/** In the place of an answer where there is a trouble. */
const NONE = /** @type {any} */ (undefined);
/** A handle that was opened just now and is refused as well is not the reason. */
const RENEWALS = 2;

const FIELDS = new Set(["accept", "accept-language", "agw-js-conv", "content-type", "x-coze-client-user-agent", "x-tt-logid"]);

/** POST requests that do the same twice, or leave at most something that nobody sees. */
const REPEATABLE = [
  /^\/v1\/conversation\/(create|message\/list|message\/modify|message\/delete)$/,
  /^\/v1\/conversations\/[^/]+\/(clear|messages\/[^/]+\/feedback)$/,
  /^\/v3\/chat\/(cancel|retrieve|message\/list)$/,
  /^\/v1\/files\/upload$/,
  /^\/v1\/audio\//,
];

/** The gateway, for one visitor. */
export class Gateway {
  #session;
  #send;
  #time;
  #onTrouble;
  #onMessage;
  /** The chats that were seen so far, by id. @type {Set<string>} */
  #known = new Set();
  /** Stops that are on their way. @type {Set<Promise<unknown>>} */
  #stops = new Set();

  /**
   * @param {object} parts
   * @param {string} parts.authBase origin of the auth service
   * @param {string | null} [parts.app]
   * @param {import("./transport.js").Send} parts.send
   * @param {import("./session.js").Pass} parts.pass
   * @param {string | null} [parts.sessionName] local mode only
   * @param {string | null} [parts.pairing]
   * @param {() => number} [parts.now]
   * @param {(ms: number, signal?: AbortSignal | null) => Promise<void>} [parts.sleep]
   * @param {() => number} [parts.random]
   * @param {(trouble: Trouble | null) => void} [parts.onTrouble] is told what keeps requests waiting, and null when that
   *   is over
   * @param {(opened: import("./session.js").Opened) => void} [parts.onOpened] is told of each session
   * @param {(message: Message) => void} [parts.onMessage] is told what visitor and bot say
   */
  constructor({
    now = () => Date.now(),
    sleep = sleepOnClock,
    random = () => Math.random(),
    onTrouble = () => {},
    onMessage = () => {},
    ...parts
  }) {
    this.#send = parts.send;
    this.#time = { now, sleep, random };
    this.#onTrouble = onTrouble;
    this.#onMessage = onMessage;
    this.#session = new VisitorSession({ ...parts, time: this.#time, onTrouble });
  }

  /** The last session that was opened, or null: for what cannot wait. */
  get current() {
    return this.#session.current;
  }

  /** Returns a session that is open; rejects with a {@link Trouble}. */
  session() {
    return this.#session.open();
  }

  /**
   * Ends this visitor here: the next session is another one's.
   * @param {{ fresh?: boolean }} [how]
   */
  forget(how) {
    this.#session.forget(how);
    this.#known.clear();
  }

  /** The handle, for a program that wants a token; empty before the first session. */
  token() {
    return this.#session.current?.handle ?? "";
  }

  /**
   * Returns a new handle for one that was refused. Never rejects, which the SDK would take for the end; where there is
   * none to be had it gives the old one.
   * @param {string} [old]
   * @returns {Promise<string>}
   */
  async onRefreshToken(old) {
    const { current } = this.#session;
    if (old && current?.handle === old) this.#session.refuse(current);
    for (;;) {
      try {
        return (await this.#session.open()).handle;
      } catch (error) {
        if (!(error instanceof Trouble && error.isPassing)) return this.token();
        // It may want us to come back later than one caller waits.
        await this.#time.sleep(Math.max(error.retryAfterMs, 1_000));
      }
    }
  }

  /**
   * Makes a request of the platform's. Rejects as fetch does; an answer is an answer, errors among them.
   * @param {string} path with its query
   * @param {Request} [request]
   * @returns {Promise<Response>}
   */
  async call(path, request = {}) {
    const { method = "GET", body = null, signal = null } = request;
    const question = questionIn(method, path, body);
    if (!question) {
      const answering = this.#patiently(path, request, CALL_BUDGET_MS);
      if (path.startsWith("/v3/chat/cancel")) this.#noteStop(answering);
      return answering;
    }
    const begun = this.#time.now();
    if (question.message) this.#tell("user", question.message);
    return answerTo(question, {
      attempt: async () => {
        await unlessAborted(Promise.all(this.#stops), signal);
        return this.#attempt(path, request);
      },
      ask: (path, init) => this.#ask(path, init, signal),
      patience: () => new Patience(this.#time, CALL_BUDGET_MS, signal),
      sleep: (ms) => this.#time.sleep(ms, signal),
      sentAt: () => begun + this.#session.clockLead,
      known: this.#known,
      onAnswer: (message) => this.#tell("assistant", message),
    });
  }

  /**
   * Holds questions back until a stop has arrived: one that overtook it would find the conversation busy.
   * @param {Promise<Response>} answering
   */
  #noteStop(answering) {
    const done = () => void this.#stops.delete(stop);
    const stop = answering.then(done, done);
    this.#stops.add(stop);
  }

  /**
   * @param {"user" | "assistant"} role
   * @param {{ content: unknown, content_type?: unknown }} message
   */
  #tell(role, { content, content_type }) {
    this.#onMessage({ role, content: String(content), contentType: String(content_type ?? "text") });
  }

  /**
   * @param {string} path
   * @param {Request} request
   * @param {number} budgetMs
   * @returns {Promise<Response>}
   */
  async #patiently(path, request, budgetMs) {
    const patience = new Patience(this.#time, budgetMs, request.signal);
    for (;;) {
      const { response, trouble } = await this.#attempt(path, request);
      if (!trouble) return response;
      const mayRepeat = trouble.isUnheard || isRepeatable(request.method ?? "GET", path);
      if (trouble.isPassing && mayRepeat && (await patience.wait(trouble.retryAfterMs))) continue;
      if (trouble.response) return trouble.response;
      throw trouble.cause ?? trouble;
    }
  }

  /**
   * Sends once, or again with a new handle.
   * @param {string} path
   * @param {Request} request
   * @returns {Promise<Attempt>}
   */
  async #attempt(path, request) {
    for (let renewals = 0; ; renewals += 1) {
      const opened = await this.#opened(request.signal);
      if (opened instanceof Trouble) return { response: NONE, trouble: opened };
      /** @type {Response} */
      let response;
      /** @type {any} */
      let body;
      try {
        response = await this.#send({
          method: request.method ?? "GET",
          url: opened.apiBase + pathWithUser(path, opened.userId),
          headers: { ...passedOn(request.headers ?? {}), Authorization: `Bearer ${opened.handle}` },
          body: bodyWithUser(request.body ?? null, opened.userId),
          signal: request.signal ?? null,
          ...(request.onUpload ? { onUpload: request.onUpload } : {}),
        });
        body = await jsonOf(response);
      } catch (error) {
        if (isAbort(error)) throw error;
        const trouble = nobodyThere(error);
        this.#onTrouble(trouble);
        return { response: NONE, trouble };
      }
      if (isDeadHandle(response.status, body) && renewals < RENEWALS) {
        this.#session.refuse(opened);
        continue;
      }
      const trouble = passingTrouble(response, body);
      this.#onTrouble(trouble ?? (isRefusal(response, body) ? refusal(response, body) : null));
      if (!trouble) this.#noteChats(path, body);
      return { response, trouble };
    }
  }

  /**
   * The open session, or why there is none. What waits for it may be given up.
   * @param {AbortSignal | null | undefined} signal
   */
  async #opened(signal) {
    try {
      return await unlessAborted(this.#session.open(), signal);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      // Without a session nothing was sent.
      error.isUnheard = true;
      return error;
    }
  }

  /**
   * Asks for JSON.
   * @param {string} path
   * @param {{ method: string, body?: object }} [init]
   * @param {AbortSignal | null} [signal]
   */
  async #ask(path, { method, body } = { method: "GET" }, signal = null) {
    const headers = { "Content-Type": "application/json" };
    const request = { method, signal, ...(body ? { headers, body: JSON.stringify(body) } : {}) };
    const response = await this.#patiently(path, request, FOLLOW_BUDGET_MS);
    const answer = parsed(await response.text());
    if (!response.ok || !answer || Number(answer.code ?? 0) !== 0) throw new TypeError("no answer about the chat");
    return answer;
  }

  /**
   * Remembers the chats that the page is told of: a question that is sent later is none of them.
   * @param {string} path
   * @param {any} body
   */
  #noteChats(path, body) {
    const { data } = body ?? {};
    if (path.startsWith("/v3/chat?") && data?.id) this.#known.add(data.id);
    if (!path.startsWith("/v1/conversation/message/list") || !Array.isArray(data)) return;
    for (const { chat_id } of data) if (chat_id) this.#known.add(chat_id);
  }
}

/**
 * Waits for `promise`, or rejects with the signal's reason when that comes first.
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal | null | undefined} signal
 * @returns {Promise<T>}
 */
async function unlessAborted(promise, signal) {
  signal?.throwIfAborted();
  /** @type {() => void} */
  let stop = () => {};
  /** @type {Promise<never>} */
  const left = new Promise((_, reject) => {
    stop = () => reject(signal?.reason);
    signal?.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([promise, left]);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/**
 * @param {string} method
 * @param {string} path
 */
function isRepeatable(method, path) {
  const pathname = path.replace(/\?.*/s, "");
  return ["GET", "HEAD", "PUT", "DELETE"].includes(method) || REPEATABLE.some((form) => form.test(pathname));
}

/**
 * The fields that say something to the platform. A browser would have to ask the gateway about each further one.
 * @param {Record<string, string>} headers
 */
function passedOn(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => FIELDS.has(name.toLowerCase())));
}

/**
 * The JSON of an answer, which can be read once more afterwards; null when it is none.
 * @param {Response} response
 */
async function jsonOf(response) {
  if (!/json/.test(response.headers.get("content-type") ?? "")) return null;
  return parsed(await response.clone().text());
}
