// Notes every request of the chat: what was asked, how it was answered, how long it took. For people who debug or present.
//
// Stands where the session has its fetch. What is said in a chat is not kept, and of the credential only its kind.

import { EventStream } from "../client/event_stream.js";

/**
 * @typedef {object} Entry
 * @property {number} id
 * @property {"session" | "call" | "stream"} kind a call becomes a stream when its answer is one
 * @property {string} method
 * @property {string} origin
 * @property {string} path with its query
 * @property {string} credential such as `cgh_…`; empty without one
 * @property {number} startedAt in milliseconds of `now()`
 * @property {number | null} status
 * @property {number | null} headMs until the answer's head had come
 * @property {number | null} firstMs until the first byte of a stream had come
 * @property {number | null} totalMs until its end
 * @property {number} bytes of its body
 * @property {Map<string, number>} events of a stream, by name
 * @property {string} logId
 * @property {Timing[]} timings what the gateway says about its own work
 * @property {boolean} isRetry with a new handle, because the old one was refused
 * @property {"running" | "done" | "stopped" | "failed"} state
 *
 * @typedef {{ name: string, description: string, ms: number | null }} Timing
 */

/** With this field a request asks for `Server-Timing` (telemetry/server_timing.rs). */
const INSPECT = "x-cozegate-inspect";
/** Behind these nothing comes that says more (protocol 6.3). */
const LAST_EVENTS = ["conversation.chat.completed", "conversation.chat.failed", "done"];
const MOST_ENTRIES = 200;
/** A request that follows an opening, which follows the same request, this closely repeats it. */
const RETRY_WITHIN_MS = 2000;

/** The requests of one page. */
export class Recorder {
  #now;
  #onChange;
  #lastId = 0;
  /** @type {Entry[]} */
  entries = [];
  /** Whether the gateway is asked how long it took itself; it tells those only who want to know. */
  asksForTimings = false;

  /** @param {{ now?: () => number, onChange?: (entry: Entry) => void }} [parts] */
  constructor({ now = () => performance.timeOrigin + performance.now(), onChange = () => {} } = {}) {
    this.#now = now;
    this.#onChange = onChange;
  }

  /** @param {(entry: Entry) => void} onChange */
  set onChange(onChange) {
    this.#onChange = onChange;
  }

  clear() {
    this.entries = this.entries.filter(({ state }) => state === "running");
  }

  /**
   * Returns a fetch that does the same and is noted.
   * @param {typeof fetch} fetch
   * @returns {typeof fetch}
   */
  around(fetch) {
    return async (input, init) => {
      const entry = this.#begin(String(input), init);
      /** @type {Response} */
      let response;
      try {
        response = await fetch(input, this.#asking(entry, init));
      } catch (error) {
        this.#end(entry, isAbort(error) ? "stopped" : "failed");
        throw error;
      }
      return this.#answered(entry, response);
    };
  }

  /**
   * @param {Entry} entry
   * @param {RequestInit | undefined} init
   */
  #asking({ kind }, init) {
    if (!this.asksForTimings || kind === "session") return init;
    const headers = new Headers(init?.headers);
    headers.set(INSPECT, "1");
    return { ...init, headers };
  }

  /**
   * @param {string} address
   * @param {RequestInit | undefined} init
   */
  #begin(address, init) {
    const url = new URL(address, globalThis.location?.href ?? "http://localhost");
    const method = init?.method ?? "GET";
    const isSession = url.pathname === "/auth/session";
    /** @type {Entry} */
    const entry = {
      id: (this.#lastId += 1),
      kind: isSession ? "session" : "call",
      method,
      origin: url.origin,
      path: url.pathname + url.search,
      credential: kindOfCredential(new Headers(init?.headers).get("authorization")),
      startedAt: this.#now(),
      status: null,
      headMs: null,
      firstMs: null,
      totalMs: null,
      bytes: 0,
      events: new Map(),
      logId: "",
      timings: [],
      isRetry: false,
      state: "running",
    };
    entry.isRetry = !isSession && this.#repeats(entry);
    this.entries.push(entry);
    if (this.entries.length > MOST_ENTRIES) this.entries.shift();
    this.#onChange(entry);
    return entry;
  }

  /** @param {Entry} entry */
  #repeats(entry) {
    const opening = this.entries.findLast(({ kind }) => kind === "session");
    const before = this.entries.findLast(({ method, path }) => method === entry.method && path === entry.path);
    if (!opening || !before || before.id > opening.id) return false;
    return opening.startedAt - endOf(before) < RETRY_WITHIN_MS && entry.startedAt - endOf(opening) < RETRY_WITHIN_MS;
  }

  /**
   * @param {Entry} entry
   * @param {Response} response
   */
  #answered(entry, response) {
    const { headers, status, statusText, body } = response;
    entry.status = status;
    entry.headMs = this.#now() - entry.startedAt;
    entry.logId = headers.get("x-tt-logid") || headers.get("x-request-id") || "";
    entry.timings = timingsIn(headers.get("server-timing"));
    if (headers.get("content-type")?.includes("event-stream")) entry.kind = "stream";
    if (!body) {
      this.#end(entry, "done");
      return response;
    }
    this.#onChange(entry);
    if (entry.kind === "stream") return new Response(this.#read(entry, body), { status, statusText, headers });
    void this.#weigh(entry, response.clone());
    return response;
  }

  /**
   * Waits for the end of an answer that comes as a whole, of which the caller has the original.
   * @param {Entry} entry
   * @param {Response} copy
   */
  async #weigh(entry, copy) {
    try {
      const { byteLength } = await copy.arrayBuffer();
      entry.bytes = byteLength;
      this.#end(entry, "done");
    } catch (error) {
      this.#end(entry, isAbort(error) ? "stopped" : "failed");
    }
  }

  /**
   * Returns the body of a stream, looked at as it passes.
   * @param {Entry} entry
   * @param {ReadableStream<Uint8Array>} body
   * @returns {ReadableStream<Uint8Array>}
   */
  #read(entry, body) {
    const reader = body.getReader();
    const count = eventCounter(entry.events);
    return new ReadableStream(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await reader.read();
            if (done) {
              this.#end(entry, "done");
              controller.close();
              return;
            }
            entry.firstMs ??= this.#now() - entry.startedAt;
            entry.bytes += value.byteLength;
            count(value);
            this.#onChange(entry);
            controller.enqueue(value);
          } catch (error) {
            this.#end(entry, isAbort(error) ? "stopped" : "failed");
            controller.error(error);
          }
        },
        cancel: (reason) => {
          // Whoever has read what ends a stream does not wait for its end.
          this.#end(entry, LAST_EVENTS.some((name) => entry.events.has(name)) ? "done" : "stopped");
          return reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /**
   * @param {Entry} entry
   * @param {Entry["state"]} state
   */
  #end(entry, state) {
    if (entry.state !== "running") return;
    entry.state = state;
    entry.totalMs = this.#now() - entry.startedAt;
    this.#onChange(entry);
  }
}

/**
 * Returns a listener that counts the events of a stream by their names.
 * @param {Map<string, number>} events
 * @returns {(bytes: Uint8Array) => void}
 */
function eventCounter(events) {
  const stream = new EventStream();
  return (bytes) => {
    for (const { event } of stream.push(bytes)) {
      if (event) events.set(event, (events.get(event) ?? 0) + 1);
    }
  };
}

/**
 * Reads what a server says about its own work (Server Timing, W3C).
 * @param {string | null} field
 * @returns {Timing[]}
 */
export function timingsIn(field) {
  const metrics = (field ?? "").match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return metrics.flatMap((metric) => {
    const [name = "", ...parameters] = (metric.match(/(?:[^;"]|"(?:[^"\\]|\\.)*")+/g) ?? []).map((part) => part.trim());
    if (!/^[\w-]+$/.test(name)) return [];
    const said = new Map(
      parameters.map((parameter) => {
        const [key = "", value = ""] = parameter.split(/=(.*)/s);
        return [key.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1")];
      }),
    );
    const ms = Number.parseFloat(said.get("dur") ?? "");
    return [{ name, description: said.get("desc") ?? "", ms: Number.isFinite(ms) ? ms : null }];
  });
}

/**
 * Returns the first letters of a credential, which say what it is, and nothing that could be used.
 * @param {string | null} field
 */
function kindOfCredential(field) {
  if (!field) return "";
  const prefix = /^Bearer ([a-z]{2,4}_)/.exec(field)?.[1] ?? "";
  return `${prefix}…`;
}

/** @param {Entry} entry */
function endOf({ startedAt, totalMs }) {
  return startedAt + (totalMs ?? 0);
}

/** @param {unknown} error */
function isAbort(error) {
  return error instanceof Error && error.name === "AbortError";
}
