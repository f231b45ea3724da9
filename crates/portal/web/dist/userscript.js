"use strict";
(() => {
  // client/event_stream.js
  var EventStream = class {
    #rest = "";
    /** Up to here `#rest` holds no end of a block. */
    #searched = 0;
    #decoder = new TextDecoder();
    /**
     * Takes the next bytes; returns the blocks that they complete.
     * @param {Uint8Array} bytes
     * @returns {Block[]}
     */
    push(bytes) {
      return this.#take(this.#decoder.decode(bytes, { stream: true }));
    }
    /**
     * Ends the stream; returns what was left without an empty line.
     * @returns {Block[]}
     */
    end() {
      const blocks = this.#take(this.#decoder.decode());
      if (this.#rest) blocks.push(blockOf(this.#rest, false));
      this.#rest = "";
      return blocks;
    }
    /** @param {string} text */
    #take(text2) {
      this.#rest += text2;
      const blocks = [];
      for (; ; ) {
        const blankLine = /\n\n|\r\r|\n\r(?:\n|(?!$))/g;
        blankLine.lastIndex = this.#searched;
        if (!blankLine.test(this.#rest)) break;
        blocks.push(blockOf(this.#rest.slice(0, blankLine.lastIndex), true));
        this.#rest = this.#rest.slice(blankLine.lastIndex);
        this.#searched = 0;
      }
      this.#searched = Math.max(0, this.#rest.length - 2);
      return blocks;
    }
  };
  async function* readBlocks(reader) {
    const stream = new EventStream();
    try {
      for (; ; ) {
        const { done, value } = await reader.read();
        const blocks = done ? stream.end() : stream.push(value);
        if (blocks.length > 0) yield blocks;
        if (done) return;
      }
    } finally {
      reader.cancel().catch(() => void 0);
    }
  }
  async function* readEvents(body) {
    for await (const blocks of readBlocks(body.getReader())) {
      for (const { event, data } of blocks) {
        if (data !== null) yield { event, data };
      }
    }
  }
  function blockOf(raw, isWhole) {
    let event = "";
    const data = [];
    for (const line2 of raw.split(/\r\n|\n|\r/)) {
      if (line2.startsWith("{")) return { raw, event: "error", data: line2, isWhole };
      const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line2) ?? [];
      if (field === "event") event = value;
      if (field === "data") data.push(value);
    }
    return { raw, event, data: data.length > 0 ? data.join("\n") : null, isWhole };
  }

  // client/frames.js
  async function* wholeFrames(reader) {
    for await (const blocks of readBlocks(reader)) {
      const frames = [];
      for (const { raw, event, data, isWhole } of blocks) {
        const value = parsed(data ?? "");
        if (isWhole || value !== null || event === "done") frames.push({ raw, event, data: value });
      }
      if (frames.length > 0) yield frames;
    }
  }
  function frameOf(event, data) {
    return { raw: `event:${event}
data:${JSON.stringify(data)}

`, event, data };
  }
  function parsed(text2) {
    try {
      return JSON.parse(text2);
    } catch {
      return null;
    }
  }

  // client/patience.js
  var FIRST_PAUSE_MS = 250;
  var LONGEST_PAUSE_MS = 4e3;
  function sleepOnClock(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    });
  }
  var Patience = class {
    #time;
    #endsAt;
    #signal;
    #pauses = 0;
    /**
     * @param {Time} time
     * @param {number} budgetMs
     * @param {AbortSignal | null} [signal] ends the waiting
     */
    constructor(time, budgetMs, signal = null) {
      this.#time = time;
      this.#endsAt = time.now() + budgetMs;
      this.#signal = signal;
    }
    /** How often it has waited. */
    get pauses() {
      return this.#pauses;
    }
    /**
     * Waits before the next attempt, each time longer; false when there is no time left for one. Half of a pause is random,
     * so that the pages that lost the same gateway do not come back to it at the same moment.
     * @param {number} [atLeastMs] what the other side asked for
     * @returns {Promise<boolean>}
     */
    async wait(atLeastMs = 0) {
      const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#pauses, LONGEST_PAUSE_MS);
      const pause = Math.max(atLeastMs, longest * (0.5 + this.#time.random() / 2));
      if (this.#time.now() + pause > this.#endsAt) return false;
      this.#pauses += 1;
      await this.#time.sleep(pause, this.#signal);
      return true;
    }
  };

  // client/pinned_user.js
  function pathWithUser(path, userId) {
    return path.replace(/([?&]user_id=)[^&]*/g, (_, name) => name + encodeURIComponent(userId));
  }
  function bodyWithUser(body, userId) {
    const asked = typeof body === "string" ? parsed(body) : null;
    let isOther = false;
    for (const holder of [asked, asked?.ext]) {
      const user = holder?.user_id;
      if (user === void 0 || user === userId) continue;
      holder.user_id = userId;
      isOther = true;
    }
    return isOther ? JSON.stringify(asked) : body;
  }

  // client/question.js
  var CLOCKS_APART_MS = 6e4;
  function questionIn(method, path, body) {
    const url = new URL(path, "http://x");
    if (method !== "POST" || !["/v3/chat", "/v1/workflows/chat"].includes(url.pathname)) return null;
    const asked = typeof body === "string" ? parsed(body) : null;
    if (!asked) return null;
    const isKept = Array.isArray(asked.additional_messages) && asked.auto_save_history !== false;
    const messages = isKept ? asked.additional_messages : [];
    const message = messages.filter((one) => one?.role === "user").at(-1) ?? null;
    return {
      conversationId: url.searchParams.get("conversation_id") ?? textOf(asked.conversation_id),
      botId: textOf(asked.bot_id),
      connectorId: textOf(asked.connector_id),
      // A chat flow always streams.
      isStream: asked.stream === true || url.pathname !== "/v3/chat",
      message
    };
  }
  async function arrived(question, { ask, sentAt, known }) {
    const { message } = question;
    if (!message) return void 0;
    const isLater = (thing) => !(Number(thing?.created_at) * 1e3 < sentAt - CLOCKS_APART_MS);
    const conversations = question.conversationId ? [question.conversationId] : await newest(question, ask, isLater);
    if (!conversations) return void 0;
    for (const conversationId of conversations) {
      const path = `/v1/conversation/message/list?conversation_id=${encodeURIComponent(conversationId)}`;
      const { data } = await ask(path, { method: "POST", body: { order: "desc", limit: 10 } });
      const found = (data ?? []).find(
        (one) => one.role === "user" && one.chat_id && !known.has(one.chat_id) && isLater(one) && isSame(one, message)
      );
      if (found) return { id: String(found.chat_id), conversationId };
    }
    return null;
  }
  async function newest({ botId, connectorId }, ask, isLater) {
    if (!botId) return null;
    const query2 = new URLSearchParams({ bot_id: botId, page_num: "1", page_size: "5", sort_order: "DESC" });
    if (connectorId) query2.set("connector_id", connectorId);
    const { data } = await ask(`/v1/conversations?${query2}`);
    return (data?.conversations ?? []).filter(isLater).map((one) => String(one.id));
  }
  function isSame(found, sent) {
    if (sent.content_type !== "object_string") return found.content === sent.content;
    return partsOf(found.content) === partsOf(sent.content);
  }
  function partsOf(content) {
    const parts = typeof content === "string" ? parsed(content) : content;
    return JSON.stringify(Array.isArray(parts) ? parts.map(({ type, text: text2 = "" }) => [type, text2]) : parts);
  }
  function textOf(value) {
    return typeof value === "string" && value ? value : null;
  }

  // client/said.js
  var ORDER = ["answer", "verbose", "follow_up"];
  var Said = class {
    /** By the message's id. @type {Map<string, { text: string, reasoning: string, isWhole: boolean }>} */
    #messages = /* @__PURE__ */ new Map();
    /**
     * Takes note of a frame that was passed on.
     * @param {string} event
     * @param {any} data
     */
    note(event, data) {
      if (!event.startsWith("conversation.message.") || !data?.id) return;
      const { text: text2 = "", reasoning = "" } = this.#messages.get(data.id) ?? {};
      this.#messages.set(data.id, {
        text: text2 + (data.content ?? ""),
        reasoning: reasoning + (data.reasoning_content ?? ""),
        isWhole: event === "conversation.message.completed"
      });
    }
    /**
     * Returns the frames that are missing of a chat's messages.
     * @param {any[]} messages
     * @returns {Frame[]}
     */
    missingOf(messages) {
      return messages.filter(({ role, id }) => role !== "user" && !this.#messages.get(id)?.isWhole).sort((one, other) => ORDER.indexOf(one.type) - ORDER.indexOf(other.type)).flatMap((message) => [...this.#restOf(message), frameOf("conversation.message.completed", message)]);
    }
    /**
     * @param {any} message
     * @returns {Frame[]}
     */
    #restOf(message) {
      if (message.type !== "answer") return [];
      const { text: text2 = "", reasoning = "" } = this.#messages.get(message.id) ?? {};
      const content = behind(message.content, text2);
      const thought = behind(message.reasoning_content, reasoning);
      if (!content && !thought) return [];
      const { reasoning_content: _, ...rest } = message;
      const delta = { ...rest, content, ...thought ? { reasoning_content: thought } : {} };
      return [frameOf("conversation.message.delta", delta)];
    }
  };
  function endOf(chat) {
    const done = frameOf("done", "[DONE]");
    if (!["completed", "failed", "requires_action"].includes(chat?.status)) return [done];
    return [frameOf(`conversation.chat.${chat.status}`, chat), done];
  }
  function behind(whole, beginning) {
    const text2 = String(whole ?? "");
    return text2.startsWith(beginning) ? text2.slice(beginning.length) : "";
  }

  // client/transport.js
  function pageTransport(scope) {
    const fetch = scope.fetch.bind(scope);
    const Xhr = scope.XMLHttpRequest;
    return (call) => {
      if (call.onUpload && call.body && Xhr) return sendByXhr(Xhr, call);
      const { method, url, headers, body = null, credentials = "omit", signal = null } = call;
      return fetch(url, { method, headers, body, credentials, signal, cache: "no-store" });
    };
  }
  function sendByXhr(Xhr, { method, url, headers, body, credentials, signal, onUpload }) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const xhr = new Xhr();
      xhr.open(method, url);
      xhr.responseType = "arraybuffer";
      xhr.withCredentials = credentials === "include";
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
      const stop = () => xhr.abort();
      signal?.addEventListener("abort", stop);
      xhr.onloadend = () => signal?.removeEventListener("abort", stop);
      xhr.onload = () => resolve(answerOf(xhr));
      xhr.onerror = () => reject(new TypeError("nobody answered"));
      xhr.onabort = () => reject(signal?.reason ?? new DOMException("aborted", "AbortError"));
      xhr.upload.onprogress = ({ loaded, total }) => onUpload?.(loaded, total);
      xhr.send(
        /** @type {XMLHttpRequestBodyInit} */
        body
      );
    });
  }
  function answerOf(xhr) {
    const { status, statusText, response } = xhr;
    const headers = new Headers();
    for (const line2 of xhr.getAllResponseHeaders().split("\r\n")) {
      const colon = line2.indexOf(":");
      if (colon > 0) headers.append(line2.slice(0, colon), line2.slice(colon + 1).trim());
    }
    return new Response(hasNoBody(status) ? null : response, { status, statusText, headers });
  }
  function hasNoBody(status) {
    return status === 204 || status === 205 || status === 304;
  }
  function isAbort(error) {
    return error instanceof Error && error.name === "AbortError";
  }

  // client/resume.js
  var POLL_PAUSE_MS = 1e3;
  var LONGEST_CHAT_POLLS = 300;
  var SETTLE_MS = 1e3;
  var LONGEST_ROW = 2;
  var OCCUPIED = 4016;
  var ENDS = /* @__PURE__ */ new Set([
    "conversation.chat.completed",
    "conversation.chat.failed",
    "conversation.chat.requires_action",
    "done",
    "error"
  ]);
  async function answerTo(question, means) {
    const answer = new Answer(question, means);
    const source = await answer.begin();
    if (!("frames" in source)) return source.response;
    return new Response(answer.body(source.frames), {
      status: 200,
      headers: source.headers ?? { "Content-Type": "text/event-stream" }
    });
  }
  var Answer = class {
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
      for (; ; ) {
        const { response, trouble } = await this.#means.attempt();
        if (!trouble) {
          const source = this.#sourceOf(response);
          if ("frames" in source || !await isOccupied(response)) return source;
        }
        const isUnknown = !trouble?.isUnheard;
        this.#mayHaveArrived ||= isUnknown && trouble !== null;
        const isWorthIt = trouble?.isPassing ?? true;
        const pauseMs = Math.max(trouble?.retryAfterMs ?? 0, isUnknown ? SETTLE_MS : 0);
        if (!isWorthIt || !await patience.wait(pauseMs)) return given(response, trouble);
        if (!isUnknown) continue;
        const chat = await this.#arrived();
        if (chat) return this.#question.isStream ? { frames: this.#follow(chat) } : { response: await this.#whole(chat) };
        if (chat === void 0 || !this.#mayHaveArrived) return given(response, trouble);
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
            else controller.enqueue(encoder.encode(value.map(({ raw }) => raw).join("")));
          },
          cancel: () => {
            this.#isLeft = true;
            this.#reader?.cancel().catch(() => void 0);
          }
        },
        { highWaterMark: 0 }
      );
    }
    /**
     * @param {AsyncGenerator<Frame[]>} frames
     * @returns {AsyncGenerator<Frame[]>}
     */
    async *#toItsEnd(frames) {
      let source = frames;
      for (let beginnings = 1; ; beginnings += 1) {
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
      if (chat === void 0) throw reason;
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
      const isStream2 = (response.headers.get("content-type") ?? "").includes("event-stream");
      if (!response.ok || !isStream2 || !response.body) return { response };
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
          frameOf("conversation.chat.in_progress", { ...begun, status: "in_progress" })
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
  };
  function isOfTheGateway(data) {
    return Math.floor(Number(data?.code) / 1e3) === 990;
  }
  async function isOccupied(response) {
    return parsed(await response.clone().text())?.code === OCCUPIED;
  }
  function given(response, trouble) {
    const answer = trouble ? trouble.response : response;
    if (!answer) throw trouble?.cause ?? trouble;
    return { response: answer };
  }
  function queryOf({ id, conversationId }) {
    return new URLSearchParams({ conversation_id: conversationId, chat_id: id }).toString();
  }
  async function* only(frame) {
    yield [frame];
  }

  // client/rights.js
  function rightsIn({ operations = null, bots = null }) {
    return { operations, bots: bots?.includes("*") ? null : bots };
  }
  function allows({ operations }, ...groups) {
    return groups.every((group) => operations?.includes(group) ?? true);
  }

  // client/trouble.js
  var PROBLEM = "urn:cozegate:problem:";
  var DEAD_TOKEN_CODES = /* @__PURE__ */ new Set([4100, 4101, 700012006]);
  var POLICY_CODE = 990403;
  var Trouble = class extends Error {
    /**
     * @param {object} facts
     * @param {"away" | "busy" | "refused"} facts.kind nobody there, too much at once, or a plain no
     * @param {boolean} [facts.isUnheard] the platform certainly has not got the request
     * @param {number} [facts.retryAfterMs]
     * @param {string} [facts.name] of the gateway's problem
     * @param {string} [facts.detail] its own words about it
     * @param {boolean} [facts.isOfPolicy] the policy said no
     * @param {Response} [facts.response]
     * @param {unknown} [facts.cause]
     */
    constructor({ kind, isUnheard = false, retryAfterMs = 0, name = "", detail = "", isOfPolicy = false, response, cause }) {
      super(detail || name || kind, { cause });
      this.name = "Trouble";
      this.kind = kind;
      this.isUnheard = isUnheard;
      this.retryAfterMs = retryAfterMs;
      this.problem = name;
      this.detail = detail;
      this.isOfPolicy = isOfPolicy;
      this.response = response;
    }
    /** Whether waiting may help. */
    get isPassing() {
      return this.kind !== "refused";
    }
  };
  function nobodyThere(cause) {
    return new Trouble({ kind: "away", cause });
  }
  function passingTrouble(response, body) {
    const { status } = response;
    const name = problemName(body);
    const facts = { name, detail: detailOf(body), retryAfterMs: retryAfterOf(response), response };
    if (!name) return body === null && [502, 503, 504].includes(status) ? new Trouble({ ...facts, kind: "away" }) : null;
    if (status === 429) return new Trouble({ ...facts, kind: "busy", isUnheard: true });
    const isUnheard = status === 503 || /-unreachable$/.test(name);
    return isUnheard || /^upstream-/.test(name) ? new Trouble({ ...facts, kind: "away", isUnheard }) : null;
  }
  function refusal(response, body) {
    return new Trouble({ kind: "refused", name: problemName(body), detail: detailOf(body), isOfPolicy: body?.code === POLICY_CODE, response });
  }
  function isRefusal(response, body) {
    return response.status >= 500 && problemName(body) !== "" || body?.code === POLICY_CODE;
  }
  function isDeadHandle(status, body) {
    return status === 401 || DEAD_TOKEN_CODES.has(Number(body?.code));
  }
  function problemName(body) {
    const type = String(body?.type ?? "");
    return type.startsWith(PROBLEM) ? type.slice(PROBLEM.length) : "";
  }
  function detailOf(body) {
    const words = [body?.detail, body?.msg, body?.title];
    return words.find((text2) => typeof text2 === "string" && text2) ?? "";
  }
  function retryAfterOf(response) {
    const seconds = Number(response.headers.get("retry-after"));
    return seconds > 0 ? seconds * 1e3 : 0;
  }

  // client/session.js
  var ANSWER_TIMEOUT_MS = 15e3;
  var OPENING_BUDGET_MS = 6e4;
  var MARGIN_MS = 3e4;
  var MARGIN_SHARE = 0.25;
  var VisitorSession = class {
    #parts;
    /** @type {Opened | null} */
    #current = null;
    /** When `#current` is to be replaced. */
    #replaceAt = 0;
    /** @type {Promise<Opened> | null} */
    #opening = null;
    /** Whether the next opening shall make a new visitor. */
    #isFresh = false;
    /** Counts the visitors: an opening that was begun for another one is not used. */
    #visitor = 0;
    #clockLead = 0;
    /**
     * @param {object} parts
     * @param {string} parts.authBase origin of the auth service
     * @param {string | null} [parts.app] without it the gateway takes its default one
     * @param {string | null} [parts.sessionName] local mode only
     * @param {string | null} [parts.pairing] the secret of a userscript, whose requests carry no origin
     * @param {import("./transport.js").Send} parts.send
     * @param {Pass} parts.pass
     * @param {import("./patience.js").Time} parts.time
     * @param {(trouble: Trouble | null) => void} parts.onTrouble
     * @param {(opened: Opened) => void} [parts.onOpened]
     */
    constructor(parts) {
      this.#parts = parts;
    }
    /** The last session that was opened, which may have ended; null before the first. */
    get current() {
      return this.#current;
    }
    /** How far the gateway's clock is ahead of ours, in milliseconds; known with the first session. */
    get clockLead() {
      return this.#clockLead;
    }
    /**
     * Returns a session that is open for a while yet. Waits for a gateway that is away; throws a {@link Trouble} when it
     * stays away or says no.
     * @returns {Promise<Opened>}
     */
    async open() {
      if (this.#current && this.#parts.time.now() < this.#replaceAt) return this.#current;
      const opening = this.#opening ??= this.#openPatiently();
      try {
        return await opening;
      } finally {
        if (this.#opening === opening) this.#opening = null;
      }
    }
    /**
     * Takes note that a session's handle was refused; whoever opens next gets a new one. Only this one is dropped: somebody
     * else may have opened a new one meanwhile.
     * @param {Opened} refused
     */
    refuse(refused2) {
      if (this.#current?.handle === refused2.handle) this.#replaceAt = 0;
    }
    /**
     * Ends this visitor here: the next opening is for another one.
     * @param {{ fresh?: boolean }} [how] `fresh` tells the gateway to make a new anonymous visitor
     */
    forget({ fresh = false } = {}) {
      this.#visitor += 1;
      this.#current = null;
      this.#opening = null;
      this.#isFresh ||= fresh;
      if (fresh) this.#parts.pass.write(null);
    }
    /** @returns {Promise<Opened>} */
    async #openPatiently() {
      const { time, onTrouble } = this.#parts;
      const patience = new Patience(time, OPENING_BUDGET_MS);
      for (; ; ) {
        const visitor = this.#visitor;
        try {
          const opened = await this.#ask();
          onTrouble(null);
          if (visitor !== this.#visitor) return await this.open();
          return opened;
        } catch (error) {
          const trouble = error instanceof Trouble ? error : nobodyThere(error);
          onTrouble(trouble);
          if (!trouble.isPassing || !await patience.wait(trouble.retryAfterMs)) throw trouble;
        }
      }
    }
    /** @returns {Promise<Opened>} */
    async #ask() {
      const { authBase, app, sessionName, pairing, send, pass, time } = this.#parts;
      const visitor = this.#visitor;
      const isFresh = this.#isFresh;
      const known = isFresh ? null : pass.read();
      const response = await send({
        method: "POST",
        url: `${authBase}/auth/session`,
        headers: { "Content-Type": "application/json", ...pairing ? { "X-Cozegate-Pairing": pairing } : {} },
        body: JSON.stringify({
          ...app ? { app } : {},
          ...sessionName ? { session_name: sessionName } : {},
          ...known ? { visitor: known } : {},
          ...isFresh ? { fresh: true } : {}
        }),
        credentials: "include",
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS)
      });
      const body = parsed(await response.clone().text());
      if (!response.ok || !body?.handle) throw passingTrouble(response, body) ?? refusal(response, body);
      const now = time.now();
      const livesMs = (Number(body.expires_in) || 3600) * 1e3;
      const opened = openedBy(body, now + livesMs);
      if (visitor !== this.#visitor) return opened;
      this.#current = opened;
      this.#replaceAt = opened.endsAt - Math.min(MARGIN_MS, livesMs * MARGIN_SHARE);
      this.#isFresh = false;
      if (body.expires_at) this.#clockLead = Number(body.expires_at) * 1e3 - livesMs - now;
      pass.write(typeof body.visitor === "string" ? body.visitor : null);
      this.#parts.onOpened?.(opened);
      return opened;
    }
  };
  function openedBy(body, endsAt) {
    const { handle, api_base, ws_base, user, upstream } = body;
    const apiBase = String(api_base).replace(/\/+$/, "");
    return {
      handle,
      apiBase,
      wsBase: String(ws_base),
      userId: String(user?.id ?? ""),
      rights: rightsIn(body),
      endsAt,
      upstream: { apiBase: upstream.api_base, wsBase: upstream.ws_base, sdkUrl: upstream.sdk_url }
    };
  }

  // client/gateway.js
  var CALL_BUDGET_MS = 6e4;
  var FOLLOW_BUDGET_MS = 12e4;
  var NONE = (
    /** @type {any} */
    void 0
  );
  var RENEWALS = 2;
  var FIELDS = /* @__PURE__ */ new Set(["accept", "accept-language", "agw-js-conv", "content-type", "x-coze-client-user-agent", "x-tt-logid"]);
  var REPEATABLE = [
    /^\/v1\/conversation\/(create|message\/list|message\/modify|message\/delete)$/,
    /^\/v1\/conversations\/[^/]+\/(clear|messages\/[^/]+\/feedback)$/,
    /^\/v3\/chat\/(cancel|retrieve|message\/list)$/,
    /^\/v1\/files\/upload$/,
    /^\/v1\/audio\//
  ];
  var Gateway = class {
    #session;
    #send;
    #time;
    #onTrouble;
    #onMessage;
    /** The chats that were seen so far, by id. @type {Set<string>} */
    #known = /* @__PURE__ */ new Set();
    /** Stops that are on their way. @type {Set<Promise<unknown>>} */
    #stops = /* @__PURE__ */ new Set();
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
      onTrouble = () => {
      },
      onMessage = () => {
      },
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
      for (; ; ) {
        try {
          return (await this.#session.open()).handle;
        } catch (error) {
          if (!(error instanceof Trouble && error.isPassing)) return this.token();
          await this.#time.sleep(Math.max(error.retryAfterMs, 1e3));
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
        ask: (path2, init) => this.#ask(path2, init, signal),
        patience: () => new Patience(this.#time, CALL_BUDGET_MS, signal),
        sleep: (ms) => this.#time.sleep(ms, signal),
        sentAt: () => begun + this.#session.clockLead,
        known: this.#known,
        onAnswer: (message) => this.#tell("assistant", message)
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
      for (; ; ) {
        const { response, trouble } = await this.#attempt(path, request);
        if (!trouble) return response;
        const mayRepeat = trouble.isUnheard || isRepeatable(request.method ?? "GET", path);
        if (trouble.isPassing && mayRepeat && await patience.wait(trouble.retryAfterMs)) continue;
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
        let response;
        let body;
        try {
          response = await this.#send({
            method: request.method ?? "GET",
            url: opened.apiBase + pathWithUser(path, opened.userId),
            headers: { ...passedOn(request.headers ?? {}), Authorization: `Bearer ${opened.handle}` },
            body: bodyWithUser(request.body ?? null, opened.userId),
            signal: request.signal ?? null,
            ...request.onUpload ? { onUpload: request.onUpload } : {}
          });
          body = await jsonOf(response);
        } catch (error) {
          if (isAbort(error)) throw error;
          const trouble2 = nobodyThere(error);
          this.#onTrouble(trouble2);
          return { response: NONE, trouble: trouble2 };
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
      const request = { method, signal, ...body ? { headers, body: JSON.stringify(body) } : {} };
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
  };
  async function unlessAborted(promise, signal) {
    signal?.throwIfAborted();
    let stop = () => {
    };
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
  function isRepeatable(method, path) {
    const pathname = path.replace(/\?.*/s, "");
    return ["GET", "HEAD", "PUT", "DELETE"].includes(method) || REPEATABLE.some((form) => form.test(pathname));
  }
  function passedOn(headers) {
    return Object.fromEntries(Object.entries(headers).filter(([name]) => FIELDS.has(name.toLowerCase())));
  }
  async function jsonOf(response) {
    if (!/json/.test(response.headers.get("content-type") ?? "")) return null;
    return parsed(await response.clone().text());
  }

  // pages/page_data.js
  function speaker(texts) {
    return (id, values = {}) => (texts[id] ?? id).replace(/\{(\w+)\}/g, (hole, name) => String(values[name] ?? hole));
  }
  function finder(root) {
    return (id) => {
      const found = root.getElementById(id);
      if (!found) throw new Error(`The page has no #${id}.`);
      return (
        /** @type {any} */
        found
      );
    };
  }

  // userscript/page_transport.js
  var PERMISSIONS = ["loopback-network", "local-network-access", "local-network"];
  var LOOPBACK = /^https?:\/\/(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::\d+)?(?:\/|$)/i;
  function loopbackTransport(scope) {
    const fetch = scope.fetch.bind(scope);
    const send = pageTransport(
      /** @type {any} */
      {
        fetch: (url, init) => fetch(url, { ...init, ...addressSpaceOf(url) })
      }
    );
    return (call) => send(call);
  }
  function addressSpaceOf(url) {
    return LOOPBACK.test(url) ? { targetAddressSpace: "loopback" } : {};
  }
  async function localNetworkPermission(navigator2) {
    for (const name of PERMISSIONS) {
      try {
        const status = await navigator2?.permissions?.query({ name: (
          /** @type {PermissionName} */
          name
        ) });
        if (status) return status;
      } catch {
      }
    }
    return null;
  }

  // userscript/explain.js
  var CURED_BY_REINSTALLING = /* @__PURE__ */ new Set(["pairing-needed", "pairing-wrong"]);
  async function explain(trouble, { say, authBase, isPage, navigator: navigator2 }) {
    if (trouble.kind === "busy") return { kind: "busy", text: say("userscript-trouble-busy"), permission: null };
    if (trouble.kind === "refused") return { ...refused(trouble, say, authBase), permission: null };
    if (
      /** @type {any} */
      trouble.cause?.kind === "connect-refused"
    ) {
      const text2 = say("userscript-trouble-connect", { host: new URL(authBase).hostname });
      return { kind: "connect-refused", text: text2, permission: null };
    }
    const permission = isPage ? await localNetworkPermission(navigator2) : null;
    if (permission?.state === "denied") {
      return { kind: "network-denied", text: say("userscript-trouble-network"), permission };
    }
    return { kind: "not-running", text: say("userscript-trouble-away", { address: authBase }), permission };
  }
  function refused({ problem, detail, response }, say, authBase) {
    if (CURED_BY_REINSTALLING.has(problem)) {
      return { kind: "pairing", text: say("userscript-trouble-pairing", { address: installAddress(authBase) }) };
    }
    const reason = detail || problem || `HTTP ${response?.status ?? 0}`;
    return { kind: "refused", text: say("userscript-trouble-refused", { reason }) };
  }
  function installAddress(authBase) {
    return `${authBase}/cozegate.user.js`;
  }

  // userscript/settings.js
  var KEY = "cozegate_settings";
  var WIDTHS = (
    /** @type {const} */
    { least: 280, most: 1600, usual: 460 }
  );
  var CHECKS = {
    botId: (value) => text(value, /^[\w-]{1,64}$/),
    title: (value) => text(value, /^.{0,80}$/u),
    width: (value) => {
      const width = Math.round(Number(value));
      return width >= WIDTHS.least && width <= WIDTHS.most ? width : void 0;
    },
    lang: (value) => value === "zh-CN" || value === "en" ? value : void 0,
    ui: (value) => value === "auto" || value === "sdk" || value === "cozegate" ? value : void 0,
    debug: (value) => typeof value === "boolean" ? value : void 0
  };
  var Settings = class {
    #store;
    /** @type {Values} */
    #configured;
    /** Those of the configuration. @type {Bot[]} */
    bots;
    /**
     * @param {import("./store.js").Store} store
     * @param {Record<string, any>} config as the gateway serves it
     * @param {readonly string[]} languages of the browser
     */
    constructor(store, config, languages) {
      this.#store = store;
      this.bots = (Array.isArray(config.bots) ? config.bots : []).map(({ id, name }) => ({
        id: String(id),
        name: String(name || id)
      }));
      this.#configured = {
        botId: CHECKS.botId(config.bot_id) ?? this.bots[0]?.id ?? "",
        title: CHECKS.title(config.title) ?? "",
        width: CHECKS.width(config.width) ?? WIDTHS.usual,
        lang: CHECKS.lang(config.lang) ?? spoken(languages),
        // Who runs the gateway says which window is usual; that a page must show it badly says only who sits before it.
        ui: config.ui === "cozegate" ? "cozegate" : "auto",
        debug: config.debug === true
      };
    }
    /** @returns {Values} */
    get values() {
      return { ...this.#configured, ...this.#chosen() };
    }
    /** The name of the bot that is chosen, or its id. */
    get botName() {
      const { botId } = this.values;
      return this.bots.find(({ id }) => id === botId)?.name ?? botId;
    }
    /**
     * Changes one for this browser; null goes back to the configuration.
     * @template {keyof Values} K
     * @param {K} name
     * @param {unknown} value
     * @returns {boolean} false when it cannot be that
     */
    change(name, value) {
      const chosen = this.#chosen();
      if (value === null) {
        delete chosen[name];
      } else {
        const checked = CHECKS[name](value);
        if (checked === void 0) return false;
        chosen[name] = checked;
      }
      this.#store.write(KEY, Object.keys(chosen).length > 0 ? chosen : void 0);
      return true;
    }
    /** @returns {Partial<Values>} */
    #chosen() {
      const kept = this.#store.read(KEY);
      if (typeof kept !== "object" || kept === null) return {};
      const chosen = {};
      for (const [name, check] of Object.entries(CHECKS)) {
        const value = check(
          /** @type {Record<string, unknown>} */
          kept[name]
        );
        if (value !== void 0) chosen[name] = value;
      }
      return chosen;
    }
  };
  function text(value, form) {
    return typeof value === "string" && form.test(value) ? value : void 0;
  }
  function spoken(languages) {
    for (const language of languages) {
      if (/^zh\b/i.test(language)) return "zh-CN";
      if (/^en\b/i.test(language)) return "en";
    }
    return "en";
  }

  // userscript/commands.js
  var UIS = ["auto", "sdk", "cozegate"];
  function menuEntries(parts) {
    const { companion, settings, say } = parts;
    const { title, width, lang, ui, debug } = settings.values;
    const entry = (id, act, values = {}) => ({
      label: say(`userscript-menu-${id}`, values),
      act
    });
    return [
      entry(companion.isShown ? "close" : "open", () => companion.toggle()),
      entry("bot", () => chooseBot(parts), { bot: settings.botName || "–" }),
      entry("title", () => chooseTitle(parts), { title: title || settings.botName || "–" }),
      entry("width", () => chooseWidth(parts), { width }),
      entry("language", () => change(parts, "lang", lang === "en" ? "zh-CN" : "en")),
      entry(`ui-${ui}`, () => change(parts, "ui", UIS[(UIS.indexOf(ui) + 1) % UIS.length])),
      entry("user-show", () => showUser(parts)),
      entry("user-copy", () => copied(parts, parts.identity.id)),
      entry("user-renew", () => renewUser(parts)),
      entry("user-export", () => copied(parts, parts.identity.export())),
      entry("user-import", () => importUser(parts)),
      entry(debug ? "debug-off" : "debug-on", () => change(parts, "debug", !debug)),
      entry("log", () => copied(parts, parts.log.text())),
      entry("status", () => showStatus(parts)),
      entry("reinstall", () => parts.open(installAddress(parts.authBase)))
    ];
  }
  async function change({ settings, companion, tell, say, log }, name, value) {
    if (!settings.change(name, value)) return tell(say("userscript-wrong-value"));
    log.add("setting", { [name]: settings.values[name] });
    await companion.rebuild();
  }
  async function chooseBot(parts) {
    const { settings, dialogs, say } = parts;
    const list = settings.bots.map(({ id, name }, index) => `${index + 1}. ${name} (${id})`).join("\n");
    const typed = dialogs.prompt(`${say("userscript-ask-bot")}
${list}`, settings.values.botId)?.trim();
    if (typed === void 0) return;
    const listed = /^\d{1,3}$/.test(typed) ? settings.bots[Number(typed) - 1]?.id : typed;
    await change(parts, "botId", typed === "" ? null : listed ?? "");
  }
  async function chooseTitle(parts) {
    const typed = parts.dialogs.prompt(parts.say("userscript-ask-title"), parts.settings.values.title)?.trim();
    if (typed !== void 0) await change(parts, "title", typed === "" ? null : typed);
  }
  async function chooseWidth(parts) {
    const { settings, dialogs, say } = parts;
    const question = say("userscript-ask-width", { least: WIDTHS.least, most: WIDTHS.most });
    const typed = dialogs.prompt(question, String(settings.values.width))?.trim();
    if (typed !== void 0) await change(parts, "width", typed === "" ? null : typed);
  }
  function showUser({ dialogs, identity, say }) {
    dialogs.alert(say("userscript-user", { id: identity.id }));
  }
  async function renewUser({ dialogs, identity, companion, log, tell, say }) {
    if (!dialogs.confirm(say("userscript-ask-renew"))) return;
    identity.renew();
    log.add("the user id was renewed");
    await companion.becomeSomebodyElse();
    tell(say("userscript-renewed"));
  }
  async function importUser({ dialogs, identity, companion, log, tell, say }) {
    const text2 = dialogs.prompt(say("userscript-ask-import"));
    if (text2 === null) return;
    if (!identity.import(text2)) return tell(say("userscript-import-wrong"));
    log.add("a user id was imported");
    await companion.becomeSomebodyElse();
    tell(say("userscript-imported"));
  }
  async function showStatus({ companion, dialogs, say }) {
    dialogs.alert(say("userscript-status", await companion.status()));
  }
  async function copied({ copy, dialogs, tell, say }, text2) {
    if (await copy(text2)) tell(say("userscript-copied"));
    else dialogs.prompt(say("userscript-copy-yourself"), text2);
  }

  // client/xhr.js
  var [UNSENT, OPENED, HEADERS_RECEIVED, LOADING, DONE] = [0, 1, 2, 3, 4];
  var READ = (
    /** @type {const} */
    [
      "readyState",
      "status",
      "statusText",
      "responseURL",
      "responseXML",
      "responseText",
      "response"
    ]
  );
  var Exchange = class {
    readyState = OPENED;
    status = 0;
    statusText = "";
    responseURL = "";
    responseXML = null;
    /** @type {Headers | null} */
    headers = null;
    bytes = new Uint8Array();
    isSent = false;
    isTimedOut = false;
    abort = new AbortController();
    /** @type {Record<string, string>} */
    fields = {};
    /** The response when it is no text; the same object each time. @type {unknown} */
    #made;
    /**
     * @param {XMLHttpRequest} xhr whose settings count
     * @param {string} method
     * @param {string} url
     */
    constructor(xhr, method, url) {
      this.xhr = xhr;
      this.method = method;
      this.url = url;
    }
    get responseText() {
      if (!["", "text"].includes(this.xhr.responseType)) throw wrongState();
      return new TextDecoder().decode(this.bytes);
    }
    get response() {
      const { responseType } = this.xhr;
      if (!responseType || responseType === "text") return this.responseText;
      if (this.readyState !== DONE || this.status === 0) return null;
      return this.#made ??= madeOf(this, responseType);
    }
  };
  function emulatedXhr(scope, { isOurs, call, takes = () => true }) {
    const Native = scope.XMLHttpRequest;
    class Led extends Native {
      /** @type {Exchange | null} */
      exchange = null;
      /**
       * @param {string} method
       * @param {string | URL} url
       * @param {boolean} [isAsync]
       * @param {string | null} [user]
       * @param {string | null} [password]
       */
      open(method, url, isAsync = true, user = null, password = null) {
        this.exchange?.abort.abort();
        this.exchange = null;
        const address = new URL(String(url), scope.document?.baseURI ?? scope.location?.href).href;
        if (!isOurs(address)) return super.open(method, url, isAsync, user, password);
        if (!isAsync) throw wrongState();
        this.exchange = new Exchange(this, method.toUpperCase(), address);
        this.dispatchEvent(new Event("readystatechange"));
      }
      /**
       * @param {string} name
       * @param {string} value
       */
      setRequestHeader(name, value) {
        if (!this.exchange) return super.setRequestHeader(name, value);
        const { fields } = this.exchange;
        const known = Object.keys(fields).find((field) => field.toLowerCase() === name.toLowerCase());
        if (known) fields[known] += `, ${value}`;
        else fields[name] = String(value);
      }
      /** @param {Document | XMLHttpRequestBodyInit | null} [body] */
      send(body = null) {
        const exchange2 = this.exchange;
        if (!exchange2) return super.send(body);
        if (exchange2.isSent) throw wrongState();
        const { method, url, fields } = exchange2;
        if (!takes(url, new Headers(fields).get("authorization") ?? "")) {
          this.exchange = null;
          super.open(method, url, true);
          for (const [name, value] of Object.entries(fields)) super.setRequestHeader(name, value);
          return super.send(body);
        }
        exchange2.isSent = true;
        this.#run(
          exchange2,
          /** @type {XMLHttpRequestBodyInit | null} */
          body
        );
      }
      abort() {
        const exchange2 = this.exchange;
        if (!exchange2) return super.abort();
        exchange2.abort.abort();
        if (exchange2.isSent && exchange2.readyState !== DONE) this.#fail(exchange2, "abort");
        exchange2.readyState = UNSENT;
      }
      /** @param {string} name */
      getResponseHeader(name) {
        return this.exchange ? this.exchange.headers?.get(name) ?? null : super.getResponseHeader(name);
      }
      getAllResponseHeaders() {
        if (!this.exchange) return super.getAllResponseHeaders();
        return [...this.exchange.headers ?? []].map(([name, value]) => `${name}: ${value}\r
`).join("");
      }
      /** @param {string} type */
      overrideMimeType(type) {
        if (!this.exchange) super.overrideMimeType(type);
      }
      /**
       * @param {Exchange} exchange
       * @param {XMLHttpRequestBodyInit | null} body
       */
      async #run(exchange2, body) {
        this.#tell("loadstart");
        const timer = this.timeout ? setTimeout(() => {
          exchange2.isTimedOut = true;
          exchange2.abort.abort();
        }, this.timeout) : void 0;
        try {
          const isWatched = body !== null && typeof body !== "string";
          const response = await call(exchange2.url, {
            method: exchange2.method,
            headers: exchange2.fields,
            body,
            signal: exchange2.abort.signal,
            ...isWatched ? { onUpload: (loaded, total) => this.#tell("progress", loaded, total, this.upload) } : {}
          });
          if (isWatched) for (const type of ["load", "loadend"]) this.#tell(type, 0, 0, this.upload);
          this.#head(exchange2, response);
          const bytes = new Uint8Array(hasNoBody(response.status) ? new ArrayBuffer(0) : await response.arrayBuffer());
          exchange2.abort.signal.throwIfAborted();
          exchange2.bytes = bytes;
          this.#enter(exchange2, LOADING);
          this.#tell("progress", bytes.length, bytes.length);
          this.#enter(exchange2, DONE);
          for (const type of ["load", "loadend"]) this.#tell(type, bytes.length, bytes.length);
        } catch (error) {
          if (exchange2.isTimedOut) this.#fail(exchange2, "timeout");
          else if (!exchange2.abort.signal.aborted && !isAbort(error)) this.#fail(exchange2, "error");
        } finally {
          clearTimeout(timer);
        }
      }
      /**
       * @param {Exchange} exchange
       * @param {Response} response
       */
      #head(exchange2, response) {
        exchange2.abort.signal.throwIfAborted();
        exchange2.status = response.status;
        exchange2.statusText = response.statusText;
        exchange2.headers = response.headers;
        exchange2.responseURL = exchange2.url.replace(/#.*/s, "");
        this.#enter(exchange2, HEADERS_RECEIVED);
      }
      /**
       * @param {Exchange} exchange
       * @param {"abort" | "error" | "timeout"} how
       */
      #fail(exchange2, how) {
        Object.assign(exchange2, { status: 0, statusText: "", headers: null, bytes: new Uint8Array(), responseURL: "" });
        this.#enter(exchange2, DONE);
        this.#tell(how);
        this.#tell("loadend");
      }
      /**
       * @param {Exchange} exchange
       * @param {number} readyState
       */
      #enter(exchange2, readyState) {
        exchange2.readyState = readyState;
        this.dispatchEvent(new Event("readystatechange"));
      }
      /**
       * @param {string} type
       * @param {number} [loaded]
       * @param {number} [total]
       * @param {EventTarget} [target]
       */
      #tell(type, loaded = 0, total = 0, target = this) {
        target.dispatchEvent(new ProgressEvent(type, { lengthComputable: total > 0, loaded, total }));
      }
    }
    for (const name of READ) {
      Object.defineProperty(Led.prototype, name, {
        configurable: true,
        /** @this {Led} */
        get() {
          return this.exchange ? this.exchange[name] : Reflect.get(Native.prototype, name, this);
        }
      });
    }
    return Led;
  }
  function wrongState() {
    return new DOMException("not now", "InvalidStateError");
  }
  function madeOf({ bytes, headers }, type) {
    if (type === "arraybuffer") return bytes.buffer;
    if (type === "blob") return new Blob([bytes], { type: headers?.get("content-type") ?? "" });
    return type === "json" ? parsed(new TextDecoder().decode(bytes)) : null;
  }

  // client/patch.js
  var REGISTRY = /* @__PURE__ */ Symbol.for("cozegate.patch");
  function patchPage(scope, route) {
    const holder = (
      /** @type {{ [REGISTRY]?: Registry }} */
      /** @type {unknown} */
      scope
    );
    const registry = holder[REGISTRY] ??= install(scope);
    registry.routes.add(route);
    return () => {
      registry.routes.delete(route);
      if (registry.routes.size > 0 || holder[REGISTRY] !== registry) return;
      registry.restore();
      delete holder[REGISTRY];
    };
  }
  function install(scope) {
    const routes = /* @__PURE__ */ new Set();
    const routeOf = (url) => [...routes].find((route) => route.isOurs(url));
    const takes = (route, authorization) => route?.takes?.(authorization) ?? true;
    const own = { fetch: scope.fetch, XMLHttpRequest: scope.XMLHttpRequest, WebSocket: scope.WebSocket };
    const fetch = async (input, init) => {
      const route = routeOf(addressOf(scope, input));
      if (!route) return own.fetch.call(scope, input, init);
      const { url, ...request } = await requestOf(scope, input, init);
      if (!takes(route, request.headers["authorization"] ?? "")) return own.fetch.call(scope, input, init);
      return route.call(url, request);
    };
    const XMLHttpRequest = emulatedXhr(scope, {
      isOurs: (url) => routeOf(url) !== void 0,
      takes: (url, authorization) => takes(routeOf(url), authorization),
      call: (url, request) => {
        const route = routeOf(url);
        return route ? route.call(url, request) : Promise.reject(new TypeError("the chat is closed"));
      }
    });
    const patched = { fetch, XMLHttpRequest, ...own.WebSocket ? { WebSocket: socketOf(own.WebSocket, routes) } : {} };
    Object.assign(scope, patched);
    return {
      routes,
      restore() {
        for (const [name, value] of Object.entries(own)) {
          const place = (
            /** @type {any} */
            scope
          );
          if (place[name] === /** @type {any} */
          patched[name]) place[name] = value;
        }
      }
    };
  }
  function socketOf(Native, routes) {
    return class extends Native {
      /**
       * @param {string | URL} url
       * @param {string | string[]} [protocols]
       */
      constructor(url, protocols) {
        const address = [...routes].map((route) => route.socketUrl(String(url))).find((found) => found !== null);
        super(address ?? url, protocols);
      }
    };
  }
  function addressOf(scope, input) {
    const address = typeof input === "string" || input instanceof URL ? String(input) : input.url;
    try {
      return new URL(address, scope.document?.baseURI ?? scope.location?.href).href;
    } catch {
      return "";
    }
  }
  async function requestOf(scope, input, init = {}) {
    const given2 = typeof input === "string" || input instanceof URL ? null : input;
    const method = (init.method ?? given2?.method ?? "GET").toUpperCase();
    const headers = Object.fromEntries(new Headers(init.headers ?? given2?.headers));
    let body = init.body ?? null;
    if (body === null && given2 && given2.body !== null && !["GET", "HEAD"].includes(method)) {
      body = /json|text/.test(headers["content-type"] ?? "") ? await given2.clone().text() : await given2.clone().blob();
    }
    return { url: addressOf(scope, input), method, headers, body, signal: init.signal ?? given2?.signal ?? null };
  }

  // embed/options.js
  var OWN = new Set(
    "botId app ui title lang layout icon width zIndex sdk sdkFrom open nickname avatar".split(" ")
  );
  function withoutClosed(rights) {
    const shown = (group) => allows(rights, group) ? null : false;
    const conversations = shown("conversations");
    return {
      ui: {
        conversations: thoseSet({ isNeed: conversations }),
        chatBot: thoseSet({
          isNeedAddNewConversation: conversations,
          isNeedClearContext: conversations,
          uploadable: shown("files"),
          isNeedAudio: shown("audio"),
          feedback: thoseSet({ isNeedFeedback: shown("feedback") })
        })
      }
    };
  }
  function merged(under, over) {
    if (!isPlain(over)) return under;
    const result = { ...under };
    for (const [name, value] of Object.entries(over)) {
      if (name === "__proto__") continue;
      const below = result[name];
      result[name] = isPlain(value) ? merged(isPlain(below) ? below : {}, value) : value;
    }
    return result;
  }
  function isPlain(value) {
    return typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
  }
  function thoseSet(values) {
    return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== null));
  }

  // embed/ways.js
  var BUILT_IN_APIS = ["https://api.coze.cn", "https://api.coze.com"];
  var BUILT_IN_SOCKETS = ["wss://ws.coze.cn", "wss://ws.coze.com"];
  var STAND_IN = "cozegate";
  function waysOf(gateway, leadsAll = true) {
    const pathAtApi = (url) => pathBelow(url, [gateway.current?.upstream.apiBase, ...BUILT_IN_APIS]);
    return {
      isOurs: (url) => pathAtApi(url) !== null,
      takes: (authorization) => leadsAll || isStandIn(authorization),
      call: (url, request) => gateway.call(pathAtApi(url) ?? "/", request),
      socketUrl(url) {
        const opened = gateway.current;
        const wanted = pathBelow(url, [opened?.upstream.wsBase, ...BUILT_IN_SOCKETS]);
        if (!opened || wanted === null) return null;
        gateway.session().catch(() => void 0);
        const [path = "", query2 = ""] = wanted.split("?");
        const parameters = new URLSearchParams(query2);
        if (!leadsAll && !isStandIn(parameters.get("authorization") ?? "")) return null;
        if (!allows(opened.rights, "realtime")) throw new DOMException("realtime", "SecurityError");
        parameters.set("authorization", `Bearer ${opened.handle}`);
        return `${opened.wsBase}${path}?${parameters}`;
      }
    };
  }
  function pathBelow(url, bases) {
    const base = bases.find((base2) => base2 && url.startsWith(`${base2}/`));
    return base ? url.slice(base.length) : null;
  }
  function isStandIn(authorization) {
    return authorization === `Bearer ${STAND_IN}`;
  }

  // userscript/own_requests.js
  var TOKEN_BYTES = 16;
  function ownToken() {
    const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
    return `cozegate-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
  function onlyWith(token, route, fetch) {
    const credential = `Bearer ${token}`;
    return {
      isOurs: (url) => route.isOurs(url),
      call: (url, request) => {
        if (bearerOf(request.headers ?? {}) === credential) return route.call(url, request);
        const { onUpload: _, ...init } = request;
        return fetch(url, init);
      },
      socketUrl: (url) => {
        const [, query2 = ""] = url.split("?");
        return new URLSearchParams(query2).get("authorization") === credential ? route.socketUrl(url) : null;
      }
    };
  }
  function bearerOf(headers) {
    return Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization")?.[1] ?? "";
  }

  // userscript/sandbox.js
  var GLOBALS = ["window", "self", "globalThis", "global"];
  var PATCHED = ["fetch", "XMLHttpRequest", "WebSocket"];
  function ownWorld(scope) {
    const own = /* @__PURE__ */ Object.create(null);
    const bound = /* @__PURE__ */ new Map();
    const world = new Proxy(own, {
      has: (target, name) => name in target || name in scope,
      get(target, name) {
        if (name in target) return target[name];
        const value = borrowed(scope, name, bound);
        return value === scope ? world : value;
      },
      set: (target, name, value) => {
        if (name in target || !isAccessor(scope, name)) target[name] = value;
        else Reflect.set(scope, name, value, scope);
        return true;
      },
      getOwnPropertyDescriptor: (target, name) => Reflect.getOwnPropertyDescriptor(target, name)
    });
    for (const name of GLOBALS) own[name] = world;
    for (const name of PATCHED) own[name] = borrowed(scope, name, bound);
    return (
      /** @type {any} */
      world
    );
  }
  function runIn(world, code) {
    const kept = 'if (typeof CozeWebSDK !== "undefined") window.CozeWebSDK = CozeWebSDK;';
    const names = [...GLOBALS, ...PATCHED];
    const run = new Function(...names, `${code}
;${kept}`);
    run.apply(world, [...GLOBALS.map(() => world), ...PATCHED.map((name) => late(world, name))]);
  }
  function late(world, name) {
    if (name === "fetch") return (...args) => world.fetch(...args);
    return world[name];
  }
  function borrowed(scope, name, bound) {
    const value = scope[name];
    if (typeof value !== "function" || Object.hasOwn(value, "prototype")) return value;
    const known = bound.get(value);
    if (known) return known;
    const function_ = value.bind(scope);
    bound.set(value, function_);
    return function_;
  }
  function isAccessor(scope, name) {
    for (let holder = scope; holder; holder = Object.getPrototypeOf(holder)) {
      const property = Object.getOwnPropertyDescriptor(holder, name);
      if (property) return property.set !== void 0;
    }
    return false;
  }

  // userscript/sdk_loading.js
  var PAUSES_MS = [500, 2e3];
  var RUN_DEADLINE_MS = 4e3;
  var POLL_MS = 50;
  var PLATFORM_PAGE = /(?:^|\.)coze\.(?:cn|com)$/i;
  async function loadedSdk(parts) {
    const code = await fetchedCode(parts);
    if (code !== null) {
      const loaded = inSandbox(parts, code);
      if (loaded) return loaded;
    }
    return inPage(parts, code);
  }
  async function fetchedCode({ send, proxied, log, sleep }) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await send({ method: "GET", url: proxied, headers: {} });
        if (answer.ok) return await answer.text();
        log.add(`the Chat SDK came with status ${answer.status}`);
        if (answer.status < 500 && answer.status !== 429) return null;
      } catch (error) {
        log.add("the Chat SDK did not come", error);
      }
      const pause = PAUSES_MS[attempt];
      if (pause === void 0) return null;
      await sleep(pause);
    }
  }
  function inSandbox({ scope, patch, log }, code) {
    const world = ownWorld(scope);
    const leave = patch(world);
    try {
      runIn(world, code);
      const { WebChatClient } = (
        /** @type {any} */
        world.CozeWebSDK ?? {}
      );
      if (WebChatClient) return { WebChatClient, leave, where: "sandbox" };
      log.add("the code brought no Chat SDK");
    } catch (error) {
      log.add("the Chat SDK does not run in the sandbox", error);
    }
    leave();
    return null;
  }
  async function inPage({ scope, gm, address, patch, log, sleep }, code) {
    const page = gm.page ?? scope;
    if (PLATFORM_PAGE.test(scope.location.hostname)) {
      log.add("this is a page of the platform's own: the Chat SDK is not run in it");
      return null;
    }
    const leave = patch(page);
    const ways = [...code === null ? [] : [{ textContent: code }], { src: address }];
    for (const way of ways) {
      try {
        addScript(scope.document, gm, way);
        for (let waited = 0; waited < RUN_DEADLINE_MS; waited += POLL_MS) {
          const { WebChatClient } = (
            /** @type {any} */
            page.CozeWebSDK ?? {}
          );
          if (WebChatClient) return { WebChatClient, leave, where: "page" };
          await sleep(POLL_MS);
        }
        log.add("src" in way ? "the Chat SDK did not load directly" : "the Chat SDK does not run in the page");
      } catch (error) {
        log.add("the page takes no script", error);
      }
    }
    leave();
    return null;
  }
  function addScript(document2, { addElement }, way) {
    const parent = document2.head ?? document2.documentElement;
    if (addElement) {
      addElement(parent, "script", way);
      return;
    }
    const script = Object.assign(document2.createElement("script"), way);
    parent.append(script);
  }

  // userscript/sdk_face.js
  async function sdkFace(parts) {
    const { scope, gm, gateway, send, values, botName, log, onChange } = parts;
    const { apiBase, upstream, userId, rights } = await gateway.session();
    const missing = !upstream.sdkUrl ? "the gateway names no Chat SDK" : !values.botId ? "no bot is chosen" : "";
    if (missing) {
      log.add(missing);
      return null;
    }
    const token = ownToken();
    const loaded = await loadedSdk({
      scope,
      gm,
      send,
      address: upstream.sdkUrl,
      proxied: `${apiBase}/${encodeURIComponent(upstream.sdkUrl)}`,
      patch: (world) => patchPage(world, onlyWith(token, waysOf(gateway), world.fetch.bind(world))),
      log,
      sleep: sleepOnClock
    });
    if (!loaded) return null;
    log.add(`the Chat SDK runs in the ${loaded.where}`);
    let isShown = false;
    const changed = (shown) => {
      isShown = shown;
      onChange();
    };
    const { body } = scope.document;
    const before = new Set(body.children);
    const client = new loaded.WebChatClient(
      merged(optionsFor(values, { title: values.title || botName, userId, token, gateway, changed }), withoutClosed(rights))
    );
    const added = [...body.children].filter((child) => !before.has(child) && child.tagName !== "SCRIPT");
    return {
      name: `Chat SDK (${loaded.where})`,
      get isShown() {
        return isShown;
      },
      get isInPage() {
        return added.every((element) => element.isConnected);
      },
      show: () => client.showChatBot(),
      hide: () => client.hideChatBot(),
      destroy() {
        client.destroy();
        loaded.leave();
      }
    };
  }
  function optionsFor({ botId, width, lang }, { title, userId, token, gateway, changed }) {
    return {
      config: { type: "bot", bot_id: botId, isIframe: false },
      auth: {
        type: "token",
        token,
        onRefreshToken: async () => {
          await gateway.onRefreshToken();
          return token;
        }
      },
      userInfo: { id: userId },
      ui: {
        base: { lang },
        chatBot: {
          title,
          width,
          onShow: () => changed(true),
          onHide: () => changed(false)
        }
      }
    };
  }

  // chat/failure.js
  var LOGIN_REQUIRED = "urn:cozegate:problem:login-required";
  var KIND_BY_CODE = /* @__PURE__ */ new Map([
    [4008, "quota"],
    [4009, "rate"],
    [4010, "too-long"],
    [4011, "quota"],
    [4013, "rate"],
    [4015, "unpublished"],
    [4016, "busy"],
    [4019, "quota"],
    [4020, "rate"],
    [4022, "quota"],
    [4027, "quota"],
    [4028, "quota"],
    [4100, "session"],
    [4101, "permission"],
    [4105, "sensitive"],
    [4200, "missing"],
    [5e3, "upstream"],
    [POLICY_CODE, "not-allowed"],
    [700012006, "session"]
  ]);
  var Failure = class extends Error {
    /**
     * @param {FailureKind} kind
     * @param {{ status?: number | undefined, code?: number | undefined, reason?: string, logId?: string | undefined, cause?: unknown }} [facts]
     */
    constructor(kind, { status, code, reason = "", logId, cause } = {}) {
      super(reason || kind, { cause });
      this.name = "Failure";
      this.kind = kind;
      this.status = status;
      this.code = code;
      this.reason = reason;
      this.logId = logId;
    }
  };
  function unreachable(cause) {
    return new Failure("unreachable", { cause });
  }
  function failureIn(body, response) {
    const status = response?.status;
    const code = Number(body?.code ?? 0);
    const isRefused = status !== void 0 && status >= 400;
    if (!isRefused && !(code !== 0 && Number.isFinite(code))) return null;
    return new Failure(body?.type === LOGIN_REQUIRED ? "login" : kindOf(status, code), {
      status: isRefused ? status : void 0,
      code: code || void 0,
      reason: [body?.msg, body?.message, body?.detail, body?.title].find((text2) => typeof text2 === "string" && text2) ?? "",
      logId: logIdOf(body, response)
    });
  }
  function kindOf(status = 200, code) {
    const kind = KIND_BY_CODE.get(code);
    if (kind) return kind;
    if (status === 401) return "session";
    if (status === 403) return "permission";
    if (status === 404) return "missing";
    if (status === 413) return "too-long";
    if (status === 429) return "rate";
    if (status >= 500) return "upstream";
    return "refused";
  }
  function logIdOf(body, response) {
    return response?.headers.get("x-tt-logid") || body?.detail?.logid || body?.error?.logid || response?.headers.get("x-request-id") || body?.request_id || void 0;
  }

  // chat/answer.js
  async function* answerEvents(frames, logId) {
    for await (const { event, data } of frames) {
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
  function errorFrame(body, data, logId) {
    return withLogId(failureIn(body) ?? new Failure("upstream", { reason: body ? "" : data }), logId);
  }
  function chatFailure(body, logId) {
    return withLogId(failureIn(body?.last_error) ?? failureIn(body) ?? new Failure("upstream"), logId);
  }
  function withLogId(failure, logId) {
    failure.logId ??= logId;
    return failure;
  }
  function isAnswer(message) {
    return message?.type === "answer" && message.role !== "user";
  }
  function contentOf(message) {
    return {
      messageId: String(message.id ?? ""),
      text: String(message.content ?? ""),
      reasoning: String(message.reasoning_content ?? "")
    };
  }
  function parse(data) {
    try {
      return JSON.parse(data);
    } catch {
      return null;
    }
  }

  // chat/api.js
  var PAGE_SIZE = 50;
  var Api = class {
    #line;
    /** @param {Line} line */
    constructor(line2) {
      this.#line = line2;
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
        (data?.workspaces ?? []).map(
          (workspace) => this.#call("GET", `/v1/bots?${query({ workspace_id: workspace.id, page_num: 1, page_size: PAGE_SIZE })}`)
        )
      );
      return perWorkspace.flatMap(({ data: data2 }) => data2?.items ?? []).filter((bot) => bot.is_published !== false).map((bot) => ({ id: String(bot.id), name: String(bot.name || bot.id) }));
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
        questions: (data?.onboarding_info?.suggested_questions ?? []).map(String)
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
        ...olderThan ? { after_id: olderThan } : {}
      });
      return {
        messages: [...body.data ?? []].reverse(),
        oldestId: String(body.last_id ?? ""),
        hasMore: body.has_more === true
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
    async #openAnswer(visitor, { conversationId, botId, text: text2, signal }) {
      const body = {
        bot_id: botId,
        user_id: visitor.userId,
        stream: true,
        additional_messages: [{ role: "user", type: "question", content_type: "text", content: text2 }]
      };
      const path = conversationId ? `/v3/chat?${query({ conversation_id: conversationId })}` : "/v3/chat";
      const response = await this.#send(visitor, "POST", path, body, signal);
      const isStream2 = (response.headers.get("content-type") ?? "").includes("event-stream");
      if (!response.ok || !isStream2 || !response.body) {
        const answer = parse(await response.text());
        throw failureIn(answer, response) ?? errorFrame(answer, "no event stream", logIdOf(answer, response));
      }
      const logId = logIdOf(null, response);
      const frames = unlessCut(readEvents(response.body), logId);
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
        const text2 = await response.text().catch((cause) => {
          throw unreachable(cause);
        });
        const answer = parse(text2);
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
      const init = { method, headers: {} };
      if (body) {
        init.headers["Content-Type"] = "application/json";
        init.body = JSON.stringify(body);
      }
      if (signal) init.signal = signal;
      try {
        return await visitor.send(path, init);
      } catch (cause) {
        if (isAbort2(cause)) throw cause;
        throw unreachable(cause);
      }
    }
  };
  async function* unlessCut(frames, logId) {
    try {
      yield* frames;
    } catch (cause) {
      if (isAbort2(cause)) throw cause;
      throw new Failure("interrupted", { logId, cause });
    }
  }
  async function* resumed(first, frames) {
    try {
      if (first.done) return;
      yield first.value;
      yield* frames;
    } finally {
      await frames.return();
    }
  }
  function isAbort2(cause) {
    return (
      /** @type {any} */
      cause?.name === "AbortError"
    );
  }
  function toConversation(data) {
    return {
      id: String(data?.id ?? ""),
      name: String(data?.name ?? ""),
      updatedAt: Number(data?.updated_at || data?.created_at || 0)
    };
  }
  function query(values) {
    return new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)])).toString();
  }

  // chat/gateway_line.js
  var CALL_TIMEOUT_MS = 75e3;
  var GatewayLine = class {
    #gateway;
    /** @param {GatewayClient} gateway */
    constructor(gateway) {
      this.#gateway = gateway;
    }
    get callTimeoutMs() {
      return CALL_TIMEOUT_MS;
    }
    /**
     * Runs `attempt` once: a refused handle has been replaced below already.
     * @template T
     * @param {(visitor: import("./api.js").Visitor) => Promise<T>} attempt
     * @returns {Promise<T>}
     */
    async use(attempt) {
      const { userId, rights = rightsIn({}) } = await this.#gateway.session().catch((trouble) => {
        throw failureOf(trouble);
      });
      return attempt({ userId, rights, send: (path, init) => this.#gateway.call(path, init) });
    }
  };
  function failureOf(trouble) {
    const facts = { reason: String(trouble?.detail ?? ""), status: trouble?.response?.status, cause: trouble };
    if (trouble?.problem === "login-required") return new Failure("login", facts);
    if (trouble?.isOfPolicy) return new Failure("not-allowed", facts);
    if (trouble?.kind === "busy") return new Failure("rate", facts);
    if (trouble?.kind === "refused") return new Failure("session", facts);
    return new Failure("unreachable", { cause: trouble });
  }

  // chat/answer_view.js
  var AnswerView = class {
    #thread;
    /** @type {Map<string, import("./thread.js").MessageView>} */
    #views = /* @__PURE__ */ new Map();
    /** @type {import("./thread.js").MessageView | null} */
    #waiting;
    /**
     * @param {import("./thread.js").Thread} thread
     * @param {string} waitingNote shown until the first word
     */
    constructor(thread, waitingNote) {
      this.#thread = thread;
      this.#waiting = thread.add("assistant");
      this.#waiting.busy = true;
      this.#waiting.note = waitingNote;
    }
    /** All that was said so far. */
    get text() {
      const texts = [...this.#views.values()].map((view) => view.text);
      return texts.filter(Boolean).join("\n\n");
    }
    get isEmpty() {
      return this.text === "";
    }
    /** @param {{ type: "delta" | "answer", messageId: string, text: string, reasoning: string }} event */
    take({ type, messageId, text: text2, reasoning }) {
      const view = this.#viewOf(messageId);
      if (type === "delta") {
        view.appendReasoning(reasoning);
        view.append(text2);
      } else {
        view.complete(text2 || view.text, reasoning);
      }
      this.#thread.follow();
    }
    /** @param {string} note under the last message */
    end(note) {
      for (const view of this.#views.values()) {
        if (view.node.getAttribute("aria-busy") !== "false") view.complete(view.text, "");
      }
      const last = this.#waiting ?? [...this.#views.values()].at(-1);
      if (!last) return;
      last.busy = false;
      last.note = note;
      if (this.#waiting && !note) this.#waiting.node.remove();
    }
    remove() {
      this.#waiting?.node.remove();
      for (const view of this.#views.values()) view.node.remove();
    }
    /** @param {string} messageId */
    #viewOf(messageId) {
      let view = this.#views.get(messageId);
      if (!view) {
        view = this.#waiting ?? this.#thread.add("assistant");
        this.#waiting = null;
        view.busy = true;
        view.note = "";
        this.#views.set(messageId, view);
      }
      return view;
    }
  };

  // chat/history.js
  var TALK = /* @__PURE__ */ new Set(["", "question", "answer"]);
  function shownMessage(message, say) {
    if (!TALK.has(message.type ?? "")) return null;
    return {
      id: String(message.id),
      role: message.role === "user" ? "user" : "assistant",
      text: message.content_type === "object_string" ? mixedText(message.content, say) : String(message.content ?? ""),
      reasoning: String(message.reasoning_content ?? "")
    };
  }
  function mixedText(content, say) {
    const items = parse(content);
    if (!Array.isArray(items)) return content;
    return items.map((item) => item?.type === "text" ? String(item.text ?? "") : say("chat-attachment", { kind: String(item?.type) })).join("\n");
  }
  function nameFor(question) {
    const line2 = question.trim().split("\n", 1)[0]?.replace(/\s+/g, " ") ?? "";
    const letters = [...line2];
    return letters.length <= 40 ? line2 : `${letters.slice(0, 39).join("").trimEnd()}…`;
  }

  // chat/chat.js
  var NO_CONVERSATIONS = { conversations: [], hasMore: false };
  var Asked = class {
    abort = new AbortController();
    chatId = "";
    isStopped = false;
    /** @param {string} text */
    constructor(text2) {
      this.text = text2;
    }
  };
  var Chat = class {
    #p;
    /** @type {import("./api.js").Bot} */
    #bot = { id: "", name: "", description: "", prologue: "", questions: [] };
    /** @type {Conversation[]} */
    #conversations = [];
    #page = 1;
    #hasMore = false;
    /** The open conversation; empty for one that does not exist before its first question. */
    #currentId = "";
    #oldestId = "";
    /** @type {Asked | null} */
    #asked = null;
    #rights = rightsIn({});
    /** Counts openings, so that a slow answer about a conversation left behind is not shown in another. */
    #visit = 0;
    /** @param {Parts} parts */
    constructor(parts) {
      this.#p = parts;
    }
    /**
     * Enters the room of a bot: its conversations, the newest one open.
     * @param {import("./api.js").Bot} bot
     */
    async enter(bot) {
      const { api, view, thread, composer, say } = this.#p;
      this.leave();
      this.#bot = bot;
      thread.speaker = bot.name;
      view.state = "loading";
      view.loading = say("chat-loading");
      const visit = this.#visit;
      try {
        this.#rights = await api.rights();
        const isListed = this.#mayList();
        const { conversations, hasMore } = isListed ? await api.conversations(bot.id, 1) : NO_CONVERSATIONS;
        if (visit !== this.#visit) return;
        this.#conversations = conversations;
        this.#page = 1;
        this.#hasMore = hasMore;
      } catch (error) {
        view.loading = "";
        this.#failed(error, { retry: () => this.enter(bot) });
        return;
      }
      composer.shown = true;
      const newest2 = this.#conversations[0];
      if (newest2) await this.open(newest2);
      else this.startNew();
    }
    /** Leaves whatever is open. An answer on its way goes on at Coze and is there when one comes back. */
    leave() {
      const { view, thread, composer } = this.#p;
      this.#visit += 1;
      if (this.#asked) {
        this.#asked.abort.abort();
        if (!this.#asked.chatId) composer.giveBack(this.#asked.text);
        this.#asked = null;
      }
      this.#currentId = "";
      this.#oldestId = "";
      composer.phase = "idle";
      view.loading = "";
      view.followUps = [];
      view.showEmpty(null);
      view.tell("");
      thread.clear();
    }
    /** Opens an empty conversation. It is created with its first question, which also gives it its name. */
    startNew() {
      const { view, composer } = this.#p;
      this.leave();
      view.state = "ready";
      view.showEmpty(this.#bot);
      this.#showList();
      composer.focus();
    }
    /** @param {Conversation} conversation */
    async open(conversation) {
      const { view, composer, thread, say } = this.#p;
      this.leave();
      this.#currentId = conversation.id;
      this.#showList();
      view.state = "loading";
      view.loading = say("chat-history-loading");
      const visit = this.#visit;
      try {
        await this.loadEarlier();
        if (visit !== this.#visit) return;
        view.loading = "";
        view.showEmpty(thread.isEmpty ? this.#bot : null);
        view.state = "ready";
        thread.toEnd();
        composer.focus();
      } catch (error) {
        if (visit !== this.#visit) return;
        view.loading = "";
        this.#failed(error, { retry: () => this.open(conversation) });
      }
    }
    /** Shows the messages before those that are there. */
    async loadEarlier() {
      const { api, thread, say } = this.#p;
      const visit = this.#visit;
      const { messages, oldestId, hasMore } = await api.messages(this.#currentId, this.#oldestId || void 0);
      if (visit !== this.#visit) return;
      const shown = messages.map((message) => shownMessage(message, say)).filter((message) => message !== null);
      const fresh = thread.prepend(shown);
      const isFurther = oldestId !== "" && oldestId !== this.#oldestId;
      this.#oldestId = oldestId;
      thread.offerEarlier(hasMore && isFurther);
      if (fresh === 0 && hasMore && isFurther) await this.loadEarlier();
    }
    /** Loads earlier messages for the button; a failure is said, nothing else changes. */
    async showEarlier() {
      try {
        await this.loadEarlier();
      } catch (error) {
        this.#failed(error, { retry: () => this.showEarlier() });
      }
    }
    async moreConversations() {
      try {
        const next = await this.#p.api.conversations(this.#bot.id, this.#page + 1);
        const known = new Set(this.#conversations.map(({ id }) => id));
        this.#conversations.push(...next.conversations.filter(({ id }) => !known.has(id)));
        this.#page += 1;
        this.#hasMore = next.hasMore;
        this.#showList();
      } catch (error) {
        this.#failed(error, { retry: () => this.moreConversations() });
      }
    }
    /**
     * @param {Conversation} conversation
     * @param {string} name
     */
    async rename(conversation, name) {
      const before = conversation.name;
      conversation.name = name;
      this.#showList();
      try {
        await this.#p.api.renameConversation(conversation.id, name);
      } catch (error) {
        conversation.name = before;
        this.#showList();
        this.#failed(error, { retry: () => this.rename(conversation, name) });
      }
    }
    /** @param {Conversation} conversation */
    async delete(conversation) {
      try {
        await this.#p.api.deleteConversation(conversation.id);
      } catch (error) {
        this.#failed(error, { retry: () => this.delete(conversation) });
        return;
      }
      this.#conversations = this.#conversations.filter(({ id }) => id !== conversation.id);
      if (conversation.id === this.#currentId) this.startNew();
      else this.#showList();
    }
    /**
     * Asks what stands in the input.
     * @param {string} text
     */
    async send(text2) {
      this.#p.composer.text = "";
      await this.ask(text2);
    }
    /**
     * Asks; resolves when the answer is complete, stopped or failed.
     * @param {string} text
     */
    async ask(text2) {
      if (this.#asked) return;
      const { api, view, thread, composer, say } = this.#p;
      const asked = this.#asked = new Asked(text2);
      const visit = this.#visit;
      view.tell("");
      view.followUps = [];
      view.showEmpty(null);
      view.state = "streaming";
      composer.phase = "sending";
      const question = thread.add("user");
      question.complete(text2, "");
      const answer = new AnswerView(thread, say("chat-thinking"));
      thread.toEnd();
      try {
        const conversationId = await this.#conversationFor(text2);
        if (visit !== this.#visit) return;
        asked.abort.signal.throwIfAborted();
        const followUps = [];
        const events = api.ask({ conversationId, botId: this.#bot.id, text: text2, signal: asked.abort.signal });
        for await (const event of events) {
          if (visit !== this.#visit) return;
          if (event.type === "started") {
            asked.chatId = event.chatId;
            this.#currentId ||= event.conversationId;
            composer.phase = "answering";
            this.#p.onMessage?.({ role: "user", text: text2 });
          } else if (event.type === "follow-up") followUps.push(event.text);
          else if (event.type !== "finished") answer.take(event);
        }
        answer.end("");
        view.followUps = followUps;
        thread.follow();
        view.state = "ready";
        this.#settle(asked);
        this.#p.onMessage?.({ role: "assistant", text: answer.text });
      } catch (error) {
        if (visit !== this.#visit) return;
        this.#settle(asked);
        if (asked.isStopped && asked.chatId) {
          answer.end(say("chat-stopped"));
          view.state = "ready";
          return;
        }
        composer.giveBack(text2);
        if (asked.chatId) {
          answer.end(say(answer.isEmpty ? "chat-unanswered" : "chat-cut"));
        } else {
          question.node.remove();
          answer.remove();
          view.showEmpty(thread.isEmpty ? this.#bot : null);
        }
        if (asked.isStopped) view.state = "ready";
        else this.#failed(error, this.#remedies(error, asked));
      }
    }
    /** Stops the answer that is being written, here and at Coze. */
    async stop() {
      const asked = this.#asked;
      if (!asked || asked.isStopped) return;
      asked.isStopped = true;
      const conversationId = this.#currentId;
      asked.abort.abort();
      if (!asked.chatId) return;
      await this.#p.api.cancel(conversationId, asked.chatId).catch(() => void 0);
    }
    /**
     * Returns the open conversation, created when the question is its first.
     * @param {string} question
     */
    async #conversationFor(question) {
      if (!allows(this.#rights, "conversations")) return this.#currentId;
      if (!this.#currentId) {
        const visit = this.#visit;
        const created = await this.#p.api.createConversation(this.#bot.id, nameFor(question));
        this.#conversations.unshift({ ...created, name: created.name || nameFor(question) });
        if (visit !== this.#visit) return created.id;
        this.#currentId = created.id;
      }
      const current = this.#conversations.find(({ id }) => id === this.#currentId);
      if (current) {
        current.updatedAt = Math.floor(Date.now() / 1e3);
        this.#conversations = [current, ...this.#conversations.filter((other) => other !== current)];
      }
      this.#showList();
      return this.#currentId;
    }
    /** @param {Asked} asked */
    #settle(asked) {
      if (this.#asked !== asked) return;
      this.#asked = null;
      this.#p.composer.phase = "idle";
      this.#p.composer.focus();
    }
    /**
     * @param {unknown} error
     * @param {Asked} asked
     * @returns {import("./view.js").Remedies}
     */
    #remedies(error, asked) {
      const { composer } = this.#p;
      const current = this.#conversations.find(({ id }) => id === this.#currentId);
      const isCut = error instanceof Failure && error.kind === "interrupted" && asked.chatId !== "";
      return {
        retry: () => {
          composer.takeOut(asked.text);
          void this.ask(asked.text);
        },
        reload: isCut && current ? () => {
          composer.takeOut(asked.text);
          void this.open(current);
        } : void 0,
        isTextKept: true
      };
    }
    /**
     * @param {unknown} error
     * @param {import("./view.js").Remedies} remedies
     */
    #failed(error, remedies) {
      if (isAbort2(error)) return;
      const failure = error instanceof Failure ? error : new Failure("upstream", { cause: error });
      this.#p.view.showFailure(failure, remedies);
    }
    /** Whether conversations can be listed and read again. */
    #mayList() {
      return allows(this.#rights, "conversations", "messages");
    }
    #showList() {
      if (!this.#mayList()) return;
      const isFresh = this.#currentId === "" && this.#conversations.length > 0;
      const fresh = isFresh ? [{ id: "", name: this.#p.say("chat-new"), updatedAt: 0 }] : [];
      this.#p.showList([...fresh, ...this.#conversations], this.#currentId, this.#hasMore);
    }
  };

  // chat/composer.js
  var Composer = class {
    /** @type {HTMLFormElement} */
    #form;
    /** @type {HTMLTextAreaElement} */
    #input;
    /** @type {HTMLButtonElement} */
    #send;
    #stop;
    #isAnswering = false;
    #draft;
    /**
     * @param {import("../pages/page_data.js").Find} find
     * @param {{ onSend: (text: string) => void, onStop: () => void }} on
     * @param {Draft} draft
     */
    constructor(find, on, draft) {
      this.#form = find("composer");
      this.#input = find("input");
      this.#send = find("send");
      this.#stop = find("stop");
      this.#draft = draft;
      this.#form.addEventListener("submit", (event) => {
        event.preventDefault();
        const text2 = this.text.trim();
        if (text2 && !this.#isAnswering) on.onSend(text2);
      });
      this.#stop.addEventListener("click", on.onStop);
      this.#input.addEventListener("input", () => this.#changed());
      this.#input.addEventListener("keydown", (event) => {
        const isComposing = event.isComposing || event.keyCode === 229;
        if (event.key !== "Enter" || event.shiftKey || isComposing) return;
        event.preventDefault();
        this.#form.requestSubmit();
      });
      this.text = draft.read();
    }
    get text() {
      return this.#input.value;
    }
    set text(text2) {
      this.#input.value = text2;
      this.#changed();
    }
    /** @param {boolean} isShown */
    set shown(isShown) {
      this.#form.hidden = !isShown;
      this.#changed();
    }
    /**
     * Puts a text that was not answered back, before anything that was typed since.
     * @param {string} text
     */
    giveBack(text2) {
      const typed = this.text;
      if (typed.startsWith(text2)) return;
      this.text = typed.trim() ? `${text2}
${typed}` : text2;
    }
    /**
     * Takes a text that was given back out again, when it is asked anew or its answer has arrived after all.
     * @param {string} text
     */
    takeOut(text2) {
      if (this.text.startsWith(text2)) this.text = this.text.slice(text2.length).replace(/^\n/, "");
    }
    /** @param {"idle" | "sending" | "answering"} phase the next question may be written while an answer is on its way */
    set phase(phase) {
      const hadFocus = this.#hasFocus;
      this.#isAnswering = phase !== "idle";
      this.#input.readOnly = phase === "sending";
      this.#send.hidden = this.#isAnswering;
      this.#stop.hidden = !this.#isAnswering;
      this.#changed();
      if (hadFocus && !this.#hasFocus) (this.#isAnswering ? this.#stop : this.#send).focus();
    }
    get #hasFocus() {
      const { activeElement } = (
        /** @type {Document | ShadowRoot} */
        this.#form.getRootNode()
      );
      return activeElement instanceof HTMLElement && this.#form.contains(activeElement) && activeElement.getClientRects().length > 0;
    }
    focus() {
      if (matchMedia("(hover: hover)").matches) this.#input.focus({ preventScroll: true });
    }
    #changed() {
      this.#send.disabled = this.text.trim() === "";
      this.#input.style.height = "auto";
      this.#input.style.height = `${this.#input.scrollHeight}px`;
      this.#draft.write(this.text);
    }
  };

  // chat/drawer.js
  var COLUMN_FROM_PX = 801;
  var Drawer = class {
    #find;
    #drawer;
    #list;
    #none;
    #more;
    #opener;
    #room;
    /** @type {HTMLDialogElement} */
    #dialog;
    #say;
    #on;
    /** @type {Intl.DateTimeFormat} */
    #day;
    /** @type {Intl.DateTimeFormat} */
    #time;
    /**
     * @param {import("../pages/page_data.js").Find} find
     * @param {import("../pages/page_data.js").Say} say
     * @param {string} language
     * @param {DrawerEvents} on
     */
    constructor(find, say, language, on) {
      this.#find = find;
      this.#drawer = find("drawer");
      this.#list = find("conversations");
      this.#none = find("conversations-none");
      this.#more = find("conversations-more");
      this.#opener = find("drawer-open");
      this.#room = find("content");
      this.#dialog = find("delete-dialog");
      this.#say = say;
      this.#on = on;
      this.#day = new Intl.DateTimeFormat(language, { year: "numeric", month: "short", day: "numeric" });
      this.#time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
      find("new-conversation").addEventListener("click", () => {
        this.close();
        on.onNew();
      });
      this.#more.addEventListener("click", on.onMore);
      this.#opener.addEventListener("click", () => this.#open());
      find("drawer-close").addEventListener("click", () => this.close());
      find("backdrop").addEventListener("click", () => this.close());
      this.#drawer.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !this.#isOpen) return;
        event.stopPropagation();
        this.close();
      });
      const chat = find("chat");
      new ResizeObserver(() => chat.clientWidth >= COLUMN_FROM_PX && this.close()).observe(chat);
    }
    /**
     * Shows the list.
     * @param {Conversation[]} conversations
     * @param {string} currentId
     * @param {boolean} hasMore
     */
    show(conversations, currentId, hasMore) {
      this.#list.replaceChildren(...conversations.map((conversation) => this.#item(conversation, currentId)));
      this.#none.hidden = conversations.length > 0;
      this.#more.hidden = !hasMore;
    }
    get #isOpen() {
      return "open" in this.#drawer.dataset;
    }
    close() {
      if (!this.#isOpen) return;
      delete this.#drawer.dataset.open;
      this.#room.inert = false;
      this.#opener.setAttribute("aria-expanded", "false");
      this.#opener.focus();
    }
    #open() {
      this.#drawer.dataset.open = "";
      this.#room.inert = true;
      this.#opener.setAttribute("aria-expanded", "true");
      this.#find("drawer-close").focus();
    }
    /**
     * @param {Conversation} conversation
     * @param {string} currentId
     */
    #item(conversation, currentId) {
      const template = this.#find("conversation-template");
      const item = (
        /** @type {HTMLLIElement} */
        /** @type {Element} */
        template.content.firstElementChild.cloneNode(true)
      );
      const part = (name2) => (
        /** @type {HTMLButtonElement} */
        item.querySelector(name2)
      );
      const name = conversation.name || this.#say("chat-untitled");
      part(".conversation-name").textContent = name;
      part(".conversation-date").textContent = this.#date(conversation.updatedAt);
      if (conversation.id === currentId) {
        item.dataset.current = "";
        part(".conversation-open").setAttribute("aria-current", "true");
      }
      part(".conversation-open").addEventListener("click", () => {
        this.close();
        this.#on.onOpen(conversation);
      });
      part(".conversation-rename").addEventListener("click", () => this.#rename(item, conversation));
      part(".conversation-delete").addEventListener("click", () => this.#delete(conversation, name));
      if (!conversation.id) part(".conversation-tools").remove();
      return item;
    }
    /**
     * Puts an input in the name's place: Enter and leaving it save, Escape does not.
     * @param {HTMLLIElement} item
     * @param {Conversation} conversation
     */
    #rename(item, conversation) {
      const input = document.createElement("input");
      input.value = conversation.name;
      input.maxLength = 100;
      input.setAttribute("aria-label", this.#say("chat-rename-label"));
      const before = [...item.childNodes];
      let isOver = false;
      const end = (isSaved) => {
        if (isOver) return;
        isOver = true;
        const name = input.value.trim();
        item.replaceChildren(...before);
        if (isSaved && name && name !== conversation.name) void this.#on.onRename(conversation, name);
      };
      input.addEventListener("keydown", (event) => {
        if (event.isComposing) return;
        if (event.key === "Enter") end(true);
        if (event.key === "Escape") {
          event.stopPropagation();
          end(false);
        }
      });
      input.addEventListener("blur", () => end(true));
      item.replaceChildren(input);
      input.select();
    }
    /**
     * @param {Conversation} conversation
     * @param {string} name
     */
    #delete(conversation, name) {
      this.#find("delete-what").textContent = this.#say("chat-delete-what", { name });
      this.#dialog.returnValue = "";
      this.#dialog.onclose = () => {
        if (this.#dialog.returnValue === "delete") void this.#on.onDelete(conversation);
      };
      this.#dialog.showModal();
    }
    /** @param {number} seconds */
    #date(seconds) {
      if (!seconds) return "";
      const date = new Date(seconds * 1e3);
      const isToday = date.toDateString() === (/* @__PURE__ */ new Date()).toDateString();
      return (isToday ? this.#time : this.#day).format(date);
    }
  };

  // chat/view.js
  var WORDS = {
    action: "chat-error-action",
    busy: "chat-error-busy",
    interrupted: "chat-error-interrupted",
    login: "chat-error-login",
    missing: "chat-error-missing",
    "not-allowed": "chat-error-not-allowed",
    permission: "chat-error-permission",
    quota: "chat-error-quota",
    rate: "chat-error-rate",
    refused: "chat-error-refused",
    sensitive: "chat-error-sensitive",
    session: "chat-error-session",
    "too-long": "chat-error-too-long",
    unpublished: "chat-error-unpublished",
    unreachable: "chat-error-unreachable",
    upstream: "chat-error-upstream"
  };
  var View = class {
    #find;
    #chat;
    #status;
    #statusActions;
    #loading;
    #empty;
    #say;
    #title;
    #on;
    /**
     * @param {import("../pages/page_data.js").Find} find
     * @param {import("../pages/page_data.js").Say} say
     * @param {ViewEvents} on
     * @param {string} title what stands in the bot's place at the top; empty for the bot's own name
     */
    constructor(find, say, on, title) {
      this.#find = find;
      this.#chat = find("chat");
      this.#status = find("status");
      this.#statusActions = find("status-actions");
      this.#loading = find("loading");
      this.#empty = find("empty");
      this.#say = say;
      this.#title = title;
      this.#on = on;
      find("dismiss").addEventListener("click", () => this.clearFailure());
    }
    /** @param {State} state for style sheets and tests */
    set state(state) {
      this.#chat.dataset.state = state;
      this.#on.onState?.(state);
    }
    /** @param {string} text what the room waits for; empty when for nothing */
    set loading(text2) {
      this.#loading.textContent = text2;
      this.#loading.hidden = text2 === "";
    }
    /** @param {string} name of the bot; empty while none is chosen */
    set botName(name) {
      const shown = this.#title || name;
      this.#find("bot-name").textContent = shown || this.#say("chat-title");
      this.#find("bot-avatar").textContent = initialOf(shown);
      this.#find("bot-avatar").hidden = shown === "";
    }
    /**
     * Shows what stands in a conversation without messages, or hides it.
     * @param {{ name: string, prologue: string, questions: string[] } | null} bot
     */
    showEmpty(bot) {
      this.#empty.hidden = bot === null;
      if (!bot) return;
      this.#find("empty-title").textContent = this.#say("chat-empty-title", { bot: bot.name });
      if (bot.prologue) this.#find("empty-lead").textContent = bot.prologue;
      this.#suggest(this.#find("empty-questions"), bot.questions);
    }
    /** @param {string[]} questions what one could ask next; none hides them */
    set followUps(questions) {
      this.#find("follow-ups").hidden = questions.length === 0;
      this.#suggest(this.#find("follow-up-list"), questions);
    }
    /** @param {string} text for screen readers and for those who look: the room's one line */
    tell(text2) {
      delete this.#status.dataset.kind;
      this.#status.replaceChildren(text2);
      this.#statusActions.hidden = true;
    }
    /** @param {string} text why things take long; empty when they do not. A failure that is shown is not covered. */
    set waiting(text2) {
      if (this.#status.dataset.kind === "error") return;
      this.tell(text2);
    }
    /**
     * Says what failed, what to do, and under which number others find it.
     * @param {import("./failure.js").Failure} failure
     * @param {Remedies} remedies
     */
    showFailure(failure, { retry, reload, isTextKept = false } = {}) {
      this.#status.dataset.kind = "error";
      this.#status.replaceChildren(
        this.#say(WORDS[failure.kind]),
        ...isTextKept ? [line("kept", this.#say("chat-error-kept"))] : [],
        ...failure.logId ? [line("log", this.#say("chat-error-log", { log_id: failure.logId }))] : [],
        ...this.#details(failure)
      );
      const logIn = this.#find("log-in");
      logIn.hidden = failure.kind !== "login" || !logIn.hasAttribute("href");
      const isFinal = failure.kind === "not-allowed";
      offer(this.#find("retry"), isFinal ? void 0 : retry);
      offer(this.#find("reload"), isFinal ? void 0 : reload);
      this.#statusActions.hidden = false;
      this.state = "error";
      this.#on.onFailure?.(failure);
    }
    /**
     * Returns what only some readers want, folded: codes, and the other side's own words.
     * @param {import("./failure.js").Failure} failure
     */
    #details({ reason, code, status }) {
      const facts = [
        reason ? this.#say("chat-error-said", { reason }) : "",
        code ? this.#say("chat-error-code", { code }) : "",
        status ? this.#say("chat-error-status", { status }) : ""
      ].filter(Boolean);
      if (facts.length === 0) return [];
      const details = document.createElement("details");
      const summary = document.createElement("summary");
      summary.textContent = this.#say("chat-error-details");
      details.append(summary, ...facts.map((fact) => line("log", fact)));
      return [details];
    }
    clearFailure() {
      this.tell("");
      if (this.#chat.dataset.state === "error") this.state = "ready";
    }
    /**
     * @param {HTMLElement} list
     * @param {string[]} questions
     */
    #suggest(list, questions) {
      list.replaceChildren(
        ...questions.map((question) => {
          const item = document.createElement("li");
          const button = document.createElement("button");
          Object.assign(button, { type: "button", className: "button", textContent: question });
          button.addEventListener("click", () => this.#on.onQuestion(question));
          item.append(button);
          return item;
        })
      );
    }
  };
  function line(className, text2) {
    const node = document.createElement("span");
    return Object.assign(node, { className, textContent: text2 });
  }
  function offer(button, act) {
    button.hidden = !act;
    button.onclick = act ?? null;
  }
  function initialOf(name) {
    return [...name.trim()][0]?.toUpperCase() ?? "";
  }

  // chat/picker.js
  var Picker = class {
    #section;
    #title;
    #lead;
    #bots;
    #form;
    /** @type {HTMLInputElement} */
    #id;
    #say;
    #onPick;
    /**
     * @param {import("../pages/page_data.js").Find} find
     * @param {import("../pages/page_data.js").Say} say
     * @param {(botId: string) => void} onPick
     */
    constructor(find, say, onPick) {
      this.#section = find("picker");
      this.#title = find("picker-title");
      this.#lead = find("picker-lead");
      this.#bots = find("picker-bots");
      this.#id = find("picker-id");
      this.#say = say;
      this.#onPick = onPick;
      const hint = find("picker-hint");
      const usualHint = hint.textContent;
      this.#form = find("picker-form");
      this.#form.addEventListener("submit", (event) => {
        event.preventDefault();
        const id = this.#id.value.trim();
        const isId = /^\d{1,20}$/.test(id);
        this.#id.setAttribute("aria-invalid", String(!isId));
        hint.textContent = isId ? usualHint : say("chat-pick-id-wrong");
        if (isId) onPick(id);
        else this.#id.focus();
      });
    }
    /**
     * Shows the choice; `bots` may come later, or not at all.
     * @param {Promise<{ id: string, name: string }[]>} bots
     * @param {Promise<boolean>} isAnyAllowed whether a bot may be named by its id
     */
    async show(bots, isAnyAllowed) {
      this.#section.hidden = false;
      this.#lead.textContent = this.#say("chat-pick-loading");
      this.#bots.replaceChildren();
      this.#title.focus();
      const [found, isAny] = await Promise.all([bots.catch(() => []), isAnyAllowed]);
      this.#form.hidden = !isAny;
      this.#lead.textContent = this.#say(found.length > 0 ? "chat-pick-lead" : "chat-pick-none");
      this.#bots.replaceChildren(...found.map((bot) => this.#choice(bot)));
    }
    hide() {
      this.#section.hidden = true;
    }
    /** @param {{ id: string, name: string }} bot */
    #choice(bot) {
      const item = document.createElement("li");
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button" });
      button.dataset.bot = bot.id;
      const avatar = document.createElement("span");
      Object.assign(avatar, { className: "avatar", textContent: initialOf(bot.name) });
      avatar.setAttribute("aria-hidden", "true");
      const label = document.createElement("span");
      Object.assign(label, { className: "bot-label", textContent: bot.name });
      button.append(avatar, label);
      button.addEventListener("click", () => this.#onPick(bot.id));
      item.append(button);
      return item;
    }
  };

  // chat/links.js
  var ADDRESS = /https?:\/\/[^\s<>"'`，。；：！？、（）《》「」『』【】“”‘’]+/gi;
  var TRAILING = /[.,;:!?*_~\])}]+$/;
  function splitLinks(text2) {
    const parts = [];
    let end = 0;
    for (const match of text2.matchAll(ADDRESS)) {
      const address = withoutTrailing(match[0]);
      const href = hrefOf(address);
      if (!href) continue;
      if (match.index > end) parts.push({ text: text2.slice(end, match.index) });
      parts.push({ text: address, href });
      end = match.index + address.length;
    }
    if (end < text2.length) parts.push({ text: text2.slice(end) });
    return parts;
  }
  function hrefOf(address) {
    try {
      return new URL(address).href;
    } catch {
      return null;
    }
  }
  function withoutTrailing(address) {
    const trailing = TRAILING.exec(address)?.[0] ?? "";
    const kept = trailing.startsWith(")") && address.includes("(") ? 1 : 0;
    return address.slice(0, address.length - trailing.length + kept);
  }

  // chat/thread.js
  var NEAR_END_PX = 80;
  var MessageView = class {
    /** @type {Text} */
    #text;
    /** @type {Text} */
    #reasoning = document.createTextNode("");
    #say;
    /**
     * @param {HTMLTemplateElement} template
     * @param {"user" | "assistant"} role
     * @param {string} speaker
     * @param {import("../pages/page_data.js").Say} say
     */
    constructor(template, role, speaker2, say) {
      this.node = /** @type {HTMLLIElement} */
      /** @type {Element} */
      template.content.firstElementChild.cloneNode(true);
      this.node.dataset.role = role;
      this.#say = say;
      this.#part(".speaker").textContent = speaker2;
      this.#text = this.#part(".message-text").appendChild(document.createTextNode(""));
      this.#part(".reasoning-text").append(this.#reasoning);
    }
    get text() {
      return this.#part(".message-text").textContent ?? "";
    }
    /** @param {string} more */
    append(more) {
      this.#text.appendData(more);
    }
    /** @param {string} more */
    appendReasoning(more) {
      if (!more) return;
      this.#reasoning.appendData(more);
      this.#part(".reasoning").hidden = false;
    }
    /** @param {boolean} isBusy */
    set busy(isBusy) {
      this.node.setAttribute("aria-busy", String(isBusy));
    }
    /** @param {string} note */
    set note(note) {
      this.#part(".message-note").textContent = note;
      this.#part(".message-note").hidden = note === "";
    }
    /**
     * Shows the whole text, with its addresses as links.
     * @param {string} text
     * @param {string} reasoning
     */
    complete(text2, reasoning) {
      const nodes = splitLinks(text2).map(({ text: text3, href }) => {
        if (!href) return document.createTextNode(text3);
        const link = document.createElement("a");
        Object.assign(link, { href, textContent: text3, target: "_blank", rel: "noopener noreferrer nofollow" });
        return link;
      });
      this.#part(".message-text").replaceChildren(...nodes);
      if (reasoning) {
        this.#reasoning.data = "";
        this.appendReasoning(reasoning);
      }
      this.busy = false;
      if (this.node.dataset.role === "assistant" && text2) this.#offerCopy(text2);
    }
    /** @param {string} text */
    #offerCopy(text2) {
      const button = this.#part(".copy-answer");
      button.hidden = false;
      const label = button.title;
      button.onclick = async () => {
        try {
          await navigator.clipboard.writeText(text2);
          button.dataset.done = "";
          button.ariaLabel = this.#say("site-copied");
          setTimeout(() => {
            delete button.dataset.done;
            button.ariaLabel = label;
          }, 2e3);
        } catch {
          this.note = this.#say("site-copy-failed");
        }
      };
    }
    /**
     * @param {string} selector
     * @returns {HTMLElement}
     */
    #part(selector) {
      return (
        /** @type {HTMLElement} */
        this.node.querySelector(selector)
      );
    }
  };
  var Thread = class {
    #log;
    #messages;
    #scroller;
    #jump;
    /** @type {HTMLButtonElement} */
    #earlier;
    /** @type {HTMLTemplateElement} */
    #template;
    #say;
    #speaker = "";
    /** @type {Set<string>} */
    #known = /* @__PURE__ */ new Set();
    #isFollowing = true;
    /**
     * @param {import("../pages/page_data.js").Find} find
     * @param {import("../pages/page_data.js").Say} say
     * @param {{ onEarlier: () => void }} on
     */
    constructor(find, say, on) {
      this.#log = find("log");
      this.#messages = find("messages");
      this.#scroller = find("scroller");
      this.#jump = find("jump");
      this.#earlier = find("earlier");
      this.#template = find("message-template");
      this.#say = say;
      this.#earlier.addEventListener("click", on.onEarlier);
      this.#jump.addEventListener("click", () => this.toEnd());
      new ResizeObserver(() => this.#isFollowing && this.toEnd()).observe(this.#scroller);
      this.#scroller.addEventListener("scroll", () => this.#noticePosition(), { passive: true });
    }
    /** @param {string} name of the bot, for screen readers */
    set speaker(name) {
      this.#speaker = name;
    }
    get isEmpty() {
      return this.#messages.childElementCount === 0;
    }
    clear() {
      this.#messages.replaceChildren();
      this.#known.clear();
      this.offerEarlier(false);
      this.toEnd();
    }
    /**
     * Adds a message at the end.
     * @param {"user" | "assistant"} role
     */
    add(role) {
      const view = this.#view(role);
      this.#log.ariaLive = "polite";
      this.#messages.append(view.node);
      return view;
    }
    /**
     * Shows stored messages above those that are there; returns how many were new.
     * @param {import("./history.js").Shown[]} messages oldest first
     */
    prepend(messages) {
      const fresh = messages.filter(({ id }) => !this.#known.has(id));
      this.#log.ariaLive = "off";
      const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
      const nodes = fresh.map(({ id, role, text: text2, reasoning }) => {
        this.#known.add(id);
        const view = this.#view(role);
        view.complete(text2, reasoning);
        return view.node;
      });
      this.#messages.prepend(...nodes);
      this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
      return fresh.length;
    }
    /** @param {"user" | "assistant"} role */
    #view(role) {
      return new MessageView(this.#template, role, role === "user" ? this.#say("chat-you") : this.#speaker, this.#say);
    }
    /** @param {boolean} isOffered */
    offerEarlier(isOffered) {
      this.#earlier.hidden = !isOffered;
      this.#earlier.disabled = false;
    }
    /** Keeps the newest words in view, unless the reader has scrolled away. */
    follow() {
      if (this.#isFollowing) this.toEnd();
      else this.#jump.hidden = false;
    }
    toEnd() {
      this.#isFollowing = true;
      this.#jump.hidden = true;
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
    }
    #noticePosition() {
      const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
      this.#isFollowing = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
      this.#jump.hidden = this.#isFollowing;
    }
  };

  // chat/room.js
  var Room = class {
    #p;
    #view;
    #chat;
    #composer;
    #drawer;
    #picker;
    /** @type {HTMLButtonElement} */
    #newConversation;
    #changeBot;
    /** @param {RoomParts} parts */
    constructor(parts) {
      const { find, say, lang, api, draft, title, on } = this.#p = parts;
      this.#newConversation = find("new-conversation");
      this.#changeBot = find("change-bot");
      this.#view = new View(find, say, { onQuestion: (question) => chat.ask(question), ...on }, title);
      const thread = new Thread(find, say, { onEarlier: () => chat.showEarlier() });
      this.#composer = new Composer(find, { onSend: (text2) => chat.send(text2), onStop: () => chat.stop() }, draft);
      const drawer = this.#drawer = new Drawer(find, say, lang, {
        onNew: () => chat.startNew(),
        onOpen: (conversation) => chat.open(conversation),
        onRename: (conversation, name) => chat.rename(conversation, name),
        onDelete: (conversation) => chat.delete(conversation),
        onMore: () => chat.moreConversations()
      });
      const chat = this.#chat = new Chat({
        api,
        view: this.#view,
        thread,
        composer: this.#composer,
        say,
        showList: (...list) => drawer.show(...list),
        onMessage: on.onMessage
      });
      this.#picker = new Picker(find, say, (botId) => this.enter(botId));
      this.#changeBot.addEventListener("click", () => this.pick());
    }
    /** @param {string} botId */
    async enter(botId) {
      const { api, bots, say, choice, on } = this.#p;
      const view = this.#view;
      this.#picker.hide();
      this.#newConversation.disabled = false;
      this.#changeBot.hidden = choice !== "offered";
      view.state = "loading";
      view.loading = say("chat-loading");
      view.tell("");
      let bot = { id: botId, name: "", description: "", prologue: "", questions: [] };
      try {
        const rights = await api.rights();
        if (allows(rights, "bot_info")) bot = await api.bot(botId);
      } catch (error) {
        const failure = error instanceof Failure ? error : new Failure("upstream", { cause: error });
        const isGone = failure.kind === "missing" || failure.kind === "unpublished";
        if (isGone && choice !== "never") {
          const picking = this.pick();
          view.showFailure(failure);
          return picking;
        }
        if (isGone || ["unreachable", "session", "not-allowed"].includes(failure.kind)) {
          view.loading = "";
          view.showFailure(failure, { retry: () => this.enter(botId) });
          return;
        }
      }
      bot.name ||= bots?.find(({ id }) => id === botId)?.name || say("chat-bot");
      on.onBot?.(botId);
      view.botName = bot.name;
      await this.#chat.enter(bot);
    }
    /** Lets the visitor choose a bot. */
    async pick() {
      const { api, bots, on } = this.#p;
      this.#chat.leave();
      on.onBot?.(null);
      this.#drawer.show([], "", false);
      this.#composer.shown = false;
      this.#changeBot.hidden = true;
      this.#newConversation.disabled = true;
      this.#view.botName = "";
      this.#view.state = "ready";
      const rights = api.rights().catch(() => rightsIn({}));
      const listed = bots ? rights.then(({ bots: open }) => bots.filter(({ id }) => open?.includes(id) ?? true)) : api.bots();
      await this.#picker.show(listed, rights.then(({ bots: open }) => open === null));
    }
    /** @param {boolean} isWaiting for a gateway that does not answer at the moment: nothing is lost, it takes its time */
    tellWaiting(isWaiting) {
      this.#view.waiting = isWaiting ? this.#p.say("chat-waiting") : "";
    }
    /** Puts the cursor where one writes. */
    focus() {
      this.#composer.focus();
    }
    /** Leaves the room. An answer on its way goes on at Coze. */
    leave() {
      this.#chat.leave();
    }
  };

  // window/place.js
  var LAUNCHER_PX = 56;
  var GAP_PX = 16;
  var STEP_PX = 24;
  var NARROW_PX = 520;
  var LOW_PX = 420;
  var CORNER = { x: 1, y: 1 };
  function launcherAt(place, viewport) {
    return {
      left: Math.round(GAP_PX + place.x * roomIn(viewport.width)),
      top: Math.round(GAP_PX + place.y * roomIn(viewport.height))
    };
  }
  function placeOf(spot, viewport) {
    return { x: share(spot.left, viewport.width), y: share(spot.top, viewport.height) };
  }
  function stepped(place, key, viewport) {
    const { left, top } = launcherAt(place, viewport);
    switch (key) {
      case "ArrowLeft":
        return placeOf({ left: left - STEP_PX, top }, viewport);
      case "ArrowRight":
        return placeOf({ left: left + STEP_PX, top }, viewport);
      case "ArrowUp":
        return placeOf({ left, top: top - STEP_PX }, viewport);
      case "ArrowDown":
        return placeOf({ left, top: top + STEP_PX }, viewport);
      default:
        return null;
    }
  }
  function panelAt(place, viewport, wanted, hasLauncher) {
    if (viewport.width < NARROW_PX || viewport.height < LOW_PX) return null;
    const launcher = launcherAt(place, viewport);
    const besides = hasLauncher ? LAUNCHER_PX + GAP_PX : 0;
    const width = Math.min(wanted.width, viewport.width - 2 * GAP_PX);
    const isBelow = launcher.top + LAUNCHER_PX / 2 < viewport.height / 2;
    const isRight = launcher.left + LAUNCHER_PX / 2 > viewport.width / 2;
    const left = isRight ? launcher.left + LAUNCHER_PX - width : launcher.left;
    const above = launcher.top + (hasLauncher ? -GAP_PX : LAUNCHER_PX);
    const room = isBelow ? viewport.height - launcher.top - besides - GAP_PX : above - GAP_PX;
    const height = Math.min(wanted.height, Math.max(room, LOW_PX - 2 * GAP_PX), viewport.height - 2 * GAP_PX);
    const top = isBelow ? launcher.top + besides : above - height;
    return {
      left: between(left, GAP_PX, viewport.width - width - GAP_PX),
      top: between(top, GAP_PX, viewport.height - height - GAP_PX),
      width,
      height
    };
  }
  function written({ x, y }) {
    return `${x.toFixed(4)},${y.toFixed(4)}`;
  }
  function read(text2) {
    const [, x, y] = /^([\d.]+),([\d.]+)$/.exec(text2 ?? "") ?? [];
    return x === void 0 || y === void 0 ? null : clamped({ x: Number(x), y: Number(y) });
  }
  function clamped(place) {
    if (!place || !Number.isFinite(place.x) || !Number.isFinite(place.y)) return null;
    return { x: between(place.x, 0, 1), y: between(place.y, 0, 1) };
  }
  function roomIn(length) {
    return Math.max(0, length - LAUNCHER_PX - 2 * GAP_PX);
  }
  function share(at, length) {
    const room = roomIn(length);
    return room === 0 ? 1 : between((at - GAP_PX) / room, 0, 1);
  }
  function between(value, least, most) {
    return Math.max(least, Math.min(value, most));
  }

  // window/launcher.js
  var DRAG_FROM_PX = 5;
  var LABELS = { idle: "window-open", busy: "window-open-busy", news: "window-open-news" };
  var Launcher = class {
    #button;
    #say;
    #viewport;
    #on;
    #place;
    /** @type {News} */
    #news = "idle";
    #isOpen = false;
    /**
     * @param {object} parts
     * @param {HTMLElement} parts.button
     * @param {import("../pages/page_data.js").Say} parts.say
     * @param {Place} parts.place
     * @param {() => import("./place.js").Size} parts.viewport
     * @param {{ onPress: () => void, onMoved: (place: Place) => void, onMove: (place: Place) => void }} parts.on `onMove`
     *   while it is on its way, `onMoved` when it has arrived
     */
    constructor({ button, say, place, viewport, on }) {
      this.#button = button;
      this.#say = say;
      this.#place = place;
      this.#viewport = viewport;
      this.#on = on;
      this.#listenToPointer();
      button.addEventListener("keydown", (event) => this.#moveByKey(event));
      this.#label();
      this.put();
    }
    get place() {
      return this.#place;
    }
    /** Puts the button where it belongs on a screen of this size. */
    put() {
      const { left, top } = launcherAt(this.#place, this.#viewport());
      this.#button.style.left = `${left}px`;
      this.#button.style.top = `${top}px`;
    }
    /** @param {boolean} isOpen */
    set open(isOpen) {
      this.#isOpen = isOpen;
      this.#button.setAttribute("aria-expanded", String(isOpen));
      this.#label();
    }
    /** @param {News} news */
    set news(news) {
      this.#news = news;
      this.#button.dataset.news = news;
      this.#label();
    }
    #label() {
      const label = this.#say(this.#isOpen ? "window-close" : LABELS[this.#news]);
      this.#button.setAttribute("aria-label", label);
      this.#button.title = label;
    }
    #listenToPointer() {
      const button = this.#button;
      let press = null;
      button.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || press) return;
        const { left, top } = launcherAt(this.#place, this.#viewport());
        press = { id: event.pointerId, x: event.clientX, y: event.clientY, left, top, isDrag: false };
        button.setPointerCapture(event.pointerId);
      });
      button.addEventListener("pointermove", (event) => {
        if (!press || event.pointerId !== press.id) return;
        const [dx, dy] = [event.clientX - press.x, event.clientY - press.y];
        if (!press.isDrag && Math.hypot(dx, dy) < DRAG_FROM_PX) return;
        press.isDrag = true;
        button.dataset.dragged = "";
        this.#moveTo(placeOf({ left: press.left + dx, top: press.top + dy }, this.#viewport()));
      });
      const end = (event) => {
        if (!press || event.pointerId !== press.id) return;
        const { isDrag } = press;
        press = null;
        if (!isDrag) return;
        this.#on.onMoved(this.#place);
        setTimeout(() => delete button.dataset.dragged);
      };
      button.addEventListener("pointerup", end);
      button.addEventListener("pointercancel", end);
      button.addEventListener("click", () => {
        if (!("dragged" in button.dataset)) this.#on.onPress();
      });
    }
    /** @param {KeyboardEvent} event */
    #moveByKey(event) {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const place = stepped(this.#place, event.key, this.#viewport());
      if (!place) return;
      event.preventDefault();
      this.#moveTo(place);
      this.#on.onMoved(place);
    }
    /** @param {Place} place */
    #moveTo(place) {
      this.#place = place;
      this.put();
      this.#on.onMove(place);
    }
  };

  // window/markup.js
  var PIECE = /<!--[^]*?-->|<\/(?<closed>[a-z][a-z0-9]*)>|<(?<opened>[a-z][a-z0-9]*)(?<attributes>(?:\s+[a-zA-Z][\w-]*(?:="[^"<]*")?)*)\s*(?<self>\/?)>|(?<text>[^<]+)/y;
  var ATTRIBUTE = /\s+(?<name>[a-zA-Z][\w-]*)(?:="(?<value>[^"]*)")?/g;
  var VOID = /* @__PURE__ */ new Set(["br", "hr", "img", "input"]);
  var SVG = "http://www.w3.org/2000/svg";
  function* pieces(markup) {
    PIECE.lastIndex = 0;
    while (PIECE.lastIndex < markup.length) {
      const at = PIECE.lastIndex;
      const found = PIECE.exec(markup)?.groups;
      const next = PIECE.lastIndex;
      if (!found) throw new SyntaxError(`unread markup: ${markup.slice(at, at + 40)}`);
      const { closed, opened, attributes = "", self, text: text2 } = found;
      if (closed) yield { kind: "close", tag: closed };
      else if (text2 !== void 0) yield { kind: "text", text: plain(text2) };
      else if (opened) {
        const named = [...attributes.matchAll(ATTRIBUTE)].map(({ groups }) => groups ?? {});
        yield {
          kind: "open",
          tag: opened,
          attributes: named.map(({ name = "", value = "" }) => [name, plain(value)]),
          isClosed: self === "/" || VOID.has(opened)
        };
      }
      PIECE.lastIndex = next;
    }
  }
  function built(document2, markup) {
    const root = document2.createDocumentFragment();
    const open = [root];
    for (const piece of pieces(markup)) {
      const around = (
        /** @type {DocumentFragment | Element} */
        open.at(-1)
      );
      const parent = isTemplate(around) ? around.content : around;
      if (piece.kind === "text") parent.append(piece.text);
      else if (piece.kind === "open") {
        const isSvg = piece.tag === "svg" || "namespaceURI" in around && around.namespaceURI === SVG;
        const element = isSvg ? document2.createElementNS(SVG, piece.tag) : document2.createElement(piece.tag);
        for (const [name, value] of piece.attributes) element.setAttribute(name, value);
        parent.append(element);
        if (!piece.isClosed) open.push(element);
      } else if (!("localName" in around) || around.localName !== piece.tag) {
        throw new SyntaxError(`unexpected </${piece.tag}>`);
      } else open.pop();
    }
    if (open.length > 1) throw new SyntaxError("an element does not end");
    return root;
  }
  function isTemplate(node) {
    return "localName" in node && node.localName === "template";
  }
  var NAMED = /* @__PURE__ */ new Map([
    ["amp", "&"],
    ["gt", ">"],
    ["lt", "<"],
    ["quot", '"']
  ]);
  function plain(text2) {
    return text2.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (all, decimal, hex, name) => {
      if (name) return NAMED.get(name) ?? all;
      return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16));
    });
  }

  // window/chat_window.js
  var PLACE_KEY = "window.place";
  var USUAL_WIDTH_PX = 420;
  var USUAL_HEIGHT_PX = 660;
  var USUAL_Z_INDEX = 214748e4;
  var ChatWindow = class {
    #served;
    #host;
    #element;
    #shadow;
    #find;
    #say;
    #panel;
    #launcher;
    #width;
    /** @type {Room | null} made when the window is first shown: before that it asks nobody for anything */
    #room = null;
    /** Ends every listener on what is not ours. */
    #end = new AbortController();
    #isFull = false;
    #isBusy = false;
    #hasNews = false;
    /**
     * @param {Served} served
     * @param {Host} host
     */
    constructor(served, host) {
      this.#served = served;
      this.#host = host;
      this.#say = speaker(served.texts);
      this.#width = Math.max(280, Number(host.width) || USUAL_WIDTH_PX);
      const { document: document2 } = host;
      this.#element = document2.createElement("cozegate-window");
      this.#shadow = this.#element.attachShadow({ mode: "open" });
      this.#dress(Number.isFinite(Number(host.zIndex ?? void 0)) ? Number(host.zIndex) : USUAL_Z_INDEX);
      this.#shadow.append(built(document2, served.html));
      this.#find = finder(this.#shadow);
      this.#panel = this.#find("panel");
      (document2.body ?? document2.documentElement).append(this.#element);
      this.#launcher = new Launcher({
        button: this.#find("launcher"),
        say: this.#say,
        place: read(host.keep?.read(PLACE_KEY)) ?? clamped(host.position) ?? CORNER,
        viewport: () => this.#viewport,
        on: {
          onPress: () => this.isShown ? this.hide() : this.show(),
          onMove: () => this.#put(),
          onMoved: (place) => host.keep?.write(PLACE_KEY, written(place))
        }
      });
      this.#find("launcher").hidden = host.button === false;
      this.#listen();
    }
    get isShown() {
      return !this.#panel.hidden;
    }
    /** Whether the page still has it: one that changes without loading may throw away what it does not know. */
    isInPage() {
      return this.#element.isConnected;
    }
    show() {
      if (this.isShown || this.#end.signal.aborted) return;
      this.#panel.hidden = false;
      this.#launcher.open = true;
      this.#hasNews = false;
      this.#tellNews();
      this.#put();
      if (this.#room) this.#room.focus();
      else this.#begin();
      if (!this.#shadow.activeElement || this.#shadow.activeElement === this.#find("launcher")) this.#panel.focus();
      this.#host.onShow?.();
    }
    hide() {
      if (!this.isShown) return;
      const hadFocus = this.#panel.contains(this.#shadow.activeElement);
      this.#panel.hidden = true;
      this.#launcher.open = false;
      this.#tellNews();
      this.#put();
      if (hadFocus) this.#find("launcher").focus();
      this.#host.onHide?.();
    }
    /** Takes everything off the page. */
    destroy() {
      if (this.#end.signal.aborted) return;
      this.#end.abort();
      this.#room?.leave();
      this.#element.remove();
    }
    #begin() {
      const { gateway, botId, title, lang } = this.#host;
      let draft = "";
      this.#room = new Room({
        find: this.#find,
        say: this.#say,
        lang: lang || this.#served.lang,
        api: new Api(new GatewayLine(gateway)),
        draft: { read: () => draft, write: (text2) => draft = text2 },
        bots: null,
        title: title ?? "",
        choice: botId ? "never" : "offered",
        on: {
          onMessage: (message) => {
            if (message.role === "assistant" && !this.isShown) this.#hasNews = true;
            this.#tellNews();
            this.#host.onMessage?.(message);
          },
          onState: (state) => {
            this.#isBusy = state === "streaming";
            this.#tellNews();
          },
          onFailure: (failure) => this.#host.onError?.(failure)
        }
      });
      void (botId ? this.#room.enter(botId) : this.#room.pick());
    }
    #tellNews() {
      this.#launcher.news = this.#hasNews ? "news" : this.#isBusy && !this.isShown ? "busy" : "idle";
      this.#find("news").textContent = this.#hasNews ? this.#say("window-news") : "";
    }
    /** The part of the screen that shows the page. */
    get #viewport() {
      const { documentElement, defaultView } = this.#host.document;
      return {
        width: documentElement.clientWidth || defaultView?.innerWidth || 0,
        height: defaultView?.innerHeight ?? documentElement.clientHeight
      };
    }
    /** Puts everything where it belongs. */
    #put() {
      this.#launcher.put();
      const hasLauncher = this.#host.button !== false;
      const wanted = { width: this.#width, height: USUAL_HEIGHT_PX };
      const spot = panelAt(this.#launcher.place, this.#viewport, wanted, hasLauncher);
      this.#isFull = spot === null;
      const seen = this.#host.document.defaultView?.visualViewport;
      const { left, top, width, height } = spot ?? {
        left: 0,
        top: seen?.offsetTop ?? 0,
        width: this.#viewport.width,
        height: seen?.height ?? this.#viewport.height
      };
      const { style } = this.#panel;
      style.left = `${left}px`;
      style.top = `${top}px`;
      style.width = `${width}px`;
      style.height = `${height}px`;
      this.#panel.toggleAttribute("data-full", this.#isFull);
      this.#panel.setAttribute("aria-modal", String(this.#isFull));
      this.#find("launcher").toggleAttribute("data-covered", this.#isFull && this.isShown);
    }
    #listen() {
      const { signal } = this.#end;
      const view = this.#host.document.defaultView;
      view?.addEventListener("resize", () => this.#put(), { signal });
      view?.visualViewport?.addEventListener("resize", () => this.#put(), { signal });
      view?.visualViewport?.addEventListener("scroll", () => this.isShown && this.#put(), { signal });
      this.#find("window-close").addEventListener("click", () => this.hide());
      const whole = this.#find("window");
      whole.addEventListener("keydown", (event) => this.#key(event));
      for (const type of ["keydown", "keyup", "keypress"]) {
        whole.addEventListener(type, (event) => event.stopPropagation());
      }
    }
    /** @param {KeyboardEvent} event */
    #key(event) {
      if (!this.isShown || event.isComposing) return;
      const isAsking = (
        /** @type {HTMLDialogElement} */
        this.#find("delete-dialog").open
      );
      if (event.key === "Escape" && !isAsking) {
        event.preventDefault();
        this.hide();
      }
      if (event.key === "Tab" && this.#isFull && !isAsking) this.#keepFocusInside(event);
    }
    /**
     * A panel that covers the page has the focus to itself.
     * @param {KeyboardEvent} event
     */
    #keepFocusInside(event) {
      const candidates = [...this.#panel.querySelectorAll("a[href], button, input, textarea, summary, [tabindex='0']")];
      const reachable = candidates.filter((node) => node.matches(":not(:disabled)") && node.getClientRects().length > 0);
      const [first, last] = [reachable[0], reachable.at(-1)];
      const { activeElement } = this.#shadow;
      const isAtEnd = event.shiftKey ? activeElement === first || activeElement === this.#panel : activeElement === last;
      if (!isAtEnd) return;
      event.preventDefault();
      (event.shiftKey ? last : first)?.focus();
    }
    /** @param {number} zIndex */
    #dress(zIndex) {
      const css = `${this.#served.css}
:host { z-index: ${Math.trunc(zIndex)} !important; }`;
      const Sheet = (
        /** @type {any} */
        (this.#host.document.defaultView ?? globalThis).CSSStyleSheet
      );
      try {
        const sheet = new Sheet();
        sheet.replaceSync(css);
        this.#shadow.adoptedStyleSheets = [sheet];
      } catch {
        const style = this.#host.document.createElement("style");
        style.textContent = css;
        this.#shadow.append(style);
      }
    }
  };

  // userscript/window_face.js
  var KEEP = "cozegate_";
  function windowFace({ scope, gateway, values, store, log, windows, onChange }) {
    const served = windows[values.lang];
    if (!served) throw new Error(`no window was served in ${values.lang}`);
    const chat = new ChatWindow(served, {
      document: scope.document,
      gateway,
      lang: values.lang,
      botId: values.botId || null,
      title: values.title || null,
      width: values.width,
      onShow: onChange,
      onHide: onChange,
      onError: (error) => log.add("the chat says", error),
      keep: {
        read: (key) => {
          const kept = store.read(KEEP + key);
          return typeof kept === "string" ? kept : null;
        },
        write: (key, value) => store.write(KEEP + key, value)
      }
    });
    return {
      name: "cozegate",
      get isShown() {
        return chat.isShown;
      },
      get isInPage() {
        return chat.isInPage();
      },
      show: () => chat.show(),
      hide: () => chat.hide(),
      destroy: () => chat.destroy()
    };
  }

  // userscript/faces.js
  async function openFace(parts) {
    const { values, scope, log } = parts;
    if (values.ui === "cozegate") return windowFace(parts);
    if (values.ui === "auto" && !takesStyles(scope.document)) {
      log.add(
        "the page's policy forbids styles that the Chat SDK brings: our own window is used, unless the menu says otherwise"
      );
      return windowFace(parts);
    }
    const sdk = await sdkFace(parts);
    if (sdk) return sdk;
    log.add("the Chat SDK cannot be had on this page: our own window is used");
    return windowFace(parts);
  }
  function takesStyles(document2) {
    const style = document2.createElement("style");
    style.textContent = "cozegate-probe { display: none }";
    (document2.head ?? document2.documentElement).append(style);
    const takes = style.sheet !== null;
    style.remove();
    return takes;
  }

  // userscript/growing_text.js
  var COMPARED = 64;
  var GrowingText = class {
    #seen = "";
    #isLost = false;
    /**
     * Takes the text as it is now; returns what is new. A manager that tells something else than it began with is not
     * believed again before the end.
     * @param {string | undefined} text
     * @returns {string}
     */
    grow(text2) {
      if (!text2 || this.#isLost) return "";
      if (!continues(text2, this.#seen)) {
        this.#isLost = true;
        return "";
      }
      return this.#take(withoutHalfCharacter(text2));
    }
    /**
     * Takes the whole text; returns what was not given out yet, or null when what was given out is not its beginning. A
     * manager that names no text at the end has told all of it before.
     * @param {string | undefined} text
     * @returns {string | null}
     */
    end(text2) {
      if (text2 === void 0) return this.#isLost ? null : "";
      if (!text2.startsWith(this.#seen)) return null;
      return this.#take(text2);
    }
    /** @param {string} text */
    #take(text2) {
      const rest = text2.slice(this.#seen.length);
      if (rest) this.#seen = text2;
      return rest;
    }
  };
  function continues(text2, seen) {
    const from = Math.max(0, seen.length - COMPARED);
    return text2.length >= seen.length && text2.startsWith(seen.slice(from), from);
  }
  function withoutHalfCharacter(text2) {
    const last = text2.charCodeAt(text2.length - 1);
    return last >= 55296 && last <= 56319 ? text2.slice(0, -1) : text2;
  }

  // userscript/gm_answer.js
  var READY_STATE_DONE = 4;
  var QUIET_MS = 50;
  var LOAD_GRACE_MS = 1e3;
  var GmAnswer = class {
    #form;
    #outcome;
    #status = 0;
    #statusText = "";
    #headers = "";
    #url = "";
    /** @type {ReadableStreamDefaultReader<Uint8Array> | null} */
    #reader = null;
    /** @type {ReadableStreamDefaultController<Uint8Array> | null} */
    #controller = null;
    #text = new GrowingText();
    #encoder = new TextEncoder();
    #isBegun = false;
    #isEnded = false;
    /** The manager has said that the answer is complete. */
    #isComplete = false;
    /** No piece has come since this was set. */
    #isQuiet = false;
    /** @type {() => void} */
    #tellBegun = () => void 0;
    /** @type {() => void} */
    #tellEnded = () => void 0;
    /**
     * @param {import("./gm_transport.js").Form} form how the body was asked for
     * @param {Outcome} outcome
     */
    constructor(form, outcome) {
      this.#form = form;
      this.#outcome = outcome;
      this.begun = new Promise((resolve) => this.#tellBegun = resolve);
      this.ended = new Promise((resolve) => this.#tellEnded = resolve);
    }
    /**
     * Takes what an event tells.
     * @param {GmEvent | undefined} event
     */
    hear(event) {
      if (!event || this.#isEnded || this.#isComplete) return;
      this.#take(event);
      if (event.readyState === READY_STATE_DONE) setTimeout(() => this.end(event), LOAD_GRACE_MS);
    }
    /** @param {GmEvent} event */
    #take(event) {
      this.#readHead(event);
      if (this.#form === "stream" && !this.#reader && isStream(event.response)) this.#takeStream(event.response);
      if (this.#form === "text") {
        if (this.#status > 0) this.#begin();
        this.#enqueueText(this.#text.grow(event.responseText));
      } else if (this.#reader && this.#status > 0) {
        this.#begin();
      }
    }
    /**
     * The answer is complete. Only the first call counts.
     * @param {GmEvent} [event]
     */
    end(event = {}) {
      if (this.#isEnded || this.#isComplete) return;
      this.#take(event);
      if (this.#status === 0) return this.fail(new TypeError("no answer"));
      this.#isComplete = true;
      this.#outcome.learn(this.#reader !== null);
      this.#begin();
      if (this.#reader) this.#endStream(this.#reader);
      else if (this.#form === "text") this.#endText(event.responseText);
      else this.#enqueueWhole(event);
    }
    /**
     * The answer does not come, or not to its end.
     * @param {unknown} error
     * @param {{ leave?: boolean }} [how] `leave` ends the request
     */
    fail(error, { leave = false } = {}) {
      if (this.#isEnded) return;
      this.#finish();
      if (this.#isBegun) this.#controller?.error(error);
      else this.#outcome.reject(error);
      if (!leave) return;
      this.#reader?.cancel().catch(() => void 0);
      this.#outcome.leave();
    }
    /** @param {GmEvent} event */
    #readHead({ status, statusText, responseHeaders, finalUrl }) {
      if (status) this.#status = status;
      if (statusText) this.#statusText = statusText;
      if (responseHeaders) this.#headers = responseHeaders;
      if (finalUrl) this.#url = finalUrl;
    }
    /** @param {ReadableStream<Uint8Array>} stream */
    #takeStream(stream) {
      const reader = stream.getReader();
      this.#reader = reader;
      this.#outcome.learn(true);
      this.#pump(reader);
    }
    /** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
    async #pump(reader) {
      try {
        for (; ; ) {
          const { done, value } = await reader.read();
          if (this.#isEnded) return;
          if (done) break;
          this.#isQuiet = false;
          if (this.#status === 0) this.#status = 200;
          this.#begin();
          this.#controller?.enqueue(new Uint8Array(value));
        }
        if (this.#status === 0) return;
        this.#begin();
        this.#close();
      } catch (error) {
        this.fail(new TypeError("the answer broke off", { cause: error }));
      }
    }
    /**
     * Closes the body when the stream has no piece left, whether the manager closes the stream or not.
     * @param {ReadableStreamDefaultReader<Uint8Array>} reader
     */
    async #endStream(reader) {
      while (!this.#isQuiet) {
        this.#isQuiet = true;
        await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      }
      if (this.#isEnded) return;
      this.#close();
      reader.cancel().catch(() => void 0);
    }
    /** Hands out the response; its body follows. */
    #begin() {
      if (this.#isBegun) return;
      this.#isBegun = true;
      const body = new ReadableStream({
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => this.#leaveEarly()
      });
      const init = { status: this.#status, statusText: this.#statusText, headers: headersOf(this.#headers) };
      const response = new Response(hasNoBody(this.#status) ? null : body, init);
      if (this.#url) Object.defineProperty(response, "url", { value: this.#url });
      this.#tellBegun();
      this.#outcome.resolve(response);
    }
    #leaveEarly() {
      if (this.#isEnded) return;
      this.#finish();
      this.#reader?.cancel().catch(() => void 0);
      this.#outcome.leave();
    }
    /** @param {string} text */
    #enqueueText(text2) {
      if (text2) this.#controller?.enqueue(this.#encoder.encode(text2));
    }
    /** @param {string | undefined} text */
    #endText(text2) {
      const rest = this.#text.end(text2);
      if (rest === null) return this.fail(new TypeError("the answer came damaged"));
      this.#enqueueText(rest);
      this.#close();
    }
    /** @param {GmEvent} event */
    async #enqueueWhole({ response, responseText }) {
      try {
        const bytes = await bytesOf(response ?? responseText ?? "");
        if (this.#isEnded) return;
        if (bytes.length > 0) this.#controller?.enqueue(bytes);
        this.#close();
      } catch (error) {
        this.fail(new TypeError("the answer could not be read", { cause: error }));
      }
    }
    #close() {
      if (this.#isEnded) return;
      this.#finish();
      this.#controller?.close();
    }
    #finish() {
      this.#isEnded = true;
      this.#tellEnded();
    }
  };
  function isStream(value) {
    return typeof /** @type {any} */
    value?.getReader === "function";
  }
  async function bytesOf(whole) {
    if (typeof whole === "string") return new TextEncoder().encode(whole);
    const blob = (
      /** @type {Blob} */
      whole
    );
    if (typeof blob.arrayBuffer === "function") return new Uint8Array(await blob.arrayBuffer());
    if (typeof whole === "object" && whole !== null && "byteLength" in whole) {
      return new Uint8Array(
        /** @type {ArrayBuffer} */
        whole
      );
    }
    return new TextEncoder().encode(JSON.stringify(whole));
  }
  function headersOf(block) {
    const headers = new Headers();
    for (const line2 of block.split(/\r?\n/)) {
      const colon = line2.indexOf(":");
      if (colon < 1) continue;
      try {
        headers.append(line2.slice(0, colon).trim(), line2.slice(colon + 1).trim());
      } catch {
      }
    }
    return headers;
  }

  // userscript/gm_transport.js
  var TOLD_BIT_BY_BIT = /\/v3\/chat(?:\?|$)|\/v1\/workflows?\/(?:chat|stream_run|stream_resume)(?:\?|$)/;
  var CONNECT_REFUSED = /@connect|refused to connect|blocked by the user|not permitted/i;
  var Unanswered = class extends TypeError {
    /**
     * @param {"unreachable" | "connect-refused"} kind `connect-refused`: the manager did not even try
     * @param {string} [detail] the manager's own words
     */
    constructor(kind, detail = "") {
      super(detail || "nobody answered");
      this.kind = kind;
    }
  };
  function gmTransport(request, manager = "") {
    const known = { streams: streamsAtFirst(request, manager) };
    return (call) => {
      const form = formFor(call, known.streams);
      return exchange(request, call, form, (streamed) => {
        if (form === "stream") known.streams = streamed;
      });
    };
  }
  function streamsAtFirst(request, manager) {
    if (
      /** @type {any} */
      request.RESPONSE_TYPE_STREAM === "stream"
    ) return true;
    return manager === "Violentmonkey" ? false : null;
  }
  function formFor({ url, body }, streams) {
    if (streams !== false) return "stream";
    const isTold = TOLD_BIT_BY_BIT.test(url) || typeof body === "string" && /"stream"\s*:\s*true/.test(body);
    return isTold ? "text" : "arraybuffer";
  }
  function exchange(request, { method, url, headers, body = null, credentials, signal = null, onUpload }, form, learn) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(reasonOf(signal));
      let control;
      const answer = new GmAnswer(form, { resolve, reject, learn, leave: () => control?.abort?.() });
      const stop = () => answer.fail(reasonOf(signal), { leave: true });
      signal?.addEventListener("abort", stop, { once: true });
      answer.ended.then(() => signal?.removeEventListener("abort", stop));
      if (onUpload && body) answer.begun.then(() => onUpload(sizeOf(body), sizeOf(body)));
      const failed = (event) => answer.fail(unanswered(event));
      const { data, extra } = asData(body, headers);
      try {
        control = request({
          method,
          url,
          headers: { ...extra, ...headers },
          ...data === null ? {} : { data },
          responseType: form,
          anonymous: credentials !== "include",
          ...onUpload ? { upload: { onprogress: (event) => tellUpload(event, onUpload) } } : {},
          onloadstart: (event) => answer.hear(event),
          onreadystatechange: (event) => answer.hear(event),
          onprogress: (event) => answer.hear(event),
          onload: (event) => answer.end(event),
          // Behind `load`, `error` or `abort` it changes nothing; alone it is the only sign of an end.
          onloadend: (event) => answer.end(event),
          onerror: failed,
          ontimeout: failed,
          onabort: () => answer.fail(signal?.aborted ? reasonOf(signal) : new DOMException("aborted", "AbortError"))
        });
      } catch (error) {
        answer.fail(unanswered({ error }));
      }
    });
  }
  function unanswered(event) {
    const words = [event?.error, event?.statusText].map((word) => word ? String(word) : "");
    const detail = words.find(Boolean) ?? "";
    return new Unanswered(CONNECT_REFUSED.test(detail) ? "connect-refused" : "unreachable", detail);
  }
  function reasonOf(signal) {
    return signal?.reason ?? new DOMException("aborted", "AbortError");
  }
  function asData(body, headers) {
    if (body instanceof URLSearchParams) {
      const isTyped = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
      return {
        data: String(body),
        extra: isTyped ? {} : { "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8" }
      };
    }
    if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
      return { data: new Blob([
        /** @type {BlobPart} */
        body
      ]), extra: {} };
    }
    return { data: body, extra: {} };
  }
  function tellUpload({ loaded, total }, onUpload) {
    if (typeof loaded === "number" && typeof total === "number" && total > 0) onUpload(loaded, total);
  }
  function sizeOf(body) {
    if (typeof body === "string") return body.length;
    if (body instanceof Blob) return body.size;
    if (body instanceof FormData) {
      return [...body.values()].reduce((sum, value) => sum + (typeof value === "string" ? value.length : value.size), 0);
    }
    return (
      /** @type {{ byteLength?: number }} */
      body.byteLength ?? 0
    );
  }

  // userscript/identity.js
  var KEY2 = "cozegate_user";
  var LEGACY_KEY = "coze_session_name";
  var DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
  var RANDOM_LENGTH = 20;
  var NAME = /^[\w.:@-]{1,128}$/;
  var EXPORT_KIND = "cozegate-user";
  var Identity = class {
    #store;
    #now;
    #fill;
    /**
     * @param {import("./store.js").Store} store
     * @param {{ now?: () => number, fill?: (bytes: Uint8Array) => Uint8Array }} [parts]
     */
    constructor(store, { now = Date.now, fill = (bytes) => crypto.getRandomValues(bytes) } = {}) {
      this.#store = store;
      this.#now = now;
      this.#fill = fill;
    }
    /** Returns the id; makes it the first time. */
    get id() {
      const kept = this.#store.read(KEY2);
      if (isName(kept)) return kept;
      const legacy = this.#store.read(LEGACY_KEY);
      return this.#keep(isName(legacy) ? legacy : this.#made());
    }
    /** Becomes somebody new; the old id is gone unless somebody has written it down. */
    renew() {
      return this.#keep(this.#made());
    }
    /** Returns what `import` takes back, for people to keep. */
    export() {
      return JSON.stringify({ kind: EXPORT_KIND, id: this.id });
    }
    /**
     * Becomes who an exported text, or a bare id, names.
     * @param {string} text
     * @returns {boolean} false when it names nobody
     */
    import(text2) {
      const id = readExport(text2.trim());
      if (!isName(id)) return false;
      this.#keep(id);
      return true;
    }
    /** @param {string} id */
    #keep(id) {
      this.#store.write(KEY2, id);
      return id;
    }
    #made() {
      return `session_${this.#now().toString(36)}_${randomDigits(this.#fill)}`;
    }
  };
  function isName(value) {
    return typeof value === "string" && NAME.test(value);
  }
  function readExport(text2) {
    if (!text2.startsWith("{")) return text2;
    try {
      const { kind, id } = JSON.parse(text2);
      return kind === EXPORT_KIND ? id : null;
    } catch {
      return null;
    }
  }
  function randomDigits(fill) {
    let digits = "";
    while (digits.length < RANDOM_LENGTH) {
      for (const byte of fill(new Uint8Array(RANDOM_LENGTH))) {
        if (byte < 252 && digits.length < RANDOM_LENGTH) digits += DIGITS[byte % DIGITS.length];
      }
    }
    return digits;
  }

  // userscript/log.js
  var KEPT_LINES = 400;
  var LONGEST_LINE = 600;
  var SECRETS = [
    /\b(?:cg[hv]|cz[su]|pat|sat)_[\w-]{6,}/g,
    /\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g,
    /\bBearer(?:\s|%20|\+)+[^\s"',&]+/gi,
    /\b(?:authorization|access_token|refresh_token|token|pairing)["']?\s*[=:]\s*["']?[^\s"',&}]+/gi
  ];
  var DebugLog = class {
    /** @type {string[]} */
    #lines = [];
    #secrets;
    #now;
    #echo;
    /**
     * @param {object} parts
     * @param {string[]} [parts.secrets] exact texts to leave out
     * @param {() => number} [parts.now]
     * @param {(line: string) => void} [parts.echo] is told each line as well
     */
    constructor({ secrets = [], now = Date.now, echo = () => void 0 }) {
      this.#secrets = secrets.filter(Boolean);
      this.#now = now;
      this.#echo = echo;
    }
    /**
     * Adds a line.
     * @param {string} what
     * @param {unknown} [detail] an error or something that reads well
     */
    add(what, detail) {
      const text2 = detail === void 0 ? what : `${what}: ${said(detail)}`;
      const line2 = `${new Date(this.#now()).toISOString()} ${this.#redacted(text2)}`.slice(0, LONGEST_LINE);
      this.#lines.push(line2);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      this.#echo(line2);
    }
    /** Returns all lines. */
    text() {
      return this.#lines.join("\n");
    }
    /** @param {string} text */
    #redacted(text2) {
      let safe = text2.replace(/[\r\n]+/g, " ");
      for (const secret of this.#secrets) safe = safe.replaceAll(secret, "•••");
      for (const form of SECRETS) safe = safe.replace(form, "•••");
      return safe;
    }
  };
  function said(detail) {
    if (detail instanceof Error) {
      const cause = detail.cause instanceof Error ? ` (${detail.cause.message})` : "";
      return `${detail.name}: ${detail.message}${cause}`;
    }
    return typeof detail === "string" ? detail : JSON.stringify(detail) ?? String(detail);
  }

  // userscript/logged_send.js
  function loggedSend(send, log, now = () => performance.now()) {
    return async (call) => {
      const begun = now();
      const took = () => `after ${Math.round(now() - begun)} ms`;
      const name = `${call.method} ${call.url.replace(/[?#].*$/s, "")}`;
      try {
        const answer = await send(call);
        log.add(`${name}: ${answer.status} ${took()}`);
        return answer;
      } catch (error) {
        log.add(`${name}: no answer ${took()}`, error);
        throw error;
      }
    };
  }

  // userscript/menu.js
  var Menu = class {
    #gm;
    #onFailure;
    /** @type {unknown[]} */
    #ids = [];
    #labels = "";
    /**
     * @param {Pick<import("./gm.js").Gm, "registerMenu" | "unregisterMenu">} gm
     * @param {(error: unknown) => void} onFailure of an entry's act
     */
    constructor(gm, onFailure) {
      this.#gm = gm;
      this.#onFailure = onFailure;
    }
    /**
     * Shows these and no others.
     * @param {Entry[]} entries
     */
    show(entries) {
      const { registerMenu, unregisterMenu } = this.#gm;
      const labels = JSON.stringify(entries.map(({ label }) => label));
      if (!registerMenu || labels === this.#labels || this.#ids.length > 0 && !unregisterMenu) return;
      for (const id of this.#ids) unregisterMenu?.(id);
      this.#labels = labels;
      this.#ids = entries.map(
        ({ label, act }) => registerMenu(label, () => {
          Promise.resolve().then(act).catch(this.#onFailure);
        })
      );
    }
  };

  // userscript/notices.js
  var KEY3 = "cozegate_told";
  var QUIET_MS2 = 10 * 6e4;
  var Notices = class {
    #voice;
    #store;
    #now;
    /** @type {Set<string>} told on this page */
    #told = /* @__PURE__ */ new Set();
    /**
     * @param {object} parts
     * @param {{ say: (text: string) => void, hush: () => void }} parts.voice
     * @param {import("./store.js").Store} parts.store
     * @param {() => number} [parts.now]
     */
    constructor({ voice, store, now = Date.now }) {
      this.#voice = voice;
      this.#store = store;
      this.#now = now;
    }
    /**
     * Tells `text`, unless this kind was told already.
     * @param {string} kind
     * @param {string} text
     */
    tell(kind, text2) {
      if (this.#told.has(kind)) return;
      this.#told.add(kind);
      const elsewhere = this.#elsewhere();
      const since = this.#now() - (elsewhere[kind] ?? -Infinity);
      if (since >= 0 && since < QUIET_MS2) return;
      this.#store.write(KEY3, { ...elsewhere, [kind]: this.#now() });
      this.#voice.say(text2);
    }
    /**
     * Answers somebody who asked.
     * @param {string} text
     */
    answer(text2) {
      this.#voice.say(text2);
    }
    /** All is well: what goes wrong next is news. */
    clear() {
      if (this.#told.size > 0) this.#voice.hush();
      this.#told.clear();
      if (Object.keys(this.#elsewhere()).length > 0) this.#store.write(KEY3, void 0);
    }
    /** @returns {Record<string, number>} */
    #elsewhere() {
      const kept = this.#store.read(KEY3);
      return typeof kept === "object" && kept !== null ? (
        /** @type {Record<string, number>} */
        kept
      ) : {};
    }
  };

  // embed/notice.js
  var STYLE = `:host{all:initial}
div{position:fixed;right:16px;bottom:16px;z-index:2147483000;display:flex;gap:8px;max-width:min(340px,80vw);padding:12px;border:1px solid #888;border-radius:8px;background:#fff;color:#111;font:14px/1.5 system-ui,sans-serif}
p{margin:0;overflow-wrap:anywhere}
button{all:unset;flex:none;width:28px;height:28px;text-align:center;cursor:pointer}
button:focus-visible{outline:2px solid}
@media(prefers-color-scheme:dark){div{background:#1c1c1c;color:#eee}}`;
  var Notice = class {
    #document;
    #closeLabel;
    /** @type {HTMLElement | null} */
    #host = null;
    /** What was said when somebody closed it: that is not said again. */
    #closed = "";
    #text = "";
    /**
     * @param {Document} document
     * @param {string} closeLabel
     */
    constructor(document2, closeLabel) {
      this.#document = document2;
      this.#closeLabel = closeLabel;
    }
    /** @param {string} text */
    show(text2) {
      if (text2 === this.#text || text2 === this.#closed) return;
      this.hide();
      this.#text = text2;
      this.#host = this.#made(text2);
      (this.#document.body ?? this.#document.documentElement).append(this.#host);
    }
    /** Takes it away; the same message may come again. */
    clear() {
      this.#closed = "";
      this.hide();
    }
    hide() {
      this.#host?.remove();
      this.#host = null;
      this.#text = "";
    }
    /** @param {string} text */
    #made(text2) {
      const host = this.#document.createElement("div");
      host.dataset["cozegate"] = "notice";
      const root = host.attachShadow({ mode: "open" });
      try {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(STYLE);
        root.adoptedStyleSheets = [sheet];
      } catch {
      }
      const box = this.#document.createElement("div");
      box.setAttribute("role", "status");
      box.setAttribute("aria-live", "polite");
      const line2 = this.#document.createElement("p");
      const close = this.#document.createElement("button");
      close.type = "button";
      close.textContent = "×";
      close.setAttribute("aria-label", this.#closeLabel);
      close.addEventListener("click", () => {
        this.#closed = text2;
        this.hide();
      });
      box.append(line2, close);
      root.append(box);
      queueMicrotask(() => {
        line2.textContent = text2;
      });
      return host;
    }
  };

  // userscript/people.js
  var SHOWN_MS = 2e4;
  var Voice = class {
    #notify;
    #document;
    #say;
    /** @type {Notice | null} */
    #notice = null;
    /**
     * @param {Pick<import("./gm.js").Gm, "notify">} gm
     * @param {Document} document where a message stands when the manager shows none
     * @param {import("../pages/page_data.js").Say} say
     */
    constructor(gm, document2, say) {
      this.#notify = gm.notify;
      this.#document = document2;
      this.#say = say;
    }
    /** @param {string} text */
    say(text2) {
      if (this.#notify) return this.#notify({ title: "cozegate", text: text2, silent: true, timeout: SHOWN_MS });
      this.#notice ??= new Notice(this.#document, this.#say("userscript-dismiss"));
      this.#notice.show(text2);
    }
    /** What was said no longer holds. A notification of the manager's goes by itself. */
    hush() {
      this.#notice?.clear();
    }
  };
  async function copyText({ copy }, scope, text2) {
    try {
      if (copy) copy(text2, "text");
      else await scope.navigator.clipboard.writeText(text2);
      return true;
    } catch {
      return false;
    }
  }

  // userscript/presence.js
  var QUESTION = "cozegate:anybody-here";
  function isFirst(document2) {
    const question = new CustomEvent(QUESTION, { cancelable: true });
    if (!document2.dispatchEvent(question)) return false;
    document2.addEventListener(QUESTION, (event) => event.preventDefault());
    return true;
  }
  function whenTakenAway(document2, isThere, act) {
    const look = () => {
      if (!isThere()) act();
    };
    const observer = new MutationObserver(() => {
      observeBody();
      look();
    });
    let body = null;
    const observeBody = () => {
      if (!document2.body || document2.body === body) return;
      body = document2.body;
      observer.observe(body, { childList: true });
    };
    observer.observe(document2.documentElement, { childList: true });
    observeBody();
  }
  function bodyOf(document2) {
    if (document2.body) return Promise.resolve();
    return new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (!document2.body) return;
        observer.disconnect();
        resolve();
      });
      observer.observe(document2.documentElement ?? document2, { childList: true, subtree: true });
    });
  }

  // userscript/store.js
  var PREFIX = "cozegate.";
  function storeOf(gm, storage) {
    const { getValue, setValue, deleteValue } = gm;
    if (getValue && setValue) {
      return {
        read: (name) => getValue(name, void 0),
        write: (name, value) => value === void 0 && deleteValue ? deleteValue(name) : setValue(name, value)
      };
    }
    return storage ? storageStore(storage) : forgetfulStore();
  }
  function storageStore(storage) {
    return {
      read: (name) => {
        try {
          const text2 = storage.getItem(PREFIX + name);
          return text2 === null ? void 0 : JSON.parse(text2);
        } catch {
          return void 0;
        }
      },
      write: (name, value) => {
        try {
          if (value === void 0) storage.removeItem(PREFIX + name);
          else storage.setItem(PREFIX + name, JSON.stringify(value));
        } catch {
        }
      }
    };
  }
  function forgetfulStore() {
    const values = /* @__PURE__ */ new Map();
    return { read: (name) => values.get(name), write: (name, value) => values.set(name, value) };
  }

  // userscript/trouble_watch.js
  var PATIENCE_MS = 4e3;
  var TroubleWatch = class {
    #parts;
    /** @type {number | undefined} */
    #patience;
    /**
     * @param {object} parts
     * @param {Window & typeof globalThis} parts.scope
     * @param {import("../pages/page_data.js").Say} parts.say
     * @param {string} parts.authBase
     * @param {boolean} parts.isPage whether requests are the page's own
     * @param {import("./notices.js").Notices} parts.notices
     * @param {import("./log.js").DebugLog} parts.log
     * @param {() => void} parts.onAllowed a permission that was in the way has changed
     */
    constructor(parts) {
      this.#parts = parts;
    }
    /** @param {import("../client/trouble.js").Trouble | null} trouble that requests have now; null when there is none */
    take(trouble) {
      const { scope, notices } = this.#parts;
      if (!trouble) {
        scope.clearTimeout(this.#patience);
        this.#patience = void 0;
        return notices.clear();
      }
      if (!trouble.isPassing) {
        this.#tell(trouble);
        return;
      }
      this.#patience ??= scope.setTimeout(() => this.#tell(trouble), PATIENCE_MS);
    }
    /** @param {import("../client/trouble.js").Trouble} trouble */
    async #tell(trouble) {
      const { scope, notices, log, onAllowed, ...rest } = this.#parts;
      const { kind, text: text2, permission } = await explain(trouble, { ...rest, navigator: scope.navigator });
      log.add(`trouble: ${kind}`, trouble.cause ?? trouble);
      if (permission) permission.onchange = onAllowed;
      notices.tell(kind, text2);
    }
  };

  // userscript/companion.js
  var PASS_KEY = "cozegate_visitor";
  var REST_MS = 3e4;
  var STATUS_TIMEOUT_MS = 5e3;
  var Companion = class {
    #served;
    #gm;
    #scope;
    #store;
    #settings;
    #identity;
    #log;
    #menu;
    #notices;
    #troubles;
    #send;
    #gateway;
    /** @type {import("./window_face.js").Face | null} */
    #face = null;
    /** Counts the builds: what an older one was waiting for is not used. */
    #build = 0;
    /** @type {(() => void) | null} ends the rest between two attempts */
    #wake = null;
    /**
     * @param {Served} served
     * @param {import("./gm.js").Gm} gm
     * @param {Window & typeof globalThis} scope the sandbox's window
     */
    constructor(served, gm, scope) {
      this.#served = served;
      this.#gm = gm;
      this.#scope = scope;
      this.#store = storeOf(gm, storageOf(scope));
      this.#settings = new Settings(this.#store, served.config, scope.navigator.languages ?? []);
      this.#identity = new Identity(this.#store);
      this.#log = new DebugLog({
        secrets: [served.pairing],
        echo: (line2) => this.#settings.values.debug && scope.console.debug(`[cozegate] ${line2}`)
      });
      this.#menu = new Menu(gm, (error) => this.#log.add("the menu failed", error));
      this.#notices = new Notices({ voice: new Voice(gm, scope.document, this.#say), store: this.#store });
      this.#troubles = new TroubleWatch({
        scope,
        say: this.#say,
        authBase: served.auth_base,
        isPage: gm.request === null,
        notices: this.#notices,
        log: this.#log,
        onAllowed: () => this.#wake?.()
      });
      const send = gm.request ? gmTransport(gm.request, gm.manager) : loopbackTransport(scope);
      this.#send = loggedSend(send, this.#log);
      this.#gateway = this.#connected();
    }
    get isShown() {
      return this.#face?.isShown ?? false;
    }
    /** Begins the script's life on this page. */
    async begin() {
      const { manager, managerVersion } = this.#gm;
      this.#log.add(`cozegate ${this.#served.version} in ${manager || "no known manager"} ${managerVersion}`.trim());
      this.#log.add(this.#gm.request ? "requests go through the manager" : "requests are the page's own");
      await bodyOf(this.#scope.document);
      this.#renewMenu();
      whenTakenAway(
        this.#scope.document,
        () => this.#face?.isInPage ?? true,
        () => this.#buildAgain()
      );
      await this.rebuild();
    }
    /** Opens or closes the chat. Where there is none yet, somebody is waiting for it. */
    async toggle() {
      if (!this.#face) {
        this.#log.add("the chat is wanted, but there is none yet");
        this.#wake?.();
        return this.#notices.answer(this.#say("userscript-not-yet", { address: this.#served.auth_base }));
      }
      if (this.#face.isShown) this.#face.hide();
      else this.#face.show();
      this.#renewMenu();
    }
    /** Builds the chat with the settings and the identity as they are now. */
    async rebuild() {
      const build = this.#build += 1;
      const wasShown = this.isShown;
      this.#face?.destroy();
      this.#face = null;
      this.#renewMenu();
      this.#wake?.();
      try {
        if (!await this.#isLetIn(build)) return;
        const face = await openFace({
          scope: this.#scope,
          gm: this.#gm,
          gateway: this.#gateway,
          send: this.#send,
          values: this.#settings.values,
          botName: this.#settings.botName,
          store: this.#store,
          log: this.#log,
          windows: this.#served.windows,
          onChange: () => this.#renewMenu()
        });
        if (build !== this.#build) return face.destroy();
        this.#face = face;
        this.#log.add(`the chat is there: ${face.name}`);
        if (wasShown) face.show();
      } catch (error) {
        this.#log.add("there is no chat", error);
        this.#notices.tell("broken", this.#say("userscript-trouble-broken"));
      }
      this.#renewMenu();
    }
    /** A page that changes without loading has thrown the chat away with its own content. */
    async #buildAgain() {
      this.#log.add("the page has taken the chat away: it is built again");
      await this.rebuild();
    }
    /** The identity has changed: nothing of the old one's stays. */
    async becomeSomebodyElse() {
      this.#store.write(PASS_KEY, void 0);
      this.#gateway = this.#connected();
      await this.rebuild();
    }
    /** How things stand, as values of the text `userscript-status`. */
    async status() {
      const yesOrNo = (is) => this.#say(is ? "userscript-yes" : "userscript-no");
      const version = await this.#gatewayVersion();
      return {
        address: this.#served.auth_base,
        reachable: yesOrNo(version !== null),
        gateway: version ?? "–",
        script: this.#served.version,
        paired: yesOrNo(this.#gateway.current !== null),
        manager: `${this.#gm.manager || "–"} ${this.#gm.managerVersion}`.trim(),
        way: this.#say(this.#gm.request ? "userscript-way-manager" : "userscript-way-page"),
        window: this.#face?.name ?? "–",
        bot: this.#settings.botName || "–",
        user: this.#identity.id
      };
    }
    #connected() {
      const { auth_base, pairing, config } = this.#served;
      const gateway = new Gateway({
        authBase: auth_base,
        app: config.app ?? null,
        send: this.#send,
        pass: {
          read: () => {
            const kept = this.#store.read(PASS_KEY);
            return typeof kept === "string" ? kept : null;
          },
          write: (value) => {
            if (value !== null || this.#store.read(PASS_KEY) !== void 0)
              this.#store.write(PASS_KEY, value ?? void 0);
          }
        },
        sessionName: this.#identity.id,
        // A page's own request names its origin, and the page could read the secret.
        pairing: this.#gm.request ? pairing : null,
        onTrouble: (trouble) => gateway === this.#gateway && this.#troubles.take(trouble)
      });
      return gateway;
    }
    /**
     * Waits for a session; false when another build has begun.
     * @param {number} build
     */
    async #isLetIn(build) {
      for (; ; ) {
        try {
          await this.#gateway.session();
          return build === this.#build;
        } catch (error) {
          if (build !== this.#build) return false;
          this.#log.add("no session", error);
          const isPassing = error instanceof Trouble && error.isPassing;
          await this.#rest(isPassing ? REST_MS : Infinity);
          if (build !== this.#build) return false;
        }
      }
    }
    /**
     * @param {number} ms
     * @returns {Promise<void>}
     */
    #rest(ms) {
      return new Promise((resolve) => {
        const timer = ms < Infinity ? this.#scope.setTimeout(() => this.#wake?.(), ms) : void 0;
        this.#wake = () => {
          this.#scope.clearTimeout(timer);
          this.#wake = null;
          resolve();
        };
      });
    }
    /** @returns {Promise<string | null>} null when nobody answers */
    async #gatewayVersion() {
      try {
        const url = `${this.#served.auth_base}/livez`;
        const signal = AbortSignal.timeout(STATUS_TIMEOUT_MS);
        const answer = await this.#send({ method: "GET", url, headers: {}, signal });
        const { service, version } = await answer.json();
        return service === "cozegate" ? String(version) : null;
      } catch (error) {
        this.#log.add("the gateway does not say that it is there", error);
        return null;
      }
    }
    #renewMenu() {
      const scope = this.#scope;
      this.#menu.show(
        menuEntries({
          companion: this,
          settings: this.#settings,
          identity: this.#identity,
          log: this.#log,
          dialogs: {
            prompt: (text2, given2 = "") => scope.prompt(text2, given2),
            confirm: (text2) => scope.confirm(text2),
            alert: (text2) => scope.alert(text2)
          },
          copy: (text2) => copyText(this.#gm, scope, text2),
          tell: (text2) => this.#notices.answer(text2),
          open: (address) => void scope.open(address, "_blank"),
          say: this.#say,
          authBase: this.#served.auth_base
        })
      );
    }
    /** @type {import("../pages/page_data.js").Say} */
    #say = (id, values) => speaker(this.#served.texts[this.#settings.values.lang] ?? {})(id, values);
  };
  function storageOf(scope) {
    try {
      return scope.localStorage;
    } catch {
      return null;
    }
  }

  // userscript/gm.js
  function foundGm() {
    return {
      // @ts-ignore The manager puts it there.
      request: typeof GM_xmlhttpRequest === "function" ? GM_xmlhttpRequest : null,
      // @ts-ignore The manager puts it there.
      getValue: typeof GM_getValue === "function" ? GM_getValue : null,
      // @ts-ignore The manager puts it there.
      setValue: typeof GM_setValue === "function" ? GM_setValue : null,
      // @ts-ignore The manager puts it there.
      deleteValue: typeof GM_deleteValue === "function" ? GM_deleteValue : null,
      // @ts-ignore The manager puts it there.
      registerMenu: typeof GM_registerMenuCommand === "function" ? GM_registerMenuCommand : null,
      // @ts-ignore The manager puts it there.
      unregisterMenu: typeof GM_unregisterMenuCommand === "function" ? GM_unregisterMenuCommand : null,
      // @ts-ignore The manager puts it there.
      notify: typeof GM_notification === "function" ? GM_notification : null,
      // @ts-ignore The manager puts it there.
      copy: typeof GM_setClipboard === "function" ? GM_setClipboard : null,
      // @ts-ignore The manager puts it there.
      addElement: typeof GM_addElement === "function" ? GM_addElement : null,
      // @ts-ignore The manager puts it there.
      manager: typeof GM_info === "object" && GM_info ? String(GM_info.scriptHandler ?? "") : "",
      // @ts-ignore The manager puts it there.
      managerVersion: typeof GM_info === "object" && GM_info ? String(GM_info.version ?? "") : "",
      // @ts-ignore The manager puts it there.
      page: typeof unsafeWindow === "object" ? unsafeWindow : null
    };
  }

  // userscript/main.js
  function start(served) {
    const real = document.defaultView;
    if (real?.top !== real) return;
    if (!isFirst(document)) return;
    new Companion(served, foundGm(), window).begin();
  }

  // entry
  start(COZEGATE_SERVED);
})();
