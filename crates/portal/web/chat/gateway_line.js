// The chat's requests by way of a gateway client (client/gateway.js), which puts in the handle and has the patience.

import { rightsIn } from "../client/rights.js";
import { Failure } from "./failure.js";

/**
 * What the chat needs of the client.
 * @typedef {object} GatewayClient
 * @property {() => Promise<{ userId: string, rights?: import("../client/rights.js").Rights }>} session
 * @property {(path: string, init: import("./api.js").LineInit) => Promise<Response>} call
 */

/** The client waits for a gateway that is away for up to a minute; what is asked meanwhile is not lost. */
const CALL_TIMEOUT_MS = 75_000;

/** A {@link import("./api.js").Line} of the chat. */
export class GatewayLine {
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
}

/**
 * Returns a session that could not be opened in words of the chat.
 * @param {any} trouble what the client rejects with (`client/trouble.js`)
 */
function failureOf(trouble) {
  const facts = { reason: String(trouble?.detail ?? ""), status: trouble?.response?.status, cause: trouble };
  if (trouble?.problem === "login-required") return new Failure("login", facts);
  if (trouble?.isOfPolicy) return new Failure("not-allowed", facts);
  if (trouble?.kind === "busy") return new Failure("rate", facts);
  if (trouble?.kind === "refused") return new Failure("session", facts);
  return new Failure("unreachable", { cause: trouble });
}
