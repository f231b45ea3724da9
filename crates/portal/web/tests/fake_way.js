// A gateway behind a transport: answers from a list of routes, keeps what it was asked, and lets time pass while somebody
// waits for it.

import { Gateway } from "../client/gateway.js";
import { json } from "./fake_gateway.js";

/**
 * @typedef {{ method: string, path: string, headers: Headers, body: any, credentials: string | undefined }} Asked
 * @typedef {(asked: Asked, call: import("../client/transport.js").Call) => Response | Promise<Response>} Answer
 */

/** What a request gets when nobody is there. */
export function nobody() {
  throw new TypeError("Failed to fetch");
}

/**
 * @param {string} name
 * @param {number} status
 * @param {Record<string, string>} [headers]
 */
export function problem(name, status, headers = {}) {
  const type = `urn:cozegate:problem:${name}`;
  const body = { type, title: name, status, code: 990000 + status, msg: `${name} happened` };
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json", ...headers } });
}

/**
 * Answers one after the other; the last stays.
 * @param {...Answer} answers
 * @returns {Answer}
 */
export function inTurn(...answers) {
  let next = 0;
  return (asked, call) => /** @type {Answer} */ (answers[Math.min(next++, answers.length - 1)])(asked, call);
}

/** A `POST /auth/session` that gives `handle-1`, `handle-2` ... */
export function opensSessions(extra = {}) {
  let count = 0;
  return () => {
    count += 1;
    return json({
      handle: `handle-${count}`,
      expires_in: 3600,
      expires_at: 10_003_600,
      api_base: "http://proxy.test/",
      ws_base: "ws://proxy.test",
      user: { id: "visitor-7", kind: "anonymous" },
      upstream: { api_base: "https://api.platform.test", ws_base: "wss://ws.platform.test", sdk_url: "https://cdn.test/sdk.js" },
      ...extra,
    });
  };
}

/**
 * @param {Record<string, Answer>} routes by `METHOD /path`
 * @param {Partial<ConstructorParameters<typeof Gateway>[0]>} [parts]
 */
export function setUp(routes, parts = {}) {
  const all = { "POST /auth/session": opensSessions(), ...routes };
  /** @type {Asked[]} */
  const asked = [];
  /** @type {(string | null)[]} */
  const troubles = [];
  const clock = { now: 10_000_000_000, slept: 0 };
  const kept = { /** @type {string | null} */ pass: null };
  /** @type {import("../client/transport.js").Send} */
  const send = async (call) => {
    const url = new URL(call.url);
    const isText = typeof call.body === "string";
    const request = {
      method: call.method,
      path: url.pathname + url.search,
      headers: new Headers(call.headers),
      body: isText ? JSON.parse(String(call.body)) : call.body,
      credentials: call.credentials,
    };
    asked.push(request);
    call.signal?.throwIfAborted();
    const answer = all[/** @type {keyof typeof all} */ (`${call.method} ${url.pathname}`)];
    if (!answer) throw new Error(`nobody expected ${call.method} ${url.pathname}`);
    return answer(request, call);
  };
  const gateway = new Gateway({
    authBase: "http://auth.test",
    send,
    pass: {
      read: () => kept.pass,
      write: (value) => {
        kept.pass = value;
      },
    },
    now: () => clock.now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      clock.now += ms;
      clock.slept += ms;
    },
    random: () => 1,
    onTrouble: (trouble) => troubles.push(trouble && trouble.kind),
    ...parts,
  });
  const count = (/** @type {string} */ path) => asked.filter((request) => request.path.startsWith(path)).length;
  return { gateway, asked, troubles, clock, kept, count, routes: all };
}
